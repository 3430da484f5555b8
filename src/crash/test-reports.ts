// Reports in the kernel's formats, written for the tests.

import type { CrashKind } from './report.ts';

export interface Sample {
  readonly name: string;
  readonly kind: CrashKind;
  readonly title: string;
  readonly release: string | null;
  readonly text: string;
}

export const samples: readonly Sample[] = [
  {
    name: 'x86, old header, 3.16',
    kind: 'null-dereference',
    title: 'BUG: unable to handle kernel NULL pointer dereference in check_preempt_wakeup',
    release: '3.16.0-4-amd64',
    text: `[5184013.100001] BUG: unable to handle kernel NULL pointer dereference at 0000000000000078
[5184013.100010] IP: [<ffffffff810a0f44>] check_preempt_wakeup+0xd4/0x1d0
[5184013.100020] PGD 0
[5184013.100030] Oops: 0000 [#1] SMP
[5184013.100040] Modules linked in: veth xt_nat bridge aufs(C)
[5184013.100050] CPU: 3 PID: 2201 Comm: dockerd Tainted: G         C    3.16.0-4-amd64 #1 Debian 3.16.7-ckt20-1
[5184013.100060] Hardware name: Example R420/0ABC, BIOS 2.4.2 01/29/2015
[5184013.100070] RIP: 0010:[<ffffffff810a0f44>]  [<ffffffff810a0f44>] check_preempt_wakeup+0xd4/0x1d0
[5184013.100080] RSP: 0018:ffff88081f063d68  EFLAGS: 00010046
[5184013.100090] RAX: 0000000000000000 RBX: ffff88081f072fb8 RCX: 0000000000000008
[5184013.100100] Call Trace:
[5184013.100110]  [<ffffffff81095a05>] ? check_preempt_curr+0x75/0xa0
[5184013.100120]  [<ffffffff81095a39>] ? ttwu_do_wakeup+0x9/0xd0
[5184013.100130]  [<ffffffff810980e3>] wake_up_new_task+0x113/0x1d0
[5184013.100140]  [<ffffffff81067b65>] do_fork+0xd5/0x340
[5184013.100150]  [<ffffffff81514ba9>] stub_clone+0x69/0x90
[5184013.100160] ---[ end trace 1f2e3d4c5b6a7988 ]---`,
  },
  {
    name: 'x86, new header, with callers',
    kind: 'null-dereference',
    title: 'BUG: unable to handle kernel NULL pointer dereference in tcp_rearm_rto',
    release: '6.6.52-flatcar',
    text: `[  901.000001][ T4242] BUG: kernel NULL pointer dereference, address: 0000000000000008
[  901.000002][ T4242] #PF: supervisor read access in kernel mode
[  901.000003][ T4242] Oops: 0000 [#1] PREEMPT SMP NOPTI
[  901.000004][ T4242] CPU: 1 PID: 4242 Comm: haproxy Not tainted 6.6.52-flatcar #1
[  901.000005][ T4242] RIP: 0010:tcp_rearm_rto+0xe4/0x160
[  901.000006][ T4242] RSP: 0018:ffffb8d9c0003c50 EFLAGS: 00010246
[  901.000007][ T4242] Call Trace:
[  901.000008][ T4242]  <IRQ>
[  901.000009][ T4242]  ? page_fault_oops+0x151/0x3d0
[  901.000010][ T4242]  tcp_ack+0x5c5/0x1460 [tcp_mod]
[  901.000011][ T4242]  </IRQ>
[  901.000012][ T4242] ---[ end trace 0000000000000000 ]---`,
  },
  {
    name: 'x86, 2.6.32 warning',
    kind: 'warning',
    title: 'WARNING in dev_watchdog',
    release: '2.6.32-431.el6.x86_64',
    text: `WARNING: at net/sched/sch_generic.c:261 dev_watchdog+0x26b/0x280() (Not tainted)
Hardware name: ProLiant Example
Modules linked in: bnx2 tg3
Pid: 0, comm: swapper Not tainted 2.6.32-431.el6.x86_64 #1
Call Trace:
 <IRQ>  [<ffffffff81071e27>] ? warn_slowpath_common+0x87/0xc0
 [<ffffffff81071f16>] ? warn_slowpath_fmt+0x46/0x50
 [<ffffffff8147b88b>] dev_watchdog+0x26b/0x280
 [<ffffffff81084b07>] run_timer_softirq+0x197/0x340
---[ end trace 2a2b2c2d2e2f2a2b ]---`,
  },
  {
    name: 'arm64 fault in a module',
    kind: 'paging-request',
    title: 'BUG: unable to handle kernel paging request in nic_poll',
    release: '5.10.0-21-arm64',
    text: `[   77.000001] Unable to handle kernel paging request at virtual address ffff800011223344
[   77.000002] Mem abort info:
[   77.000003]   ESR = 0x96000007
[   77.000004] Internal error: Oops: 96000007 [#1] SMP
[   77.000005] CPU: 2 PID: 19 Comm: ksoftirqd/2 Not tainted 5.10.0-21-arm64 #1 Debian
[   77.000006] Hardware name: Example Board (DT)
[   77.000007] pstate: 60400005 (nZCv daif +PAN -UAO -TCO BTYPE=--)
[   77.000008] pc : nic_poll.isra.0+0x58/0x1c0 [nic]
[   77.000009] lr : nic_poll.isra.0+0x40/0x1c0 [nic]
[   77.000010] Call trace:
[   77.000011]  nic_poll.isra.0+0x58/0x1c0 [nic]
[   77.000012]  net_rx_action+0x160/0x3c0
[   77.000013]  __do_softirq+0x120/0x35c
[   77.000014] ---[ end trace 8877665544332211 ]---`,
  },
  {
    name: 'arm BUG',
    kind: 'bug',
    title: 'kernel BUG in ring_push',
    release: '4.9.80-v7+',
    text: `[   12.000001] kernel BUG at drivers/example/ring.c:99!
[   12.000002] Internal error: Oops - BUG: 0 [#1] SMP ARM
[   12.000003] CPU: 0 PID: 311 Comm: worker Not tainted 4.9.80-v7+ #1098
[   12.000004] Hardware name: BCM2835
[   12.000005] PC is at ring_push+0x40/0x80
[   12.000006] LR is at ring_fill+0x20/0x60
[   12.000007] [<80111968>] (ring_push) from [<80111ba4>] (ring_fill+0x20/0x60)
[   12.000008] [<80111ba4>] (ring_fill) from [<80112000>] (do_ioctl+0x20/0x24)
[   12.000009] ---[ end trace 1122334455667788 ]---`,
  },
  {
    name: 'ppc64',
    kind: 'paging-request',
    title: 'BUG: unable to handle kernel paging request in sched_walk_all',
    release: '5.4.0-generic',
    text: `BUG: Unable to handle kernel data access at 0x8000000041a25f20
Faulting instruction address: 0xc00000000022d79c
Oops: Kernel access of bad area, sig: 11 [#1]
LE PAGE_SIZE=64K MMU=Hash SMP NR_CPUS=2048 NUMA pSeries
CPU: 0 PID: 77 Comm: kworker/0:1 Not tainted 5.4.0-generic #7
NIP:  c00000000022d79c LR: c00000000022d784 CTR: 0000000000000000
NIP [c00000000022d79c] sched_walk_all+0x1ac/0x5f0
LR [c00000000022d784] sched_walk_all+0x194/0x5f0
Call Trace:
[c00000007a3efa20] [c00000000030a060] walk_caller+0x7b0/0x13a0 (unreliable)
[c00000007a3efb30] [c00000000030b06c] process_one_work+0x428/0xa80
---[ end trace 99aabbccddeeff00 ]---`,
  },
  {
    name: 'riscv',
    kind: 'null-dereference',
    title: 'BUG: unable to handle kernel NULL pointer dereference in uart_kick',
    release: '6.1.0-riscv64',
    text: `[    3.000001] Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010
[    3.000002] Oops [#1]
[    3.000003] CPU: 1 PID: 1 Comm: init Not tainted 6.1.0-riscv64 #1
[    3.000004] epc : uart_kick+0x22/0x90
[    3.000005]  ra : uart_start+0x10/0x40
[    3.000006] status: 0000000200000120 badaddr: 0000000000000010 cause: 000000000000000d
[    3.000007] [<ffffffff80520000>] uart_kick+0x22/0x90
[    3.000008] [<ffffffff80520100>] uart_start+0x10/0x40
[    3.000009] ---[ end trace 0000000000000000 ]---`,
  },
  {
    name: 's390',
    kind: 'paging-request',
    title: 'BUG: unable to handle kernel paging request in qdio_scan',
    release: '5.14.0-70.el9.s390x',
    text: `[   50.000001] Unable to handle kernel pointer dereference in virtual kernel address space
[   50.000002] Failing address: 0000000000000000 TEID: 0000000000000483
[   50.000003] Oops: 0004 ilc:3 [#1] SMP
[   50.000004] CPU: 4 PID: 812 Comm: qeth_recover Not tainted 5.14.0-70.el9.s390x #1
[   50.000005] Krnl PSW : 0704c00180000000 000003ff80a11c2e (qdio_scan+0x2e/0x90 [qdio])
[   50.000006] Call Trace:
[   50.000007]  [<000003ff80a11c2e>] qdio_scan+0x2e/0x90 [qdio]
[   50.000008]  [<0000000000a81234>] kthread+0x144/0x160
[   50.000009] Last Breaking-Event-Address:`,
  },
  {
    name: 'soft lockup',
    kind: 'soft-lockup',
    title: 'BUG: soft lockup in br_handle_frame',
    release: '4.19.0-21-amd64',
    text: `[ 9000.000001] watchdog: BUG: soft lockup - CPU#5 stuck for 22s! [ksoftirqd/5:39]
[ 9000.000002] Modules linked in: bridge
[ 9000.000003] CPU: 5 PID: 39 Comm: ksoftirqd/5 Not tainted 4.19.0-21-amd64 #1 Debian
[ 9000.000004] RIP: 0010:native_queued_spin_lock_slowpath+0x5b/0x1d0
[ 9000.000005] Call Trace:
[ 9000.000006]  _raw_spin_lock+0x2c/0x30
[ 9000.000007]  br_fdb_update+0x66/0x1a0 [bridge]
[ 9000.000008]  br_handle_frame+0x1b6/0x380 [bridge]
[ 9000.000009]  __netif_receive_skb_core+0x2d2/0xc20
[ 9000.000010]  process_backlog+0xb7/0x170
[ 9000.000011]  net_rx_action+0x149/0x3b0`,
  },
  {
    name: 'hung task',
    kind: 'hung-task',
    title: 'INFO: task hung in copy_net_ns',
    release: null,
    text: `[  861.000001] INFO: task runc:10976 blocked for more than 120 seconds.
[  861.000002]       Not tainted 4.15.0-20-generic #21
[  861.000003] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
[  861.000004] runc            D    0 10976   4681 0x00000004
[  861.000005] Call Trace:
[  861.000006]  __schedule+0x291/0x8a0
[  861.000007]  schedule+0x2c/0x80
[  861.000008]  mutex_lock+0x2f/0x40
[  861.000009]  copy_net_ns+0xa2/0x180
[  861.000010]  create_new_namespaces+0x11b/0x1e0`,
  },
  {
    name: 'KASAN',
    kind: 'kasan',
    title: 'KASAN: slab-use-after-free Read in veth_xdp_rcv',
    release: '6.5.0-kasan',
    text: `[  100.000001] BUG: KASAN: slab-use-after-free in veth_xdp_rcv+0x99/0x420
[  100.000002] Read of size 8 at addr ffff88810a574000 by task ksoftirqd/0/14
[  100.000003] CPU: 0 PID: 14 Comm: ksoftirqd/0 Not tainted 6.5.0-kasan #1
[  100.000004] Call Trace:
[  100.000005]  <TASK>
[  100.000006]  dump_stack_lvl+0x49/0x80
[  100.000007]  kasan_report+0xda/0x110
[  100.000008]  veth_xdp_rcv+0x99/0x420
[  100.000009]  veth_poll+0x120/0x300`,
  },
  {
    name: 'unregister_netdevice',
    kind: 'unregister-netdevice',
    title: 'unregister_netdevice: waiting for DEV to become free',
    release: null,
    text: '[ 4000.000001] unregister_netdevice: waiting for lo to become free. Usage count = 1',
  },
  {
    name: 'OOM kill',
    kind: 'oom-kill',
    title: 'Out of memory',
    release: '5.10.0-21-amd64',
    text: `[ 5000.000001] haproxy invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
[ 5000.000002] CPU: 0 PID: 700 Comm: haproxy Not tainted 5.10.0-21-amd64 #1 Debian
[ 5000.000003] Call Trace:
[ 5000.000004]  dump_stack+0x6b/0x83
[ 5000.000005]  dump_header+0x4a/0x1f0`,
  },
];
