/** Names of functions, `*` for any characters, that stand in a trace without being at fault. */
export interface MachineryGroup {
  readonly does: string;
  readonly names: string;
}

export const machineryGroups: readonly MachineryGroup[] = [
  {
    does: 'print the report',
    names: `
      dump_stack dump_stack_lvl __dump_stack show_stack show_stack_loglvl dump_backtrace
      dump_backtrace_* unwind_backtrace c_backtrace show_regs* __show_regs show_registers
      show_trace* dump_mem printk _printk vprintk* save_stack* stack_trace_* arch_stack_walk
      __save_stack* __arch_stack* save_trace walk_stackframe panic vpanic nmi_panic __panic
      panic_saved_regs check_panic_on_warn __warn* warn_slowpath* report_bug* __report_bug
      fixup_bug handle_bug bug_handler call_break_hook brk_handler do_debug_exception die
      __die* die_* oops_* no_context bad_area* __bad_area* rust_helper_BUG __stack_chk_fail
      retint_* restore_regs* dev_vprintk* dev_printk* __dev_printk* _dev_* __netdev_printk
      sk_stop_timer* rust_begin_unwind _R*rust_begin_unwind _R*panicking* _R*panic_fmt*
      assfail assertfail* btrfs_assertfail* refcount_error_report print_unreferenced
      print_hex_dump* hex_dump_to_buffer hex_string string vsnprintf vscnprintf snprintf
      sprintf scnprintf number pointer bprintf va_format skb_panic skb_over_panic
      skb_under_panic skb_put skb_push __list_* list_* sysfs_warn_dup mark_reg_* unwind_*
      __unwind_get* program_check_* __read_once* read_word_at_a_time __phys_addr*
      __virt_to_phys* warn_alloc warn_bogus* fortify_* __fortify* usercopy_abort usercopy_warn
      dump_page* __dump_page*`,
  },
  {
    does: 'sanitizers and checkers',
    names: `
      kasan* __kasan* kcsan* __kcsan* kmsan* __kmsan* kfence* __kfence* __asan* asan* __msan*
      msan_* __tsan* __hwasan* hwasan* __ubsan* ubsan* __sanitizer* kmemleak* create_object
      __create_object check_memory_region* memory_is_* print_address* print_report*
      print_error* print_memory* end_report start_report report_error* describe_* object_err
      print_trailer slab_err slab_bug* check_object* check_bytes* free_debug_processing
      alloc_debug_processing handle_overflow val_to_string check_poison* check_slab*
      should_fail* __should_fail* fail_dump debug_* __debug_* ref_tracker_* ida_free
      ida_alloc* idr_* __check_object* check_heap* check_stack_object check_page_span
      init_check_* __get_object* check_region_inline check_inline_region instrument_*
      addr_has_* complete_report* kmem_dump* __write_once* tag_check* do_tag_*`,
  },
  {
    does: 'faults, interrupts, entry',
    names: `
      do_trap* do_error_trap do_invalid_op do_general_protection do_page_fault*
      __do_page_fault do_translation_fault do_mem_abort do_DataAbort do_PrefetchAbort
      do_undefinstr do_alignment* do_double_fault do_int3 do_kern_addr* do_user_addr*
      __do_kernel_fault __do_user_fault exc_* asm_* idtentry* invalid_op general_protection
      page_fault async_page_fault double_fault error_entry error_code common_exception* el1*
      el0* __el1* ret_from_exception handle_exception __dabt_svc __und_svc __pabt_svc
      bad_page_fault math_error divide_error entry_* do_syscall_* x64_sys_call syscall_*
      do_fast_syscall_* do_int80* __do_fast* ret_from_* ret_fast_* system_call* invoke_syscall
      sysenter_* tracesys* kthread *apic_timer_interrupt* sysvec_* __sysvec* common_interrupt*
      irq_exit* __irq_exit* do_IRQ reschedule_interrupt call_function_* irqentry_*
      __x86_indirect* __x86_return* __x86_retpoline* trace_hardirqs_* ftrace_* trace_call*
      return_to_handler stub_clone* save_args *_stack_trampoline early_fixup*
      do_early_exception early_idt* search_exception* handle_page_fault* data_access*
      hardware_interrupt* interrupt_entry do_kernel_* do_sp_pc* exception_* do_bad_*
      __switch_to_asm spurious_kernel* fixup_exception page_fault_oops kernelmode_fixup*`,
  },
  {
    does: 'lock checks',
    names: `
      print_*lock* print_*bug* print_*usage* print_circular* print_bad_* print_irq*
      print_short* check_*lock check_noncircular check_prev* check_usage* check_flags
      check_wait_context check_irq* check_chain* check_preemption* mark_lock* mark_held_locks
      mark_usage validate_chain* valid_state lockdep_* __lockdep_* register_lock_class
      assign_lock_key find_held_lock hlock_class __lock_* lock_acquire* lock_release*
      lock_acquired lock_is_held* lock_set* lock_contended lock_downgrade* lock_sock*
      lock_torture* look_up_lock* spin_bug spin_dump rwlock_bug rt_mutex* task_blocks_on*
      __this_cpu_preempt* debug_smp* trace_irq* mark_wake* rcu_read_* rcu_lock_* rcu_lockdep*
      rcu_is_watching rcu_note* jbd2_might* __might_* ___might_* might_* __cant_*
      __cond_resched* __local_bh_* local_bh_* _local_bh* release_sock* __release_sock`,
  },
  {
    does: 'locks and sleep',
    names: `
      *spin_lock* *spin_unlock* *spin_trylock* *raw_read_lock* *raw_write_lock*
      *raw_read_unlock* *raw_write_unlock* _read_lock* _write_lock* queued_* *spin_is_locked
      mutex_* __mutex_* ___mutex* ww_mutex_* down down_* up up_* __down* __up* rwsem_*
      call_rwsem_* percpu_down* percpu_up* __percpu_down* rt_spin_* osq_* seqcount_* do_raw_*
      bit_wait* bit_spin* __wait_on* out_of_line_wait* wait_on_* wait_for_* __wait_for*
      do_wait_for* folio_wait* folio_lock folio_unlock __folio_lock* unlock_page __lock_page*
      lock_page* wait_on_page* io_schedule* __schedule* schedule* preempt_schedule* __preempt*
      ___preempt* _cond_resched cond_resched* context_switch __switch_to finish_task_switch*
      prepare_to_wait* finish_wait __sched_text* __wait_rcu* preempt_count_* __refrigerator
      console_lock console_unlock lock_timer_base __task_rq_lock task_rq_lock raw_spin_rq*
      __wake_up* wake_up_process wake_up_q wake_up_bit wake_up_page* folio_wake* complete
      complete_* try_to_wake_up* default_wake* autoremove_wake* add_timer* mod_timer*
      __mod_timer del_timer* __timer_delete* timer_delete* __try_to_del* reiserfs_write_lock*
      try_to_del* timer_shutdown* detach_* insert_work queue_work* __queue_work queue_delayed*
      __queue_delayed* mod_delayed* __flush_work* flush_work* start_flush* __cancel_work*
      cancel_work* cancel_delayed* flush_delayed* drain_workqueue destroy_workqueue
      rcu_barrier* touch_work_lockdep*`,
  },
  {
    does: 'lists, trees, references',
    names: `
      hlist_* rb_* __rb_* radix_tree_* __radix_tree* xas_* xa_* __xa_* refcount_* __refcount_*
      kref_* kobject_* __kobject* kobj_* atomic* _atomic_dec_and_* test_and_* __test_and*
      set_bit* clear_bit* test_bit* arch_test* arch_atomic* rht_* rhashtable_* __rhashtable*
      find_next_* _find_* put_device get_device* device_add device_del device_unregister
      device_register device_release device_create* devres_* release_nodes sysfs_remove*
      sysfs_create* sysfs_add* internal_create* kernfs_remove* kernfs_add* __kernfs_remove*
      kernfs_find_ns devm_* fast_dput dput iput mark_buffer_dirty device_remove_file cpumask_*
      bitmap_* __bitmap*`,
  },
  {
    does: 'copies, strings, memory',
    names: `
      *memcpy* *memmove* *memset* *memcmp* *memchr* memscan strlen strnlen strcpy strncpy
      strscpy strlcpy strcmp strncmp strcasecmp strncasecmp strcat strstr strnstr strchr
      strnchr strrchr sized_strscpy* strnlen_user* csum_partial* crc* __crc* copy_from_*
      copy_to_* copy_page* copy_user* _copy_* __copy_* __arch_copy* __arch_clear* copyin
      copyout raw_copy* clear_user* clear_page* put_user* get_user* __put_user* __get_user*
      rep_movs* rep_stos* simple_copy_to_iter copy_*_user* iov_iter_* copyout* kmalloc*
      __kmalloc* ___kmalloc* __do_kmalloc* kzalloc* kcalloc* kvmalloc* __kvmalloc* kvzalloc*
      kfree* kvfree* vmalloc* __vmalloc* vzalloc* vfree* __vunmap kmem_cache_* __kmem_cache*
      slab_* ___slab* __slab* cache_* ____cache* __do_cache* new_slab* allocate_slab*
      get_partial* alloc_pages* __alloc_pages* __alloc_frozen* alloc_frozen* ___kmalloc_large*
      kmalloc_large* free_large_kmalloc __do_kmalloc_node get_free_pages* __get_free_pages
      get_page_from_freelist __free_pages* free_pages* ___free_pages free_unref* free_page*
      free_pcp* free_frozen* __free_frozen* bad_page* prep_new_page* post_alloc_hook qlist_*
      quarantine_* kmemdup* kstrdup* __kmemdup* kasprintf kvasprintf* page_frag_* __page_frag*
      do_slab_free free_to_* krealloc* __do_krealloc* rmqueue* check_new_page* free_tail*
      __alloc_percpu* pcpu_alloc* sk_prot_alloc sk_alloc sock_kmalloc sock_wmalloc
      fallback_alloc free_block* sk_prot_free* __sk_destruct sk_destruct __sk_free sk_free
      mempool_*`,
  },
  {
    does: 'watch the time',
    names: `
      sched_show_task* _sched_show* show_state* rcu_*stall* rcu_dump* rcu_check*
      rcu_sched_clock* rcu_pending rcu_preempt_* rcu_print* rcu_exp_*
      synchronize_rcu_expedited_wait* print_cpu_stall* print_other* check_cpu_stall*
      dump_cpu_task check_hung* watchdog* softlockup* update_process_times tick_* nmi_*
      __hrtimer_* hrtimer_interrupt trigger_*backtrace* arch_trigger_*`,
  },
  {
    does: 'ask another part to do it, or take it down',
    names: `
      usb_submit_urb_never usb_kill_urb usb_start_wait_urb usb_bulk_msg usb_control_msg*
      usb_internal_control* usb_poison* usb_hcd_* filemap_fdatawait* __filemap_fdatawait*
      fdatawait_* rollback_registered* unregister_netdevice_many* proc_register proc_create*
      proc_mkdir* __proc_create proc_net_*`,
  },
];
