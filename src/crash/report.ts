import type { Frame } from './frame.ts';

/** What happened, by the mechanism of the kernel that noticed it. */
export type CrashKind =
  | 'null-dereference'
  | 'paging-request'
  | 'general-protection-fault'
  | 'trap'
  | 'stack-overflow'
  | 'bug'
  | 'warning'
  | 'panic'
  | 'soft-lockup'
  | 'hard-lockup'
  | 'hung-task'
  | 'rcu-stall'
  | 'oom-kill'
  | 'list-corruption'
  | 'slab-corruption'
  | 'kasan'
  | 'kcsan'
  | 'ubsan'
  | 'kmsan'
  | 'kfence'
  | 'lockdep'
  | 'machine-check'
  | 'unregister-netdevice'
  | 'atomic-schedule'
  | 'memory-leak'
  | 'filesystem-shutdown'
  | 'driver-failure'
  | 'reboot'
  | 'other';

/** One crash report, cut out of a log and read. */
export interface CrashReport {
  readonly kind: CrashKind;
  /** Kind in the kernel's words, brought to one form, and the function at fault. */
  readonly title: string;
  /** Function at fault, plain; null where the report doesn't show it. */
  readonly function: string | null;
  readonly module: string | null;
  readonly frames: readonly Frame[];
  readonly registers: Readonly<Record<string, string>>;
  readonly process: string | null;
  readonly pid: number | null;
  readonly cpu: number | null;
  /** Letters of the taint, '' for not tainted, null where it is not said. */
  readonly taint: string | null;
  readonly release: string | null;
  readonly hardware: string | null;
  readonly architecture: string | null;
  readonly uptimeSeconds: number | null;
  readonly host: string | null;
  /** Lost what its title needs: the trace cut off, lines of several CPUs mixed, lines missing. */
  readonly corrupted: boolean;
  /** Why it is called corrupted, or what is in doubt. */
  readonly doubts: readonly string[];
  /** Whether no report came before it in the same boot, as far as the log shows. */
  readonly firstInBoot: boolean;
  readonly fingerprint: Fingerprint;
  /** Lines from the head to the end of the report, without envelopes. */
  readonly lines: readonly string[];
  /** Number of the head's line in the input, from 1. */
  readonly line: number;
}

/** What reports of the same cause share. */
export interface Fingerprint {
  /** Version of the algorithm: groups of another version are left alone. */
  readonly version: number;
  /** `v1-` and 16 hexadecimal digits: two versions never give the same id. */
  readonly id: string;
  /** What went into it, in order. */
  readonly parts: readonly string[];
}
