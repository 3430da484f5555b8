import type { CrashKind } from './report.ts';

/** Where the function at fault is found. */
export type Source =
  /** The instruction pointer, else the trace. */
  | 'pointer'
  /** The first frame that is not machinery. */
  | 'trace'
  /** The head names it; the trace where that is machinery. */
  | 'head'
  /** What the stalled CPU was made to do: see `stalledFunction`. */
  | 'stall'
  /** The lock's place, in lockdep's `at: FUNCTION`. */
  | 'lock'
  /** The head only: no function, and no trace needed. */
  | 'none';

/** The first line of a report, and how the rest of it is to be read. */
export interface Head {
  readonly kind: CrashKind;
  readonly pattern: RegExp;
  /** Title without the function; `$1` is the first group. */
  readonly title: string;
  readonly source: Source;
  /** A line that has to follow for the title to stand; its first group replaces `$$` in the title. */
  readonly needs?: RegExp;
  /** Title where what `needs` asks for isn't there. */
  readonly bare?: string;
  /** Whether a line of this kind alone, without a trace, is whole. */
  readonly isBrief?: boolean;
}

const fn = String.raw`(?<fn>[A-Za-z_$.<][^\s+,]*?)`;
const at = String.raw`(?:\+0x[0-9a-f]+(?:\/0x[0-9a-f]+)?)`;

const kasan = 'KASAN: $1';

