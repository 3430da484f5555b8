import type { Frame } from './frame.ts';
import { isMachinery } from './machinery.ts';

// Generic layers that call specific code through a pointer: who was called is what stalled.
const dispatcher = new RegExp(
  [
    String.raw`^(?:_*vfs_(?:write|read|ioctl|writev|readv|iter_\w+)|__kernel_(?:write|read)|proc_reg_\w+|`,
    String.raw`new_sync_(?:write|read)|do_iter_\w+|do_loop_readv_writev|do_vfs_ioctl|ksys_ioctl|`,
    String.raw`sys_ioctl|__fput|task_work_run|call_timer_fn|expire_timers|__run_timers|`,
    String.raw`run_timer_softirq|process_one_work|kthread_worker_fn|__netif_receive_skb_\w*core|`,
    String.raw`__netif_receive_skb_one_core|napi_poll|__napi_poll|net_rx_action|tasklet_action\w*|`,
    String.raw`(?:rtnetlink|nfnetlink|xfrm_user|crypto_user|sock_diag|rdma_nl|devlink_nl)_rcv_msg|`,
    String.raw`nfnetlink_rcv_batch|genl_(?:family_)?rcv_msg\w*|`,
    String.raw`netlink_rcv_skb|netlink_dump|_*sock_(?:sendmsg|recvmsg)(?:_nosec)?|mmap_region|`,
    String.raw`__do_fault|do_read_fault|__do_softirq|handle_softirqs|do_syscall_64|x64_sys_call|`,
    String.raw`do_syscall_32\w*|do_fast_syscall_\w+|entry_SYSCALL\w*|entry_SYSENTER\w*|`,
    String.raw`entry_INT80\w*|el0_svc\w*|invoke_syscall|ret_fast_syscall|kthread|`,
    String.raw`do_iter_readv_writev|_*sys_(?:write|read|setsockopt)|rcu_do_batch|`,
    String.raw`do_sock_[gs]etsockopt)$`,
  ].join(''),
);
const layers = new RegExp(
  [
    String.raw`^(?:____fput|__vfs_\w+|vfs_\w+|do_iter_\w+|do_writev|do_readv|____sys_\w+|`,
    String.raw`___sys_\w+|nfnetlink_rcv|genl_rcv|netlink_unicast|netlink_sendmsg|__do_softirq|`,
    String.raw`handle_softirqs|run_ksoftirqd|smpboot_thread_fn|worker_thread|do_softirq_own_stack|`,
    String.raw`asm_call\w*|call_softirq)$`,
  ].join(''),
);
const watch = new RegExp(
  [
    String.raw`^(?:update_process_times|watchdog_timer_fn|tick_(?:sched|nohz)\w*|`,
    String.raw`rcu_(?:check_callbacks|sched_clock_irq|dump_cpu_stacks)|check_cpu_stall|`,
    String.raw`print_(?:other_)?cpu_stall|nmi_cpu_backtrace|(?:arch_)?trigger_\w*backtrace\w*|`,
    String.raw`nmi_trigger\w*|sched_show_task|panic|dump_stack|dump_stack_lvl)$`,
  ].join(''),
);
const entry = new RegExp(
  [
    String.raw`^(?:__hrtimer_\w+|hrtimer_(?:interrupt|nohz\w*)|\w*apic_timer_interrupt|asm_\w+|`,
    String.raw`sysvec_\w+|el1\w*|gic_handle_irq|__?handle_\w*irq\w*|handle_percpu_\w+|`,
    String.raw`generic_handle_\w+|arch_timer_\w+|irq_\w+|__irq_svc|call_on_\w+|`,
    String.raw`do_interrupt_handler|asm_call\w*|tick_\w+|update_process_times|__sysvec\w*)$`,
  ].join(''),
);

/**
 * The function that a stalled CPU was made to run: the one that the innermost generic layer
 * called. Deeper ones change from sample to sample, this one stays.
 */
export function stalledFunction(frames: readonly Frame[], isSampled = true): Frame | null {
  const own = withoutWatch(
    frames.filter((frame) => frame.isReliable),
    isSampled,
  );
  const first = own[0]?.function ?? '';
  // A task that is said to run, shown as it once went to sleep: a stack of another time.
  if (isSampled && /^(?:__schedule|schedule|preempt_schedule\w*)$/.test(first)) return null;
  for (const [index, frame] of own.entries()) {
    if (index > 8) break;
    if (/^smp_call_function/.test(frame.function)) {
      return { ...frame, function: 'smp_call_function' };
    }
  }
  for (const [index, frame] of own.entries()) {
    const isHrtimer =
      frame.function === '__hrtimer_run_queues' &&
      own[index + 1]?.function === 'hrtimer_run_softirq';
    if (!isHrtimer && !dispatcher.test(frame.function)) continue;
    const called = own[index - 1];
    if (called === undefined || layers.test(called.function) || isMachinery(called.function))
      continue;
    if (dispatcher.test(called.function) && !/^sys_/.test(called.function)) continue;
    return called;
  }
  return own.find((frame) => !isMachinery(frame.function)) ?? null;
}

// What stands below the interrupt that the watch came in by. Where it came by none, it is the
// watch's own stack, and says nothing of who stalled.
function withoutWatch(frames: readonly Frame[], isSampled: boolean): readonly Frame[] {
  let last = -1;
  for (const [index, frame] of frames.entries()) if (watch.test(frame.function)) last = index;
  if (last < 0) return frames;
  const below = frames.slice(last + 1);
  const came = below.findIndex((frame) => entry.test(frame.function));
  if (came < 0) return isSampled ? [] : below;
  let start = isSampled ? came : 0;
  while (start < below.length && entry.test(below[start]?.function ?? '')) start++;
  return below.slice(start);
}
