/**
 * Functions that report, check, copy, lock or enter, and so stand in a trace above or below the
 * function at fault without being it.
 */
const machinery: readonly RegExp[] = [
  // Printing of the report.
  /^(?:__)?(?:dump_stack(?:_lvl)?|show_stack(?:_loglvl)?|dump_backtrace|show_regs|show_trace_log_lvl|unwind_backtrace|c_backtrace|show_registers|arm_backtrace_default|dump_mem|printk|_printk|vprintk\w*|__show_regs|walk_stackframe|save_stack\w*|stack_trace_save\w*|stack_trace_consume_entry|arch_stack_walk|__save_stack_trace)$/,
  /^(?:panic|vpanic|nmi_panic|__panic|check_panic_on_warn|__warn\w*|warn_slowpath\w*|report_bug\w*|fixup_bug\w*|handle_bug|bug_handler|call_break_hook|brk_handler|do_debug_exception|el1_dbg|die|__die\w*|oops_\w+|do_exit_oops|no_context|bad_area\w*|__bad_area\w*|rust_helper_BUG|rust_begin_unwind|skb_(?:over_|under_)?panic|skb_(?:put|push)|_R\w*(?:panic|unwind)\w*|core::panicking\S*)$/,
  /^(?:kasan|__kasan|kcsan|__kcsan|kmsan|__kmsan|kfence|__kfence|__asan|__msan|__tsan|__hwasan|__ubsan|ubsan|__sanitizer|kmemleak|check_memory_region|memory_is_\w+|print_address_description|print_report|end_report|start_report|describe_\w+|object_err|print_trailer|slab_err|slab_bug|check_object|check_bytes|free_debug_processing|alloc_debug_processing|handle_overflow|val_to_string)(?:$|_|\w)/,
  // Fault and interrupt entry.
  /^(?:do_(?:trap|error_trap|invalid_op|general_protection|page_fault|translation_fault|mem_abort|DataAbort|PrefetchAbort|undefinstr|alignment\w*|bad_area|double_fault|int3|kern_addr_fault|user_addr_fault|el0_svc)|__do_(?:page_fault|kernel_fault|user_fault)|exc_\w+|asm_\w+|idtentry\w*|invalid_op|general_protection|page_fault|double_fault|async_page_fault|error_entry|error_code|common_exception\w*|die_kernel_fault|el1\w*|el0\w*|ret_from_exception|handle_exception|__dabt_svc|__und_svc|__pabt_svc|bad_page_fault|fault_in_kernel_space|trap_is_\w+|math_error)$/,
  /^(?:entry_SYSCALL\w*|do_syscall_\w+|x64_sys_call|syscall_return_\w+|do_fast_syscall_\w+|entry_SYSENTER\w*|do_int80\w*|ret_from_fork\w*|ret_fast_syscall|system_call\w*|syscall_exit\w*|syscall_enter\w*|invoke_syscall|sysenter_\w+|tracesys\w*|ret_from_kernel_thread|kthread)$/,
  /^(?:\w*apic_timer_interrupt|sysvec_\w+|asm_sysvec\w*|\w*_irq_handler|common_interrupt|ret_from_intr|irq_exit\w*|__irq_exit\w*|do_IRQ|reschedule_interrupt|call_function_interrupt|irqentry_\w+)$/,
  // Lock checks, locks and sleep.
  /^(?:print_(?:\w*lock\w*|\w*bug|\w*usage\w*|circular\w*|deadlock\w*|bad_\w+|irq\w*|shortest\w*)|check_(?:\w*deadlock|noncircular|prev\w*|usage\w*|flags|wait_context|irq_usage|chain_key)|mark_(?:lock\w*|held_locks|usage)|validate_chain|valid_state|lockdep_\w+|debug_(?:check\w*|mutex\w*|lockdep\w*|locks\w*|rt_mutex\w*|spin\w*|object\w*|print_object|assert\w*)|save_trace|register_lock_class|assign_lock_key|find_held_lock|__lockdep\w*|__lock_(?:acquire|release|acquired|set_class|is_held)\w*|lock_(?:acquire|release|acquired|is_held|set_class|contended|downgrade)\w*|look_up_lock_class|spin_(?:bug|dump)|rwlock_bug|rt_mutex_debug\w*|verify_lock_unused)$/,
  /^_{0,3}(?:raw_|native_|queued_|do_raw_|arch_|pv_|rt_)*(?:spin|read|write|rwlock|queued_(?:spin|read|write))_?(?:un)?(?:try)?lock\w*$/,
  /^(?:__)?(?:mutex_(?:lock|unlock|trylock|optimistic|spin|remove|can_spin)\w*|ww_mutex_\w+|down(?:_read|_write|_timeout|_trylock|_interruptible|_killable)?\w*|up(?:_read|_write)?|__down\w*|__up\w*|rwsem_\w+|call_rwsem_\w+|percpu_(?:down|up)_\w+|rt_mutex_\w+|rt_spin_\w+|rtlock_\w+|osq_\w+|_?mutex_\w+|local_lock\w*|seqcount_\w+|bit_wait\w*|__wait_on_bit\w*|out_of_line_wait\w*|wait_on_bit\w*|wait_for_(?:common|completion)\w*|__wait_for_common|do_wait_for_common|wait_on_page_bit\w*|folio_wait\w*|io_schedule\w*|__?_?might_(?:sleep|fault|resched)\w*|might_\w+|__cant_\w+|check_preemption_disabled|__this_cpu_preempt_check|debug_smp_processor_id|__might_\w+)$/,
  /^(?:__schedule\w*|schedule\w*|preempt_schedule\w*|_+preempt_schedule\w*|__cond_resched\w*|_cond_resched|cond_resched\w*|context_switch|__switch_to\w*|finish_task_switch|prepare_to_wait\w*|finish_wait|__sched_text_start|__wait_rcu_gp|preempt_count_\w+|__refrigerator)$/,
  // Lists, references, copies, memory.
  /^(?:__list_(?:add|del)\w*|list_(?:add|del|move)\w*|_*refcount_\w+|kref_\w+|kobject_\w+|refcount_\w+|_*atomic\w*_\w+|hlist_\w+|kobj_\w+)$/,
  /^_*(?:native_|arch_|fortify_)?(?:memcpy|memmove|memset|memcmp|memchr\w*|memscan|strlen|strnlen|strcpy|strncpy|strscpy|strlcpy|strcmp|strncmp|strcat|strstr|strchr|strnchr|fortify_panic|csum_partial\w*|copy_(?:from|to)_\w+|copy_page_\w+|copy_user\w*|_copy_\w+|clear_user|clear_page\w*|put_user\w*|get_user\w*|rep_movs\w*|rep_stos\w*|usercopy_\w+|check_(?:object_size|heap_object|stack_object|copy_size)\w*|__check_\w*object\w*|raw_copy_\w+|instrument_\w+|iov_iter_\w+)(?:_erms|_orig|_rep|_avx\w*|_generic|_\w+)?$/,
  /^(?:__|___)?(?:k[mvz]*alloc\w*|kvmalloc\w*|kfree\w*|kvfree\w*|vmalloc\w*|vzalloc\w*|vfree|kmem_cache_\w+|slab_(?:alloc|free|post|pre)\w*|__?_?slab_(?:alloc|free)\w*|kmalloc\w*|cache_\w+|new_slab\w*|allocate_slab|get_partial\w*|deactivate_slab_never|alloc_pages\w*|__alloc_pages\w*|__get_free_pages|get_page_from_freelist|__free_pages\w*|free_pages\w*|free_unref_\w+|free_(?:page|pcp)\w*|bad_page\w*|prep_new_page|post_alloc_hook|qlist_\w+|quarantine_\w+|kmemdup\w*|kstrdup\w*|kasprintf|kvasprintf\w*|page_frag_\w+|__page_frag\w*|do_slab_free|rcu_free\w*|print_unreferenced|do_kmalloc\w*|krealloc\w*|should_fail\w*|fail_dump|free_to_\w+|check_slab\w*|check_new_page\w*|free_tail\w*|rmqueue\w*)$/,
  // Watching of time.
  /^(?:sched_show_task|_sched_show_task|show_state\w*|rcu_(?!barrier$)\w*(?:stall|dump|check|clock|print|sched_clock|preempt|gp_kthread|note|is_watching|read_\w+)\w*|print_(?:other_)?cpu_stall\w*|check_cpu_stall\w*|dump_cpu_task|check_hung\w*|watchdog\w*|softlockup\w*|update_process_times|tick_\w+|nmi_\w+|__hrtimer_\w+|hrtimer_interrupt|trigger_\w+backtrace\w*|arch_trigger_\w+)$/,
];

const known = new Map<string, boolean>();
const maxKnown = 20_000;

/** Whether a function (plain name) is machinery and so never the one at fault. */
export function isMachinery(name: string): boolean {
  const had = known.get(name);
  if (had !== undefined) return had;
  const is = machinery.some((pattern) => pattern.test(name));
  if (known.size >= maxKnown) known.clear();
  known.set(name, is);
  return is;
}
