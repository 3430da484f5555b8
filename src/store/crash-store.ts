import type { CrashReport } from '../crash/report.ts';

/** A crash report that was cut out of a host's log. */
export interface Crash {
  readonly id: number;
  /** When its last line was received, or written where its agent says so, wall-clock milliseconds. */
  readonly atMs: number;
  /** The enrolled host, else what its messages call it, else the address they came from. */
  readonly host: string;
  readonly source: string;
  /** Id of the boot that it ended or happened in; '' where that is not known. */
  readonly boot: string;
  readonly report: CrashReport;
}

/** Crash reports of the fleet. Each function rejects with DATABASE_UNAVAILABLE where that is so. */
export interface CrashStore {
  /**
   * Keeps a report. One that came before by another way, by syslog and by netconsole say, is kept
   * once: same host, same group, same second of the host's uptime, in the same boot or, where that
   * is not known of both, within a minute.
   *
   * @param crash `firstMs`: when its first line was received, where that is known
   * @returns its id; null where it is known already
   */
  add(crash: Omit<Crash, 'id'> & { readonly firstMs?: number }): Promise<number | null>;
  /** The newest first. */
  list(wanted: {
    readonly host: string | null;
    readonly fingerprint: string | null;
    /** Only those with a lower id; left out or null for all. */
    readonly beforeId?: number | null;
    readonly limit: number;
  }): Promise<readonly Crash[]>;
  find(id: number): Promise<Crash | null>;
  /**
   * The next ones in the order in which they were stored. Their registers are left out, and of their
   * lines all but the first and those of a panic.
   */
  walk(afterId: number, limit: number): Promise<readonly Crash[]>;
}
