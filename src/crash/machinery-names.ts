/** Names of functions, `*` for any characters, that stand in a trace without being at fault. */
export interface MachineryGroup {
  readonly does: string;
  readonly names: string;
}

/**
 * By what they do, and as families, over kernels 2.6.32 to 6.x and all architectures. A name with a
 * `*` stands for a family only where nothing else in the kernel begins so: `bitmap_*` would take
 * ipset's `bitmap_ip_add` along.
 */
export const machineryGroups: readonly MachineryGroup[] = [
  {
    does: 'print the report',
    names: `
      dump_stack dump_stack_lvl __dump_stack dump_stack_* show_stack show_stack_*
      dump_backtrace dump_backtrace_* dump_trace dump_instr unwind_backtrace c_backtrace
      c_backtrace_* show_regs* __show_regs show_registers show_trace* show_code show_mem
      __show_mem show_free_areas dump_mem dump_tasks dump_header dump_page* __dump_page*
      dump_vma dump_mm print_context_stack print_trace_* print_hex_dump* hex_dump_to_buffer
      print_modules print_tainted print_worker_info print_unreferenced print_lock*
      print_usage* panic vpanic nmi_panic nmi_panic_self_stop __panic panic_saved_regs
      panic_print* panic_bad_stack check_panic_on_warn __warn* warn_slowpath* warn_alloc*
      warn_bogus* report_bug* __report_bug fixup_bug handle_bug bug_handler bug_brk_handler
      kasan_handler ubsan_handler call_break_hook brk_handler do_debug_exception die __die*
      die_if_kernel die_if_no_fixup die_kernel_fault oops_begin oops_end oops_enter oops_exit
      crash_kexec* __crash_kexec machine_kexec crash_save_cpu no_context bad_area* __bad_area*
      rust_helper_BUG rust_helper_bug* rust_begin_unwind __rustc::* kernel::panic*
      core::panicking::* core::panicking::panic_const::* core::option::* core::result::*
      core::slice::index::* core::str::* core::cell::* retint_* restore_regs* restore_all
      program_check_* bug_at __bug __BUG do_bug do_bp handle_bp do_tr do_trap_break
      handle_break`,
  },
  {
    does: 'walk stacks and keep traces',
    names: `
      save_stack* __save_stack* save_trace stack_trace_* __stack_trace* walk_stackframe
      arch_stack_walk* __arch_stack* arch_dump_stack stack_depot_* __stack_depot* depot_*
      unwind_* __unwind_get* orc_* deref_stack_reg* update_stack_state stack_access_ok
      get_stack_info* in_*_stack kernel_text_address __kernel_text_address is_bpf_text_address
      is_module_text_address is_module_address __is_insn_slot_addr is_ftrace_trampoline
      filter_irq_stacks __module_address __module_text_address kallsyms_lookup*
      module_address_lookup perf_callchain* get_perf_callchain`,
  },
  {
    does: 'format and log',
    names: `
      printk _printk printk_* _printk_* __printk* vprintk* devkmsg_emit early_printk
      early_vprintk console_lock console_unlock console_trylock* console_flush* console_emit*
      console_cont* __console_* nbcon_* call_console_drivers* down_console_sem up_console_sem
      __down_trylock_console* dev_vprintk* dev_printk* __dev_printk* _dev_* __netdev_printk
      netdev_printk netdev_emerg netdev_alert netdev_crit netdev_err netdev_warn netdev_notice
      netdev_info __dynamic_*dbg __dynamic_pr_debug drm_err drm_dev_printk ___drm_dbg
      __drm_printfn* __drm_dev_dbg string string_nocheck hex_string number pointer
      symbol_string special_hex_number va_format format_decode widen_string ip*_addr_string
      mac_address_string resource_string bitmap_string uuid_string dentry_name
      device_node_string vsnprintf vscnprintf snprintf scnprintf sprintf vsprintf bprintf
      bstr_printf vbin_printf seq_printf seq_vprintf seq_puts seq_putc seq_put_* seq_write
      seq_escape* seq_buf_* sysfs_emit* __bpf_printk trace_printk __trace_printk
      __trace_bprintk ___ratelimit ratelimit_*`,
  },
  {
    does: 'sanitizers and checkers',
    names: `
      kasan* __kasan* kcsan* __kcsan* kmsan* __kmsan* kfence* __kfence* __asan* asan* __msan*
      msan_* __tsan* tsan_* __hwasan* hwasan* __ubsan* ubsan* __sanitizer* kmemleak*
      create_object __create_object* delete_object* check_memory_region* memory_is_*
      print_address* print_report* print_error* print_memory* end_report start_report
      report_error* report_access* describe_* object_err print_trailer slab_err slab_bug*
      slab_fix slab_pad_check check_object check_object_* check_bytes* check_slab*
      check_poison* free_debug_processing alloc_debug_processing free_to_partial_list
      handle_overflow val_to_string should_fail* __should_fail* fail_dump debug_object_*
      debug_check_* debug_print_* debug_mutex_* debug_rt_mutex* debug_spin_* debug_rwlock_*
      debug_dma_* debug_kobject* debug_locks_* debug_lockdep* debug_objects_* debug_timer_*
      debug_work_* debug_hrtimer_* debug_rcu_* debug_rcu* debug_smp* debug_write_*
      debug_deactivate debug_activate __debug_* lookup_object_* ref_tracker_* __ref_tracker*
      __check_object* __check_heap* check_heap* check_stack_object check_page_span
      check_kernel_text* check_bogus_address init_check_* __get_object* check_region_inline
      check_inline_region instrument_* addr_has_* complete_report* kmem_dump* __write_once*
      __read_once* read_word_at_a_time tag_check* do_tag_* __phys_addr* __virt_to_phys*
      fortify_* __fortify* usercopy_abort usercopy_warn __stack_chk_fail stack_overflow*
      refcount_error_report __cfi_check* cfi_failure* handle_cfi_* report_cfi* find_and_*_cfi*
      page_table_check* __page_table_check* vm_bug_* skb_panic skb_over_panic skb_under_panic
      skb_put skb_push assfail asswarn assertfail* btrfs_assertfail* mark_reg_* lib_ring_*
      sysfs_warn_dup`,
  },
  {
    does: 'faults and exceptions',
    names: `
      do_trap* do_error_trap do_invalid_op do_general_protection do_page_fault*
      __do_page_fault ___do_page_fault do_translation_fault do_mem_abort do_sea do_DataAbort
      do_PrefetchAbort do_undefinstr do_alignment* do_double_fault do_int3 do_debug df_debug
      doublefault_* do_kern_addr* do_user_addr* do_kernel_fault __do_kernel_fault
      __do_user_fault __do_kernel_* do_asce_exception do_dat_exception do_protection_exception
      do_kernel_address* do_kernel_bad* do_sp_pc* do_bad_area do_cache_fault exc_* asm_exc_*
      idtentry* invalid_op general_protection page_fault async_page_fault trace_page_fault
      double_fault error_entry error_exit error_code common_exception* page_fault_oops
      kernelmode_fixup* fixup_exception* ex_handler_* search_exception* handle_page_fault*
      handle_exception kernel_exc_* kernel_page_fault spurious_kernel* early_fixup*
      do_early_exception early_idt* data_access* instruction_access* hardware_interrupt*
      interrupt_entry exception_* bad_page_fault bad_mode handle_bad_stack __bad_stack
      math_error divide_error alignment_exception program_check handle_page_fault
      do_page_fault_* tlb_do_page_fault* handle_ri_* handle_ade_* vmalloc_fault __dabt_svc
      __dabt_usr __und_svc __und_usr __und_fault __pabt_svc __pabt_usr pgm_check_*
      __do_pgm_check mcck_int_handler do_dabt do_entUna do_hpt* hash_page*`,
  },
  {
    does: 'interrupts and entry',
    names: `
      asm_* el1* el0* __el1* __el0* do_el0_* ret_from_* ret_fast_* ret_to_* ret_slow_*
      entry_SYSCALL* entry_SYSENTER* entry_INT* do_syscall_* do_int80* do_fast_syscall_*
      __do_fast* x64_sys_call x32_sys_call ia32_sys_* syscall_* sysret_* int_ret_from_*
      system_call* sysenter_* sysexit_* tracesys* invoke_syscall __invoke_syscall __syscall
      stub_clone* stub_execve* save_args save_paranoid *_stack_trampoline handle_syscall
      handle_sys* do_trap_ecall* ftrace_call ftrace_caller* ftrace_regs_call* ftrace_graph_*
      ftrace_ops_*list* ftrace_stub* trace_call__* trace_hardirqs_* trace_irq*
      trace_softirqs_* return_to_handler *apic_timer_interrupt* sysvec_* __sysvec*
      common_interrupt* __common_interrupt irq_enter* irq_exit* __irq_exit* __irq_svc
      __irq_usr do_IRQ do_irq __do_IRQ do_irq_no_stack_switch reschedule_interrupt
      call_function_* reboot_interrupt irq_work_interrupt irqentry_* irq_usr*
      do_interrupt_handler call_on_irq_stack call_with_stack __x86_indirect* __x86_return*
      __x86_retpoline* __indirect_thunk* srso_* retbleed_* zen_* native_irq_return*
      native_iret nmi end_repeat_nmi first_nmi repeat_nmi default_do_nmi do_nmi paranoid_*
      kthread kthreadd kernel_thread_helper kernel_thread_starter __switch_to_asm __switch_to
      switch_to_thread start_secondary start_kernel_thread secondary_startup* xen_hypercall_*
      call_softirq`,
  },
  {
    does: 'lock checks',
    names: `
      print_*lock print_*bug print_*_usage* print_circular* print_bad_* print_irq*
      print_short* print_collision print_bfs* print_deadlock* check_deadlock check_noncircular
      check_path check_prev* check_prevs* check_usage* check_flags check_wait_context
      check_irq* check_chain* check_preemption* check_lock* check_unmap add_dma_entry
      check_sync check_sg_segment check_for_illegal* check_for_stack err_printk mark_lock*
      mark_held_locks mark_usage mark_irqflags mark_chain* validate_chain* valid_state
      lockdep_* __lockdep_* register_lock_class assign_lock_key find_held_lock find_lock*
      hlock_class __lock_acquire* __lock_release* __lock_is_held* __lock_set* __lock_pin*
      __lock_unpin* __lock_contended* __lock_downgrade* __lock_acquired lock_acquire*
      lock_release* lock_acquired lock_is_held* lock_set* lock_contended lock_downgrade*
      lock_pin* lock_unpin* lock_repin* lock_torture* reacquire_held* look_up_lock*
      lookup_chain* add_lock_to_list add_chain_cache* spin_bug spin_dump rwlock_bug
      bad_contention __this_cpu_preempt* __bfs* bfs rcu_read_* rcu_lock_* rcu_lockdep*
      rcu_is_watching* rcu_note_context* rcu_might* jbd2_might* __might_* ___might_* might_*
      __cant_* ___cant_* __schedule_bug schedule_debug usage_match* usage_accumulate
      usage_skip* save_stack_hash`,
  },
  {
    does: 'locks',
    names: `
      *spin_lock* *spin_unlock* *spin_trylock* *spin_is_locked *raw_read_lock*
      *raw_write_lock* *raw_read_unlock* *raw_write_unlock* *raw_read_trylock*
      *raw_write_trylock* _read_lock* _write_lock* _read_unlock* _write_unlock* _read_trylock*
      _write_trylock* __read_lock* __write_lock* read_lock write_lock queued_read_*
      queued_write_* queued_spin_* __pv_queued* __ticket_* arch_spin_* arch_read_*
      arch_write_* mutex_* __mutex_* ___mutex* ww_mutex_* __ww_mutex* rt_mutex* __rt_mutex*
      _rt_mutex* task_blocks_on* try_to_take_rt* remove_waiter mark_wakeup_next* rt_read_*
      rt_write_* rwbase_* __rwbase* down down_interruptible down_killable down_timeout
      down_trylock down_read* down_write* up up_read* up_write* __down __down_common ___down*
      __down_* __up __up_* rwsem_* __rwsem* call_rwsem_* downgrade_write percpu_down*
      percpu_up* __percpu_down* __percpu_up* percpu_rwsem* __percpu_rwsem* cpus_read_lock
      cpus_read_unlock get_online_cpus put_online_cpus osq_* seqcount_* seqlock_* read_seq*
      do_raw_* bit_spin* hlist_bl_lock lock_sock lock_sock_* release_sock __release_sock
      __lock_sock* lock_task_sighand __lock_task_sighand lock_timer_base lock_hrtimer_base*
      __task_rq_lock task_rq_lock raw_spin_rq* double_rq_lock* double_lock_balance
      double_unlock_balance _double_lock* local_bh_* __local_bh_* _local_bh*
      reiserfs_write_lock* reiserfs_write_unlock* lock_page lock_page_* __lock_page*
      unlock_page unlock_buffer lock_buffer __lock_buffer folio_lock folio_unlock
      __folio_lock* folio_trylock preempt_count_* add_preempt_count sub_preempt_count
      __preempt_count* lg_local_* lg_global_* exp_funnel_lock`,
  },
  {
    does: 'sleep, wait and wake',
    names: `
      __schedule schedule schedule_* __schedule_loop preempt_schedule* __preempt_schedule*
      ___preempt_schedule* _cond_resched __cond_resched* cond_resched* context_switch
      finish_task_switch* finish_lock_switch schedule_tail io_schedule* yield yield_to
      sleep_on_* interruptible_sleep* msleep msleep_* usleep_* ssleep do_nanosleep_on
      bit_wait* __wait_on* out_of_line_wait* wait_on_* wait_for_completion* wait_for_common*
      __wait_for* do_wait_for* __swait_* wait_for_stable* do_wait_intr* wait_woken
      prepare_to_swait* finish_swait init_wait* folio_wait* softleaf_entry_wait*
      migration_entry_wait_on* __wait_rcu* __wake_up* wake_up_process wake_up_q wake_up_bit
      wake_up_page* wake_up_state wake_up_var folio_wake* folio_end_* end_page_writeback
      swake_up* complete complete_all complete_on_current* complete_with_flags __complete*
      rcuwait_* try_to_wake_up* ttwu_* default_wake* autoremove_wake* woken_wake*
      wake_bit_function* pollwake __pollwake ep_poll_callback* sk_stream_wait* __refrigerator
      try_to_freeze* kill_fasync __kill_fasync fasync_helper fasync_insert_entry
      fasync_remove_entry`,
  },
  {
    does: 'timers, work and grace periods asked of the kernel',
    names: `
      add_timer* __add_timer* mod_timer* __mod_timer timer_reduce del_timer* __timer_delete*
      timer_delete* __try_to_del* try_to_del* timer_shutdown* __timer_shutdown* detach_timer
      detach_if_pending internal_add_timer* enqueue_timer do_init_timer init_timer_*
      timer_init_* msecs_to_jiffies hrtimer_start* __hrtimer_start* hrtimer_cancel
      hrtimer_try_to_cancel hrtimer_init* hrtimer_setup* hrtimer_forward* hrtimer_active
      __remove_hrtimer remove_hrtimer* enqueue_hrtimer insert_work queue_work queue_work_*
      __queue_work queue_delayed* __queue_delayed* queue_rcu_work mod_delayed* schedule_work*
      schedule_delayed* __flush_work* flush_work* start_flush* __flush_workqueue*
      flush_delayed* flush_scheduled* __cancel_work* cancel_work* cancel_delayed*
      __cancel_delayed* drain_workqueue destroy_workqueue touch_work_lockdep*
      touch_wq_lockdep* try_to_grab_pending work_grab_pending delayed_work_timer_fn
      kthread_queue_work kthread_flush_work* kthread_cancel_* kthread_stop kthread_park
      tasklet_kill tasklet_unlock* tasklet_schedule* __tasklet_schedule* raise_softirq*
      __raise_softirq* irq_work_queue* call_rcu* __call_rcu* kvfree_call_rcu kfree_call_rcu*
      call_srcu __call_srcu add_interrupt_randomness sk_stop_timer* sk_reset_timer`,
  },
  {
    does: 'lists, trees, maps',
    names: `
      __list_* list_add list_add_rcu list_add_tail list_add_tail_rcu list_del list_del_init
      list_del_rcu list_del_init_careful list_move list_move_tail list_splice* list_replace*
      list_sort list_empty* list_first_* list_lru_add* list_lru_del* list_bl_* hlist_* klist_*
      llist_* plist_* rb_erase* rb_insert_* rb_next* rb_prev* rb_first* rb_last
      rb_replace_node* rb_left_deepest_node rb_link_node* rb_add* rb_find* __rb_* rbtree_*
      latch_tree_* radix_tree_* __radix_tree* xas_* xa_* __xa_* idr_* __idr* ida_* __ida*
      bitmap_set __bitmap_* bitmap_parse* bitmap_print* bitmap_find_* bitmap_clear bitmap_zero
      bitmap_fill bitmap_copy* bitmap_weight* bitmap_alloc* bitmap_free bitmap_zalloc*
      bitmap_release* bitmap_allocate_region bitmap_list_string rht_* rhashtable_*
      __rhashtable* rhltable_* find_next_* find_first_* find_last_bit find_nth_* _find_*
      hweight* __sw_hweight* cpumask_* generic_test_* set_bit clear_bit test_bit* arch_test*
      arch_set_bit* arch_clear_bit* test_and_* __test_and* __set_bit* __clear_bit* change_bit
      __change_bit sort sort_r bsearch __inline_bsearch jhash jhash2 jhash_* __jhash* siphash*
      __siphash* hsiphash* __hsiphash* xxh32* xxh64* xxhash* __kfifo_* kfifo_copy*
      percpu_counter_* __percpu_counter* flex_array_* genradix_* __genradix* assoc_array_*
      interval_tree_* __interval_tree*`,
  },
  {
    does: 'references and the device model',
    names: `
      refcount_* __refcount_* kref_* rcuref_* atomic_inc* atomic_dec* atomic_add* atomic_sub*
      atomic_and* atomic_or* atomic_fetch* atomic_read* atomic_set* atomic_xchg*
      atomic_cmpxchg* atomic_try* atomic64* atomic_long* _atomic_* arch_atomic* raw_atomic*
      percpu_ref_* __percpu_ref* lockref_* kobject_* __kobject* kobj_* kset_* get_device
      get_device_parent* put_device device_add device_add_* device_del device_unregister
      device_register device_release device_create device_create_* device_destroy
      device_remove_* device_initialize device_release_driver* __device_release_driver
      device_unbind_* device_rename device_move root_device_* platform_device_add
      platform_device_del platform_device_unregister bus_remove_device bus_add_device devres_*
      release_nodes devm_* __devm_* sysfs_remove* sysfs_create* sysfs_add* sysfs_merge*
      sysfs_unmerge* sysfs_update* sysfs_do_create* sysfs_delete* sysfs_rename* sysfs_notify*
      internal_create* create_dir create_files remove_files kernfs_remove* kernfs_add*
      __kernfs_remove* kernfs_drain* kernfs_find* kernfs_activate kernfs_put kernfs_get
      kernfs_deactivate kernfs_addrm_* kernfs_create_dir* kernfs_create_link proc_register
      proc_create* proc_mkdir* __proc_create proc_symlink _proc_mkdir proc_remove
      remove_proc_* proc_net_* proc_entry_* fast_dput lockless_dput dput dput_* iput iput_*
      mark_buffer_dirty* __brelse brelse __bforget bforget put_bh drop_nlink inc_nlink
      set_nlink clear_nlink inode_dec_link* inode_inc_link* module_put module_get*
      try_module_get __module_get rollback_registered* __unregister_netdevice*
      unregister_netdevice_many* unregister_netdevice_queue`,
  },
  {
    does: 'copies, strings, checksums',
    names: `
      *memcpy* *memmove* *memset* *memcmp* *memchr* memscan memzero* __memzero* mmioset
      mmiocpy bcmp __bzero __memzero strlen strnlen strcpy strncpy strscpy* nla_strscpy
      nla_strlcpy nla_strdup nla_strcmp strlcpy strcmp strncmp strcasecmp strncasecmp strcat
      strncat strlcat strstr strnstr strchr strchrnul strnchr strnchrnul strrchr strspn
      strcspn strpbrk strsep strim strstrip skip_spaces strreplace str_has_prefix sysfs_streq
      match_string __sysfs_match* stpcpy strtomem* memtostr* memdup_* __pi_* sized_str*
      sized_strscpy* simple_strto* kstrto* _kstrto* __kstrto* _parse_integer* parse_int sscanf
      vsscanf match_token match_int match_u64* match_uint match_hex match_octal match_strdup
      match_strlcpy match_number match_one match_wildcard hex_to_bin hex2bin bin2hex
      utf8_to_utf* utf16s_to_* utf8s_to_* strnlen_user* strlen_user* strncpy_from_*
      do_strncpy* do_strnlen* __strn*_user* csum_partial* csum_and_copy* csum_ipv6_* do_csum
      ip_fast_csum ip_compute_csum crc* __crc* _copy_* copy_from_user copy_from_user_n*
      copy_from_iter* copy_from_kernel* copy_from_bpfptr* copy_from_sockptr* copy_to_user
      copy_to_user_n* copy_to_iter* copy_to_kernel* copy_to_bpfptr* copy_to_sockptr*
      copy_in_user copy_page copy_page_to_iter* copy_page_from_iter* copy_page_rep
      copy_page_regs copy_folio_* copy_user* copy_highpage copy_mc_* copy_struct_from_*
      copy_safe_* __copy_user* __copy_to_* __copy_from_* __copy_in_* __copy_tofrom_*
      __copy_page* __copy_msghdr* copy_msghdr_* __arch_copy* __arch_clear* __asm_copy*
      fallback_scalar_usercopy* enter_vmx_usercopy arm_copy_* arm_clear_* raw_copy*
      __raw_copy* copyin copyout copyin_* copyout_* copyio* rep_movs* rep_stos*
      check_zeroed_user clear_user* __clear_user* ___clear_user* clear_page clear_page_erms
      clear_page_rep clear_page_orig clear_huge_page clear_gigantic* clear_highpage
      clear_subpage folio_zero_* zero_user* put_user_1 put_user_2 put_user_4 put_user_8
      get_user_1 get_user_2 get_user_4 get_user_8 get_user_nocheck* __put_user_1 __put_user_2
      __put_user_4 __put_user_8 __put_user_nocheck* __put_user_bad __get_user_1 __get_user_2
      __get_user_4 __get_user_8 __get_user_nocheck* __get_user_asm* __get_user_bad
      probe_kernel_* probe_user_* __probe_kernel* simple_copy_to_iter simple_read_from_*
      simple_write_to_* memcpy_*iter* iov_iter_* iterate_*_iov* import_iovec* __import_iovec
      import_ubuf rw_copy_check* compat_rw_copy* iovec_from_user* csum_block_*`,
  },
  {
    does: 'allocate and free memory',
    names: `
      *kmalloc* *kzalloc* *kcalloc* kfree __kfree kfree_const kfree_sensitive kfree_bulk
      kfree_rcu* kfree_link* kvfree* *kvmalloc* *kvzalloc* kvcalloc* kzfree krealloc*
      __krealloc* __do_krealloc* kvrealloc* ksize __ksize kmemdup* __kmemdup* vmemdup*
      kstrdup* kstrndup* kasprintf* kvasprintf* kvmemdup* vmalloc* __vmalloc* vzalloc* vfree*
      __vfree* __vunmap vunmap vmap vm_map_ram vm_unmap_ram alloc_vmap_area* __get_vm_area*
      get_vm_area* free_vmap_area* __purge_vmap* find_vmap_area* remove_vm_area vm_area_alloc*
      kmem_cache_* __kmem_cache* kmem_alloc kmem_zalloc kmem_free slab_* ___slab* __slab*
      cache_alloc_* cache_grow* cache_flusharray cache_free_* cache_reap cache_init_objs
      ____cache* __cache_free* __do_cache* new_slab* allocate_slab* alloc_slab_*
      alloc_single_from_* get_partial* get_any_partial get_from_partial* get_freepointer*
      free_deferred_objects refill_objects refill_sheaf alloc_from_pcs* free_to_pcs*
      memcg_slab_* obj_cgroup_* memcg_alloc_* setup_object* alloc_pages* alloc_page_*
      __alloc_pages* __alloc_frozen* alloc_frozen* alloc_cpu_* __alloc_page*
      alloc_from_freelist* ___kmalloc* __folio_alloc* folio_alloc* vma_alloc_* get_free_pages*
      __get_free_pages get_zeroed_page* get_page_from_freelist __free_pages* free_pages*
      ___free_pages free_unref* __free_page* free_page free_page_* free_pages_* free_the_page
      free_hot_cold* free_pcp* free_pcppages* free_frozen* __free_frozen* free_one_page
      free_large_kmalloc free_block free_tail* free_compound* bad_page* prep_new_page*
      prep_compound* post_alloc_hook rmqueue* __rmqueue* check_new_page* del_page_from_free*
      qlist_* quarantine_* page_frag_* __page_frag* skb_page_frag* do_slab_free free_to_*
      fallback_alloc alternate_node_alloc mempool_* __alloc_percpu* alloc_percpu*
      __alloc_reserved_percpu free_percpu pcpu_alloc* pcpu_free_area pcpu_balance*
      pcpu_create* pcpu_populate* pcpu_depopulate* pcpu_block_* pcpu_chunk_* pcpu_find*
      sk_prot_alloc* sk_prot_free* sk_alloc sk_free __sk_free sk_destruct __sk_destruct
      kfree_skb* __kfree_skb kfree_skbmem sock_kmalloc sock_kfree* sock_wmalloc sock_omalloc
      dma_pool_* dma_alloc_* dma_free_* gen_pool_* __set_page_owner* __reset_page_owner*
      drain_obj_stock* __mod_memcg* refill_obj_stock consume_obj_stock`,
  },
  {
    does: 'watch the time, and idle',
    names: `
      sched_show_task* _sched_show* show_state* rcu_*stall* rcu_dump* rcu_check*
      rcu_sched_clock* rcu_pending rcu_preempt_* rcu_print* rcu_exp_*
      synchronize_rcu_expedited_wait* print_cpu_stall* print_other* check_cpu_stall*
      dump_cpu_task check_hung* watchdog watchdog_timer* watchdog_overflow* watchdog_check*
      watchdog_hardlockup* softlockup* update_process_times tick_sched_* tick_nohz_*
      tick_periodic tick_handle_* tick_do_* tick_program_* tick_check_* tick_irq_* tick_init_*
      tick_broadcast_* nmi_cpu_* nmi_trigger_* nmi_handle nmi_raise_* nmi_enter nmi_exit
      perf_event_nmi_* __hrtimer_run_* __hrtimer_next_* hrtimer_interrupt hrtimer_peek_*
      trigger_*backtrace* arch_trigger_* perf_trace_* trace_event_raw_event_* perf_tp_event
      perf_swevent_event bpf_trace_run* __bpf_trace_* __traceiter_* do_trace_*
      trace_event_buffer_* trace_buffer_* local_apic_timer_* hv_stimer0_* timer_interrupt
      arch_timer_handler_* native_safe_halt pv_native_safe_halt native_halt acpi_safe_halt
      arch_safe_halt safe_halt default_idle* arch_cpu_idle* acpi_idle_* acpi_processor_ffh_*
      cpuidle_* call_cpuidle cpu_idle_poll mwait_idle* intel_idle* cpu_do_idle amd_e400_idle
      poll_idle`,
  },
  {
    does: 'ask another part to do it',
    names: `
      usb_kill_urb usb_kill_anchored* usb_poison* usb_start_wait_urb usb_bulk_msg
      usb_control_msg* usb_interrupt_msg usb_internal_control* usb_hcd_* filemap_fdatawait*
      __filemap_fdatawait* filemap_fdatawrite* __filemap_fdatawrite* fdatawait_*
      filemap_write_and_wait*`,
  },
];