/** Heads by kind, the most telling first: a line belongs to the first that it fits. */
export const heads: readonly Head[] = [
  // A console that shows the firmware again, though nobody asked for a reboot: see the cutter.
  {
    kind: 'reboot',
    pattern: /^SeaBIOS \(version/,
    title: 'unexpected kernel reboot',
    source: 'none',
    isBrief: true,
  },
  // Sanitizers.
  {
    kind: 'kasan',
    pattern: new RegExp(`BUG: KASAN: double-free or invalid-free in ${fn}(?:${at}|$| )`),
    title: 'KASAN: invalid-free',
    source: 'trace',
  },
  {
    kind: 'kasan',
    pattern: /BUG: KASAN: (?:double-free|invalid-free)/,
    title: 'KASAN: invalid-free',
    source: 'trace',
  },
  {
    kind: 'kasan',
    pattern: new RegExp(
      `BUG: KASAN: ([a-z-]+)(?: Read| Write)?(?: in ${fn}(?:${at}|$| )| on address|$)`,
    ),
    title: `${kasan} $$`,
    source: 'head',
    needs: /^\s*(Read|Write) (?:of size|at addr)/,
    bare: kasan,
  },
  {
    kind: 'kcsan',
    pattern: /BUG: KCSAN: ([a-z-]+) in (?<fn>[\w.]+(?: \/ [\w.]+)?)/,
    title: 'KCSAN: $1',
    source: 'head',
  },
  {
    kind: 'kmsan',
    pattern: new RegExp(`BUG: KMSAN: ([a-z-]+) in ${fn}(?:${at}|$| )`),
    title: 'KMSAN: $1',
    source: 'head',
  },
  {
    kind: 'kfence',
    pattern: new RegExp(`BUG: KFENCE: ([a-z -]+?) in ${fn}(?:${at}|$| )`),
    title: 'KFENCE: $1',
    source: 'head',
  },
  {
    kind: 'ubsan',
    pattern: /UBSAN: Undefined behaviour in /,
    title: 'UBSAN: undefined-behaviour',
    source: 'trace',
  },
  { kind: 'ubsan', pattern: /UBSAN: ([a-z-]+) in \S+/, title: 'UBSAN: $1', source: 'trace' },
  { kind: 'memory-leak', pattern: /BUG: memory leak/, title: 'memory leak', source: 'trace' },
  // Lock checks.
  {
    kind: 'lockdep',
    pattern:
      /\b(?:possible circular locking dependency|possible recursive locking|possible irq lock inversion dependency|[\w-]+-safe -> [\w-]+-unsafe lock order) detected/,
    title: 'possible deadlock',
    source: 'lock',
    needs: /\b(is trying to (?:acquire|lock)|just changed the state|takes:)/,
    bare: 'WARNING: possible circular locking dependency detected',
  },
  {
    kind: 'lockdep',
    pattern: /\binconsistent lock state/,
    title: 'inconsistent lock state',
    source: 'lock',
  },
  {
    kind: 'lockdep',
    pattern: /(?:WARNING: |INFO: |\[ ?)suspicious RCU usage/,
    title: 'WARNING: suspicious RCU usage',
    source: 'trace',
    needs: /^\s*(stack backtrace:)/,
    bare: 'WARNING: suspicious RCU usage',
  },
  {
    kind: 'lockdep',
    pattern: /(BUG|WARNING): (bad unlock balance|bad contention) ?(?:detected)?!/,
    title: '$1: $2',
    source: 'trace',
  },
  {
    kind: 'lockdep',
    pattern: /WARNING: [Nn]ested lock was not taken/,
    title: 'WARNING: nested lock was not taken',
    source: 'trace',
  },
  {
    kind: 'lockdep',
    pattern: /BUG: Invalid wait context/,
    title: 'WARNING: locking bug',
    source: 'trace',
  },
  {
    kind: 'lockdep',
    pattern: /(BUG|WARNING): (held lock freed) ?(?:detected)?!/,
    title: '$1: $2',
    source: 'lock',
  },
  {
    kind: 'lockdep',
    pattern:
      /(BUG|WARNING): (lock held when returning to user space|lock held at task exit time|still has locks held)/,
    title: '$1: $2',
    source: 'lock',
    isBrief: true,
  },
  {
    kind: 'lockdep',
    pattern: /INFO: (trying to register non-static key)/,
    title: 'INFO: $1',
    source: 'trace',
  },
  {
    kind: 'lockdep',
    pattern: /BUG: (MAX_[A-Z_]+ too low!)/,
    title: 'BUG: $1',
    source: 'none',
    isBrief: true,
  },
  {
    kind: 'lockdep',
    pattern:
      /BUG: ((?:spin|rw)lock (?:recursion|already unlocked|bad magic|lockup suspected|lockup|wrong owner|wrong CPU|cpu recursion|trylock failure on UP))\b/,
    title: 'BUG: $1',
    source: 'trace',
  },
  // Rust's panic, then the machinery that ends in a BUG.
  {
    kind: 'bug',
    pattern: /rust_kernel: panicked at /,
    title: '$$',
    source: 'trace',
    needs: /^(\S.{0,160})$/,
    bare: 'rust panic',
  },
  // Faults of the processor.
  {
    kind: 'null-dereference',
    pattern:
      /(?:BUG: )?(?:[Uu]nable to handle kernel NULL pointer dereference|kernel NULL pointer dereference, address:|Kernel NULL pointer dereference (?:on|at))/,
    title: 'BUG: unable to handle kernel NULL pointer dereference',
    source: 'pointer',
  },
  {
    kind: 'paging-request',
    pattern:
      /(?:BUG: )?[Uu]nable to handle (?:kernel paging request|page fault for address|kernel (?:data access|instruction fetch|access|execution|read|write|pointer dereference))/,
    title: 'BUG: unable to handle kernel paging request',
    source: 'pointer',
  },
  {
    kind: 'paging-request',
    pattern: /BUG: unable to handle kernel/,
    title: 'BUG: unable to handle kernel',
    source: 'none',
  },
  { kind: 'trap', pattern: /^\s*Unhandled fault:/, title: 'Unhandled fault', source: 'pointer' },
  {
    kind: 'stack-overflow',
    pattern: /BUG: (?:\w+ )?stack guard page was hit/,
    title: 'BUG: stack guard page was hit',
    source: 'stall',
  },
  {
    kind: 'stack-overflow',
    pattern: /PANIC: double fault/,
    title: 'PANIC: double fault',
    source: 'pointer',
  },
  {
    kind: 'stack-overflow',
    pattern: /(?:Insufficient stack space to handle exception|kernel stack overflow)/,
    title: 'kernel stack overflow',
    source: 'stall',
  },
  {
    kind: 'general-protection-fault',
    pattern: /general protection fault(?:,|:| )/,
    title: 'general protection fault',
    source: 'pointer',
  },
  { kind: 'trap', pattern: /\bdivide[ _]error: /, title: 'divide error', source: 'pointer' },
  { kind: 'trap', pattern: /\bstack segment: /, title: 'stack segment fault', source: 'pointer' },
  {
    kind: 'trap',
    pattern:
      /\b(int3|alignment check|bounds|segment not present|control protection|invalid TSS): [0-9a-f]{4} /,
    title: '$1',
    source: 'pointer',
  },
  // What the kernel itself gave up on.
  {
    kind: 'list-corruption',
    pattern: /kernel BUG at \S*lib\/list_debug\.c/,
    title: 'BUG: corrupted list',
    source: 'pointer',
  },
  {
    kind: 'bug',
    pattern: /kernel BUG at \S*mm\/usercopy\.c/,
    title: 'BUG: bad usercopy',
    source: 'pointer',
  },
  { kind: 'bug', pattern: /kernel BUG at \S+/, title: 'kernel BUG', source: 'pointer' },
  {
    kind: 'trap',
    pattern: /\binvalid opcode: [0-9a-f]{4} /,
    title: 'invalid opcode',
    source: 'pointer',
  },
  {
    kind: 'trap',
    pattern: /Internal error: (Oops[^:[]*|undefined instruction)/,
    title: '$1',
    source: 'pointer',
  },
  // Warnings, by the check that spoke.
  ...(
    [
      ['lib\\/refcount\\.c', 'WARNING: refcount bug'],
      ['lib\\/debugobjects\\.c', 'WARNING: ODEBUG bug'],
      ['lib\\/kobject\\.c', 'WARNING: kobject bug'],
      ['fs\\/proc\\/generic\\.c', 'WARNING: proc registration bug'],
      ['mm\\/(?:slab_common\\.c:\\d+ kmalloc_|util)\\.?c?', 'WARNING: kmalloc bug'],
      ['kernel\\/(?:locking\\/)?lockdep\\.c', 'WARNING: locking bug'],
      ['mm\\/vmalloc\\.c', 'WARNING: zero-size vmalloc'],
    ] as const
  ).map(([file, title]) => ({
    kind: 'warning' as const,
    pattern: new RegExp(`WARNING: (?:CPU: \\d+ PID: -?\\d+ )?(?:at )?\\S*${file}(?::\\d+)?`),
    title,
    source: 'trace' as const,
  })),
  {
    kind: 'warning',
    pattern: new RegExp(`WARNING: (?:CPU: \\d+ PID: -?\\d+ )?at \\S+:\\d+ ${fn}${at}`),
    title: 'WARNING',
    source: 'head',
  },
  {
    kind: 'warning',
    pattern: new RegExp(`WARNING: \\S+:\\d+ at ${fn}${at}`),
    title: 'WARNING',
    source: 'head',
  },
  {
    kind: 'warning',
    pattern: /WARNING: CPU: \d+ PID: -?\d+ at |WARNING: at \S+:\d+/,
    title: 'WARNING',
    source: 'pointer',
  },
  {
    kind: 'warning',
    pattern: /WARNING: (kernel stack regs) .* has bad ('\w+' )?value/,
    title: 'WARNING: $1 has bad $2value',
    source: 'none',
    isBrief: true,
  },
  // Time.
  { kind: 'soft-lockup', pattern: /BUG: soft lockup/, title: 'BUG: soft lockup', source: 'stall' },
  {
    kind: 'hard-lockup',
    pattern: /(?:Watchdog detected|NMI watchdog: .*) hard LOCKUP/i,
    title: 'BUG: hard lockup',
    source: 'stall',
  },
  {
    kind: 'rcu-stall',
    pattern:
      /INFO: rcu_\w+ (?:self-)?detected (?:expedited )?stalls?|INFO: rcu_\w+ detected stalls on tasks|INFO: rcu_\w+_state detected/,
    title: 'INFO: rcu detected stall',
    source: 'stall',
  },
  {
    kind: 'hung-task',
    pattern: /INFO: task .{1,40} blocked (?:on a \w+ )?for more than \d+ seconds/,
    title: 'INFO: task hung',
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
    source: 'trace',
  },
  { kind: 'bug', pattern: /BUG: (Bad page map)/, title: 'BUG: $1', source: 'none' },
  {
    kind: 'bug',
    pattern: /BUG: (Bad rss-counter state|non-zero pgtables_bytes on freeing mm)/,
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
    pattern: /Kernel panic - not syncing: ([^\n]{1,120})/,
    title: 'kernel panic: $1',
    source: 'none',
  },
  {
    kind: 'machine-check',
    pattern: /(?:mce: )?\[Hardware Error\]: CPU \d+: Machine Check/i,
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
    pattern: /\S+ invoked oom-killer: |Out of memory: Kill(?:ed)? process/,
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

// What speaks of a check and is no report.
const noise =
  /traps: \S+ (?:general protection|invalid opcode|divide error|int3|stack segment)|lockdep is turned off|NMI handler .* took|Unprivileged eBPF|mand mount option|CPU_SRSO|srso\.html|^\s*BUG: workqueue lockup - pool|ODEBUG: Out of memory/;
// One cheap test before forty: most lines of a log are none of these.
const hint =
  /SeaBIOS|BUG|WARNING|INFO:|rcu|UBSAN|detected|inconsistent|nable to handle|ernel NULL|Unhandled|PANIC|panic|protection|divide|segment|int3|invalid|Internal|Insufficient|overflow|LOCKUP|Hardware Error|unregister_netdevice|NETDEV|XFS|EXT4|oom|memory|fault|check:|bounds/;

/** The head that a line is, or null. */
export function headOf(
  text: string,
): { readonly head: Head; readonly match: RegExpExecArray } | null {
  if (!hint.test(text) || noise.test(text)) return null;
  for (const head of heads) {
    const match = head.pattern.exec(text);
    if (match !== null) return { head, match };
  }
  return null;
}
