import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashesIn } from './cutter.ts';

// Lines with a time, and a caller id where one is given.
function log(text: string, caller = ''): string {
  const mark = caller === '' ? '' : `[${caller.padStart(6)}]`;
  return text
    .split('\n')
    .map((line) => `[  100.000001]${mark} ${line}`)
    .join('\n');
}

function summary(text: string): readonly (readonly [title: string, corrupted: boolean])[] {
  return crashesIn(text).map(({ title, corrupted }) => [title, corrupted]);
}

const fault = `general protection fault, probably for non-canonical address 0xdffffc0000000003: 0000 [#1] SMP
CPU: 1 PID: 44 Comm: nicd Not tainted 6.1.90 #1
RIP: 0010:nic_poll+0x58/0x1c0
Call Trace:
 <TASK>
 net_rx_action+0x1/0x2
 entry_SYSCALL_64_after_hwframe+0x63/0xcd
 </TASK>
---[ end trace 0000000000000000 ]---`;

test('a warning that comes up in the same context while a stall is told leaves it whole', () => {
  const text = `rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
rcu: \tTasks blocked on level-0 rcu_node (CPUs 0-1):
------------[ cut here ]------------
WARNING: CPU: 1 PID: 47 at kernel/sched/core.c:2698 try_invoke+0x18b/0x320
CPU: 1 PID: 47 Comm: nicd Not tainted 6.1.90 #1
RIP: 0010:try_invoke+0x18b/0x320
Call Trace:
 <IRQ>
 rcu_sched_clock_irq+0x12ec/0x1eb0
 update_process_times+0x12c/0x180
 tick_sched_timer+0x254/0x410
 __hrtimer_run_queues+0x42d/0x930
 hrtimer_interrupt+0x373/0xd60
 __sysvec_apic_timer_interrupt+0xf0/0x260
 </IRQ>
 asm_sysvec_apic_timer_interrupt+0x12/0x20
RIP: 0010:smp_call_function_single+0x311/0x450
 on_each_cpu+0x4d/0x1f0
 do_syscall_64+0x73/0xe0
 entry_SYSCALL_64_after_hwframe+0x44/0xa9`;
  const stall = 'INFO: rcu detected stall in smp_call_function';
  assert.deepEqual(summary(log(text, 'C1')), [[stall, false]]);
  assert.equal(summary(log(text))[0]?.[1], true);
});

test('a report of one line between the frames of another is told on its own', () => {
  const text = `INFO: task nicd:61 blocked for more than 120 seconds.
      Not tainted 6.1.90 #1
Call Trace:
 __schedule+0x9c/0x1b0
unregister_netdevice: waiting for lo to become free. Usage count = 6
 mutex_lock_nested+0x3b0/0x1130
 nic_open+0xcc/0x220
 entry_SYSCALL_64_after_hwframe+0x63/0xcd`;
  assert.deepEqual(summary(log(text)), [
    ['INFO: task hung in nic_open', false],
    ['unregister_netdevice: waiting for DEV to become free', false],
  ]);
});

test('a report of one line does not take in what follows it', () => {
  const text = `unregister_netdevice: waiting for lo to become free. Usage count = 6\n${fault}`;
  assert.deepEqual(summary(log(text)), [
    ['unregister_netdevice: waiting for DEV to become free', false],
    ['general protection fault in nic_poll', false],
  ]);
});

test('nor where its head is the one of kernels from 6.10 on', () => {
  const text = `unregister_netdevice: waiting for lo to become free. Usage count = 6\nOops: ${fault}`;
  assert.equal(summary(log(text))[1]?.[0], 'general protection fault in nic_poll');
});

test('a report of one line before the trace of another does not make it doubtful', () => {
  const [head = '', ...rest] = warning(60).split('\n');
  const between = 'unregister_netdevice: waiting for lo to become free. Usage count = 6';
  assert.deepEqual(summary(log([head, between, ...rest].join('\n'))), [
    ['WARNING in nic_check', false],
    ['unregister_netdevice: waiting for DEV to become free', false],
  ]);
});

