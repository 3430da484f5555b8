import { faultHeads } from './fault-heads.ts';
import type { CrashKind } from './report.ts';
import { watchHeads } from './watch-heads.ts';

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
  /** Whoever allocated the page, where page_owner says it; else the trace. */
  | 'owner'
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

/** Heads by kind: a line belongs to the first that it fits. */
const heads: readonly Head[] = [...faultHeads, ...watchHeads];

// What speaks of a check and is no report.
const noise = new RegExp(
  [
    String.raw`traps: .{1,32}? (?:general protection|invalid opcode|divide error|int3|stack segment)|`,
    String.raw`lockdep is turned off|NMI handler .* took|Unprivileged eBPF|mand mount option|`,
    String.raw`CPU_SRSO|srso\.html|ODEBUG: Out of memory`,
  ].join(''),
);
// One cheap test before forty: most lines of a log are none of these.
const hint = new RegExp(
  [
    String.raw`SeaBIOS|\[#|Oops|VFS|BUG|WARNING|INFO:|rcu|UBSAN|detected|inconsistent|nable to handle|`,
    String.raw`ernel NULL|Unhandled|PANIC|panic|protection|divide|segment|int3|invalid|Internal|`,
    String.raw`Insufficient|overflow|LOCKUP|Hardware Error|unregister_netdevice|NETDEV|XFS|EXT4|`,
    String.raw`oom|memory|Machine Check|fault|check:|bounds|FAILED`,
  ].join(''),
);

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

// A stack that says whose it is, as any report has one, and some that are none.
const headless: Head = {
  kind: 'other',
  pattern: /^\s*(?:CPU: \d+ .*(?:Not tainted|Tainted: )|RIP: 0010:|Call [Tt]race:)/,
  title: 'report whose first line is lost',
  source: 'none',
};

/** The head that a line stands in for where lines right before it are known to be lost, or null. */
export function headlessOf(text: string): ReturnType<typeof headOf> {
  const match = headless.pattern.exec(text);
  return match === null ? null : { head: headless, match };
}
