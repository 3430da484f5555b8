import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashesIn } from './cutter.ts';
import { isMachinery } from './machinery.ts';

// First lines as kernels from 2.6.32 to 6.x print them, and what their kind is called.
const heads: readonly (readonly [line: string, title: string])[] = [
  [
    'Unable to handle kernel execute from non-executable memory at virtual address ffff80000a',
    'BUG: unable to handle kernel paging request in corrupted',
  ],
  [
    'BUG: Unable to handle kernel data access at 0xc000000012345678',
    'BUG: unable to handle kernel paging request in corrupted',
  ],
  [
    'Unable to handle kernel pointer dereference in virtual kernel address space',
    'BUG: unable to handle kernel paging request in corrupted',
  ],
  [
    'Unhandled prefetch abort: breakpoint debug exception (0x002) at 0x00000000',
    'Unhandled prefetch abort in corrupted',
  ],
  ['Internal error: synchronous external abort: 96000010 [#1] SMP', 'Internal error in corrupted'],
  ['Internal error: Oops - BTI: 0000000036000002 [#1] SMP', 'Internal error in corrupted'],
  ['Oops - illegal instruction [#1]', 'Oops - illegal instruction in corrupted'],
  ['Oops: Exception in kernel mode, sig: 5 [#1]', 'Oops: Exception in kernel mode in corrupted'],
  ['simd exception: 0000 [#1] PREEMPT SMP', 'simd exception in corrupted'],
  ['overflow: 0000 [#1] SMP', 'overflow in corrupted'],
  ['BUG: failure at drivers/nic/ring.c:12/nic_ring_get()!', 'kernel BUG in nic_ring_get'],
  [
    'WARNING: SOFTIRQ-READ-safe -> SOFTIRQ-READ-unsafe lock order detected',
    'WARNING: SOFTIRQ-READ-safe -> SOFTIRQ-READ-unsafe lock order detected',
  ],
  ['[ INFO: possible recursive locking detected ]', 'INFO: possible recursive locking detected'],
  ['[ INFO: suspicious rcu_dereference_check() usage. ]', 'WARNING: suspicious RCU usage'],
  ['WARNING: init/1 still has locks held!', 'WARNING: still has locks held in corrupted'],
  [
    'watchdog: CPU 3 self-detected hard LOCKUP @ nic_poll+0x1/0x20',
    'BUG: hard lockup in corrupted',
  ],
  [
    'BUG: NMI Watchdog detected LOCKUP on CPU0, ip ffffffff81012345, registers:',
    'BUG: hard lockup in corrupted',
  ],
  [
    'INFO: RCU detected CPU 0 stall (t=4295000000/1000 jiffies)',
    'INFO: rcu detected stall in corrupted',
  ],
  [
    'INFO: task kworker/0:1:31 blocked in I/O wait for more than 143 seconds.',
    'INFO: task hung in corrupted',
  ],
  [
    "INFO: task kworker/0:1:31 can't die for more than 143 seconds.",
    "INFO: task can't die in corrupted",
  ],
  [
    'BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 36s!',
    'BUG: workqueue lockup',
  ],
  ['BUG: non-zero nr_ptes on freeing mm: 1', 'BUG: non-zero nr_ptes on freeing mm'],
  [
    'VFS: Busy inodes after unmount of sdb1. Self-destruct in 5 seconds.  Have a nice day...',
    'VFS: Busy inodes after unmount',
  ],
  ['BUG: KCSAN: assert: race in nic_xmit', 'KCSAN: assert: race in nic_xmit'],
  ['BUG: KCSAN: data-race in nic_xmit / nic_poll', 'KCSAN: data-race in nic_xmit / nic_poll'],
  [
    'Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009',
    'kernel panic: Attempted to kill init!',
  ],
  ['CPU 0: Machine Check Exception: 0000000000000004', 'Machine check'],
  [
    'WARNING: kernel stack frame pointer at ffff8801d100fea8 in nicd:160 has bad value ffff8801d100ff28',
    'WARNING: kernel stack frame pointer has bad value',
  ],
];

for (const [line, title] of heads) {
  test(`begins a report: ${line}`, () => {
    assert.deepEqual(
      crashesIn(`[   12.000001] ${line}`).map((report) => report.title),
      [title],
    );
  });
}

const lines = [
  'VFS: Mounted root (ext4 filesystem) readonly on device 8:1.',
  'Internal error: cannot open the journal',
  'traps: app[12] trap divide error ip:55d0 sp:7ffc error:0 in app[55d0+1000]',
  'rcu: Hierarchical RCU implementation.',
  'EXT4-fs (sda1): INFO: recovery required on readonly filesystem',
];

for (const line of lines) {
  test(`is no report: ${line}`, () => assert.deepEqual(crashesIn(`[   12.000001] ${line}`), []));
}

test('families of machinery take their own along, and nobody else', () => {
  const machinery = [
    '__pi_memcpy',
    'raw_copy_to_user',
    'rep_movs_alternative',
    'strscpy_pad',
    'kmem_cache_alloc_noprof',
    '__kmalloc_node_track_caller_noprof',
    'alloc_pages_mpol',
    'queue_delayed_work_on',
    '__timer_delete_sync',
    'rwsem_down_write_slowpath',
    '_raw_spin_lock_irqsave',
    'refcount_warn_saturate',
    '__list_add_valid_or_report',
    'el1h_64_sync',
    'asm_exc_page_fault',
    'do_trap_ecall_u',
    'handle_page_fault',
    'system_call_exception',
  ];
  for (const name of machinery) assert.ok(isMachinery(name), name);
  const others = [
    'bitmap_ip_add',
    'list_set_add',
    'rb_advance_reader',
    'tick_handler',
    'debugfs_create_file',
    'complete_walk',
    'detach_mounts',
    'cache_seq_open',
    'nic_poll',
    '__alloc_skb',
    'tcp_ack',
    'put_userns',
    'up_threshold_store',
    'die_notifier',
    'schedtune_update',
  ];
  for (const name of others) assert.ok(!isMachinery(name), name);
});