test('what a warning has to say before its own line is no report of its own', () => {
  const text = `------------[ cut here ]------------
NETDEV WATCHDOG: eth0 (e1000): transmit queue 0 timed out
${warning(60).replaceAll('nic_check', 'dev_watchdog')}`;
  assert.deepEqual(summary(log(text)), [['WARNING in dev_watchdog', false]]);
});

test('of two faults printed into each other only the pointer of the first is taken', () => {
  const text = `BUG: unable to handle kernel paging request at 000000fe840fc4b9
Oops: 0000 [#1] PREEMPT SMP
PANIC: double fault, error_code: 0x0
CPU: 1 PID: 54 Comm: nicd Not tainted 4.20.0 #1
CPU: 0 PID: 0 Comm: swapper/0 Not tainted 4.20.0 #1
RIP: 0010:nic_lookup+0x11/0x80
RIP: 0010:nic_other+0x10e/0x3e0
Call Trace:
 nic_scan+0x7f/0x100`;
  assert.deepEqual(summary(log(text)), [
    ['BUG: unable to handle kernel paging request in nic_lookup', true],
  ]);
});

const warning = (
  pid: number,
  top = ' nic_check+0x1/0x2',
) => `WARNING: CPU: 0 PID: 60 at drivers/nic/ring.c:12 nic_check+0x1/0x2
CPU: 0 PID: ${pid} Comm: nicd Not tainted 4.15.0 #1
Call Trace:
 dump_stack+0x1/0x2
${top}
 nic_open+0x1/0x2
 entry_SYSCALL_64_after_hwframe+0x63/0xcd`;

test('a stack of another task, or of a fault that was injected, is no part of the report', () => {
  assert.deepEqual(summary(log(warning(60))), [['WARNING in nic_check', false]]);
  assert.deepEqual(summary(log(warning(61))), [['WARNING in corrupted', true]]);
  assert.deepEqual(summary(log(warning(60, ' should_fail.cold+0x1/0x2'))), [
    ['WARNING in corrupted', true],
  ]);
});

test('what a check has to say may look like a task', () => {
  const [head = '', ...rest] = warning(60).split('\n');
  assert.deepEqual(summary(log([head, 'nic: queue rx/7', ...rest].join('\n'))), [
    ['WARNING in nic_check', false],
  ]);
});

test('a trace that ends at once is said to be lost, the pointer is kept', () => {
  const text = `PANIC: double fault, error_code: 0x0
CPU: 1 PID: 0 Comm: swapper/1 Not tainted 4.20.0 #1
RIP: 0010:nic_lookup+0x22/0x3e0
Call Trace:
Kernel panic - not syncing: Machine halted.
Call Trace:
 <#DF>
 dump_stack+0xaa/0xd8
 panic+0x154/0x339
 df_debug+0x28/0x2a
 do_double_fault+0xb5/0x120`;
  assert.deepEqual(summary(log(text)), [['PANIC: double fault in nic_lookup', true]]);
});

test('a sanitizer whose second line is missing says less, one with another report inside does not', () => {
  const head = 'BUG: KASAN: use-after-free in nic_free+0x1/0x2';
  const access = 'Read of size 8 at addr ffff88004ec29b58 by task nicd/44';
  const own = `CPU: 1 PID: 44 Comm: nicd Not tainted 4.15.0 #1
Call Trace:
 dump_stack+0x1/0x2
 kasan_report+0x1/0x2
 nic_free+0x1/0x2
==================================================================`;
  assert.deepEqual(summary(log(`${head}\n${access}\n${own}`)), [
    ['KASAN: use-after-free Read in nic_free', false],
  ]);
  assert.deepEqual(summary(log(`${head}\n${fault}\n${access}\n${own}`))[0], [
    'KASAN: use-after-free in nic_free',
    true,
  ]);
  assert.deepEqual(summary(log(`${head}\n${access}\n${fault}\n${own}`))[0], [
    'KASAN: use-after-free Read in nic_free',
    false,
  ]);
});

