import type { Head } from './heads.ts';

const fn = String.raw`(?<fn>[A-Za-z_$.<][^\s+,]*?)`;
const at = String.raw`(?:\+0x[0-9a-f]+(?:\/0x[0-9a-f]+)?)`;

/** Heads of what watches time, context and devices, then of anything that calls itself a report. */
export const watchHeads: readonly Head[] = [
  // Time.
  { kind: 'soft-lockup', pattern: /BUG: soft lockup/, title: 'BUG: soft lockup', source: 'stall' },
  {
    kind: 'hard-lockup',
    pattern:
      /(?:Watchdog detected|NMI watchdog: .*|Watchdog CPU:\d+|CPU \d+ (?:self-)?detected) (?:hard )?LOCKUP/i,
    title: 'BUG: hard lockup',
    source: 'stall',
  },
  {
    kind: 'rcu-stall',
    pattern: new RegExp(
      [
        String.raw`(?:INFO|rcu): rcu_\w+ (?:self-)?detected (?:expedited )?stalls?|`,
        String.raw`RCU detected CPU \d+ stall`,
      ].join(''),
    ),
    title: 'INFO: rcu detected stall',
    source: 'stall',
  },
  {
    kind: 'hung-task',
    pattern: /INFO: task .{1,40} blocked (?:[^.]{1,80} )?for more than \d+ seconds/,
    title: 'INFO: task hung',
    source: 'trace',
  },
  {
    kind: 'hung-task',
    pattern: /INFO: task .{1,40} can't die for more than \d+ seconds/,
    title: "INFO: task can't die",
    source: 'trace',
  },
  // Context.
  {
    kind: 'atomic-schedule',
    pattern: /BUG: (sleeping function called from invalid context)/,
    title: 'BUG: $1',
    source: 'trace',
  },
  {
    kind: 'atomic-schedule',
    pattern: /BUG: scheduling while atomic/,
    title: 'BUG: scheduling while atomic',
    source: 'trace',
  },
  {
    kind: 'bug',
    pattern: /BUG: (using \S+(?: \S+)?) in preemptible /,
    title: 'BUG: $1 in preemptible code',
    source: 'trace',
  },
  {
    kind: 'bug',
    pattern: /BUG: (workqueue leaked (?:lock or atomic|atomic, lock or RCU))/,
    title: 'BUG: $1',
    source: 'lock',
    isBrief: true,
  },
  {
    kind: 'bug',
    pattern: /BUG: (Bad page (?:state|cache)) in process/,
    title: 'BUG: $1',
    source: 'owner',
  },
  { kind: 'bug', pattern: /BUG: (Bad page map)/, title: 'BUG: $1', source: 'none' },
  {
    kind: 'bug',
    pattern: /BUG: (Bad rss-counter state|non-zero \w+ on freeing mm)/,
    title: 'BUG: $1',
    source: 'none',
    isBrief: true,
  },
  {
    kind: 'bug',
    pattern: /BUG: Dentry .* still in use \(-?\d+\) \[(unmount) of/,
    title: 'BUG: Dentry still in use in $1',
    source: 'none',
  },
  {
    kind: 'slab-corruption',
    pattern: /BUG \S+ \([^)]*\): (?!kasan)([^\n]{1,80})/,
    title: 'BUG: $1',
    source: 'none',
  },
  // A secure world's kernel, which speaks by the mouth of ours.
  {
    kind: 'panic',
    pattern: /\btrusty: .*\bASSERT FAILED at \([^)]*\): ?(.{0,120})/,
    title: 'trusty: ASSERT FAILED: $1',
    source: 'none',
    isBrief: true,
  },
  {
    kind: 'hung-task',
    pattern: /BUG: workqueue lockup/,
    title: 'BUG: workqueue lockup',
    source: 'none',
    isBrief: true,
  },
  {
    kind: 'bug',
    pattern:
      /^\s*VFS: (Busy inodes after unmount|Close: file count is 0)(?= of \S+\. Self-destruct|$)/,
    title: 'VFS: $1',
    source: 'none',
    isBrief: true,
  },
  // Panics of their own; those after an oops belong to its report.
  {
    kind: 'panic',
    pattern: new RegExp(
      `Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: (?:${fn}(?:${at}|$))?`,
    ),
    title: 'kernel panic: stack is corrupted',
    source: 'head',
    isBrief: true,
  },
  {
    kind: 'stack-overflow',
    pattern: /Kernel panic - not syncing: corrupted stack end/,
    title: 'kernel panic: corrupted stack end',
    source: 'stall',
  },
  {
    kind: 'panic',
    pattern: /Kernel panic - not syncing: (bad mode)/,
    title: 'kernel panic: $1',
    source: 'none',
    isBrief: true,
  },
  {
    kind: 'panic',
    pattern: /Kernel panic - not syncing: ([^\n]{1,120}?)(?: *exitcode=\S+)?\s*$/,
    title: 'kernel panic: $1',
    source: 'none',
  },
  {
    kind: 'machine-check',
    pattern: /^\s*(?:mce: )?(?:\[Hardware Error\]: )?CPU \d+: Machine Check/i,
    title: 'Machine check',
    source: 'none',
    isBrief: true,
  },
  {
    kind: 'unregister-netdevice',
    pattern: /unregister_netdevice: waiting for \S+ to become free/,
    title: 'unregister_netdevice: waiting for DEV to become free',
    source: 'none',
    isBrief: true,
  },
  {
    kind: 'driver-failure',
    pattern: /NETDEV WATCHDOG: \S+ \(([\w-]+)\): transmit queue \d+ timed out/,
    title: 'NETDEV WATCHDOG: $1 transmit queue timed out',
    source: 'none',
    isBrief: true,
  },
  {
    kind: 'filesystem-shutdown',
    pattern:
      /XFS \([^)]+\): (?:xfs_do_force_shutdown|Corruption of in-memory data|Filesystem has been shut down)/,
    title: 'XFS shutdown',
    source: 'none',
    isBrief: true,
  },
  {
    kind: 'filesystem-shutdown',
    pattern: /EXT4-fs error \(device [^)]+\)(?: in)?:? ?(?<fn>\w+)/,
    title: 'EXT4-fs error',
    source: 'head',
    isBrief: true,
  },
  {
    kind: 'oom-kill',
    pattern: /\S invoked oom-killer: |Out of memory: Kill(?:ed)? process/,
    title: 'Out of memory',
    source: 'none',
    isBrief: true,
  },
  // Anything else that says so itself.
  {
    kind: 'warning',
    pattern: /^\s*WARNING: (?!.*\b(?:deprecated|https?:))(.{1,120})/,
    title: 'WARNING: $1',
    source: 'none',
    isBrief: true,
  },
  { kind: 'bug', pattern: /^\s*BUG: (.{1,120})/, title: 'BUG: $1', source: 'none' },
  { kind: 'other', pattern: /^\s*INFO:\s*$/, title: 'INFO: corrupted', source: 'none' },
  {
    kind: 'slab-corruption',
    pattern: /^\s*INFO: ((?:Freed|Allocated|Slab|Object) .{1,120})/,
    title: 'INFO: $1',
    source: 'none',
  },
];
