import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cutter } from './cutter.ts';

// The text is what Debian's kernel printed in the machine of test/lab/real-panic.test.ts.

function read(text: string) {
  const cutter = new Cutter();
  return [...text.split('\n').flatMap((line) => cutter.push(line)), ...cutter.flush()];
}

const trace = `[   12.499619] Call Trace:
[   12.500584]  <TASK>
[   12.501092]  __schedule+0x34d/0xa00
[   12.502798]  schedule+0x5a/0xd0
[   12.503055]  schedule_timeout+0x94/0x150
[   12.506290]  bridgehead_hung_task+0xf/0x20 [bridgehead_fault]
[   12.506957]  fault_write+0xa8/0xe2 [bridgehead_fault]
[   12.507397]  proc_reg_write+0x56/0xa0
[   12.507500]  vfs_write+0xc7/0x3f0
[   12.508029]  </TASK>`;

test('a hung task: release and taint stand on a line of their own', () => {
  const [report] = read(`[   12.494355] INFO: task kworker/u4:1:107 blocked for more than 1 seconds.
[   12.496613]       Tainted: G           OE      6.1.0-56-amd64 #1 Debian 6.1.192-2
[   12.497575] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
[   12.498531] task:kworker/u4:1    state:D stack:0     pid:107   ppid:1      flags:0x00000002
${trace}`);
  assert.equal(report?.title, 'INFO: task hung in bridgehead_hung_task');
  assert.equal(report.release, '6.1.0-56-amd64');
  assert.equal(report.taint, 'OE');
  assert.deepEqual([report.process, report.pid], ['kworker/u4:1', 107]);
});

test('an RCU stall of a task: it is named, and what procfs called is at fault', () => {
  const [report] = read(`[   17.621924] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
[   17.622793] rcu: \tTasks blocked on level-0 rcu_node (CPUs 0-0): P108
[   17.623933] \t(detected by 0, t=752 jiffies, g=-343, q=3 ncpus=1)
[   17.624613] task:init            state:R  running task     stack:0     pid:108   ppid:1      flags:0x00004002
[   17.625157] Call Trace:
[   17.625573]  <IRQ>
[   17.626003]  sched_show_task.cold+0xce/0xdc
[   17.630134]  rcu_sched_clock_irq.cold+0x37d/0x459
[   17.630538]  update_process_times+0x70/0xb0
[   17.631035]  tick_sched_handle+0x22/0x60
[   17.632046]  __hrtimer_run_queues+0x10d/0x250
[   17.632446]  hrtimer_interrupt+0xf4/0x200
[   17.632546]  __sysvec_apic_timer_interrupt+0x56/0xf0
[   17.632646]  sysvec_apic_timer_interrupt+0x69/0x90
[   17.632746]  </IRQ>
[   17.632846]  <TASK>
[   17.632946]  asm_sysvec_apic_timer_interrupt+0x16/0x20
[   17.633046] RIP: 0010:bridgehead_rcu_stall+0x46/0x80 [bridgehead_fault]
[   17.633146]  fault_write+0xa8/0xe2 [bridgehead_fault]
[   17.633246]  proc_reg_write+0x56/0xa0
[   17.633346]  vfs_write+0xc7/0x3f0
[   17.633446]  ksys_write+0x6b/0xf0
[   17.633546]  </TASK>`);
  assert.deepEqual([report?.process, report?.pid], ['init', 108]);
  assert.equal(report?.title, 'INFO: rcu detected stall in fault_write');
  assert.equal(report.module, 'bridgehead_fault');
});

test("the distribution's version behind the build number is no hardware", () => {
  const [report] =
    read(`[    7.574264] BUG: kernel NULL pointer dereference, address: 0000000000000010
[    7.592169] CPU: 0 PID: 108 Comm: init Tainted: G           OE      6.1.0-56-amd64 #1  Debian 6.1.192-2
[    7.593891] Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-debian-1.16.2-1 04/01/2014
[    7.634361] RIP: 0010:bridgehead_null_dereference+0xc/0x20 [bridgehead_fault]`);
  assert.match(report?.hardware ?? '', /^QEMU Standard PC/);
});

test('a panic soon after the report of another boot is one of its own, without a banner between', () => {
  const oops = `[   31.021000] BUG: kernel NULL pointer dereference, address: 0000000000000010
[   31.022000] CPU: 0 PID: 108 Comm: init Tainted: G           OE      6.1.0-56-amd64 #1  Debian 6.1.192-2
[   31.022100] RIP: 0010:bridgehead_null_dereference+0xc/0x20 [bridgehead_fault]
[   31.022200] Call Trace:
[   31.022300]  fault_write+0xa8/0xe2 [bridgehead_fault]
[   31.022400]  vfs_write+0xc7/0x3f0
[   31.234727] ---[ end trace 0000000000000000 ]---
[   31.235913] Kernel panic - not syncing: Fatal exception`;
  const panic = (at: string) => `[    ${at}0000] sysrq: Trigger a crash
[    ${at}1000] Kernel panic - not syncing: sysrq triggered crash
[    ${at}2000] CPU: 0 PID: 1 Comm: init Tainted: G           OE      6.1.0-56-amd64 #1  Debian 6.1.192-2
[    ${at}3000] Call Trace:
[    ${at}4000]  panic+0x118/0x2ed
[    ${at}5000]  sysrq_handle_crash+0x16/0x20`;
  const both = read(`${oops}\n${panic('7.12')}`);
  assert.deepEqual(
    both.map(({ kind, firstInBoot }) => [kind, firstInBoot]),
    [
      ['null-dereference', true],
      ['panic', true],
    ],
  );
  assert.equal(read(`${oops}\n${panic('31.30')}`).length, 1);
});