test('a stall seen by no interrupt shows the stack of who waits, and names nobody', () => {
  const text = `rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 2-... } 10886 jiffies s: 25 root: 0x4/.
Task dump for CPU 2:
swapper/0       R  running task    28272     1      0 0x00004000
Call Trace:
 sched_show_task+0x2da/0x33e
 rcu_exp_wait_wake+0x4a0/0x7ef
 synchronize_rcu_expedited+0x502/0x5f0
 nic_init+0x1/0x2
 ret_from_fork+0x1f/0x30`;
  assert.deepEqual(summary(log(text, 'T1')), [['INFO: rcu detected stall in corrupted', true]]);
});

test('of a lock taken in machinery the next place that lockdep names is what to look at', () => {
  const deadlock = (place: string) => `WARNING: possible circular locking dependency detected
nicd/31 is trying to acquire lock:
ffffffff8600aef8 ((console_sem).lock){-.-.}, at: ${place}+0x13/0x70
but task is already holding lock:
ffff88006c849558 (&ring->lock){-.-.}, at: nic_tick+0x17e/0xb00
stack backtrace:
CPU: 0 PID: 31 Comm: nicd Not tainted 4.15.0 #1
Call Trace:
 dump_stack+0x1/0x2
 lock_acquire+0x1/0x2
 nic_print+0x1/0x2
 entry_SYSCALL_64_after_hwframe+0x63/0xcd`;
  assert.deepEqual(summary(log(deadlock('nic_get'))), [['possible deadlock in nic_get', false]]);
  assert.deepEqual(summary(log(deadlock('down_trylock'))), [
    ['possible deadlock in nic_tick', false],
  ]);
});

test('how a lock got into its state before is not what uses it wrongly now', () => {
  const text = `WARNING: inconsistent lock state
inconsistent {IN-HARDIRQ-W} -> {HARDIRQ-ON-W} usage.
nicd/97 [HC0[0]:SC0[0]:HE1:SE1] takes:
ffff80000d9f4f98 (&ring->lock){?.+.}-{2:2}, at: _raw_spin_lock+0x54/0x6c
{IN-HARDIRQ-W} state was registered at:
  lock_acquire+0x100/0x1f8
  nic_irq+0x64/0xa8
irq event stamp: 8353
hardirqs last  enabled at (8353): [<ffff800008161dac>] nic_elsewhere+0x94/0xe8
stack backtrace:
CPU: 0 PID: 97 Comm: nicd Not tainted 6.0.0 #1
Call trace:
 dump_stack+0x1/0x2
 mark_lock+0x1/0x2
 nic_open+0x1/0x2
 el0t_64_sync+0x1/0x2`;
  assert.deepEqual(summary(log(text, 'T97')), [['inconsistent lock state in nic_open', false]]);
});

test('a panic in Rust is named as people write it', () => {
  const text = `rust_kernel: panicked at drivers/nic/ring.rs:60:5:
index out of bounds
------------[ cut here ]------------
kernel BUG at rust/helpers/bug.c:7!
CPU: 0 UID: 0 PID: 21 Comm: nicd Not tainted 6.12.23 #0
RIP: 0010:rust_helper_BUG+0x8/0x10
Call Trace:
 <TASK>
 _RNvCscSpY9Juk0HT_7___rustc17rust_begin_unwind+0x15b/0x160
 _RNvNtCs9jEwPDbx20M_4core9panicking9panic_fmt+0x84/0x90
 _RNvYNtC4nicd4RingNtC6kernel5Queue4push+0xe44/0xfb0
 entry_SYSCALL_64_after_hwframe+0x63/0xcd`;
  assert.deepEqual(summary(log(text, 'T21')), [
    ['index out of bounds in <nicd::Ring as kernel::Queue>::push', false],
  ]);
});
