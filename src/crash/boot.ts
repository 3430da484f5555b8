import type { CrashKind, CrashReport } from './report.ts';

/** How a boot ended. `unknown`: nobody drained the host, and no report of a crash came. */
export type BootEnd = 'crash' | 'planned' | 'unknown';

/** One boot of a host, as far as it is known; times are wall-clock milliseconds. */
export interface HostBoot {
  readonly host: string;
  readonly bootId: string;
  readonly startedMs: number;
  /** When its agent was first heard in it: before that it was not watched. */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** Null while it is up, as far as is known. */
  readonly ended: { readonly atMs: number; readonly by: BootEnd } | null;
  /** The report that ended it; null where none did. */
  readonly crashId: number | null;
}

/** A report's moment: when it was received, and the uptime that it says. */
export interface Moment {
  readonly atMs: number;
  readonly uptimeSeconds: number | null;
  /** The boot's id where whoever heard it was told; '' else. */
  readonly bootId: string;
}

/** Stamps of printk run freely beside the clock, by up to a thousandth, and reports come late. */
const slackMs = 300_000;
const drift = 1e-3;
/** A host that speaks for longer than this after a report has lived on. */
export const livedOnMs = 60_000;

/** After these a kernel goes on, unless it panics as well. */
const survived: ReadonlySet<CrashKind> = new Set([
  ...(['warning', 'hung-task', 'rcu-stall', 'soft-lockup', 'oom-kill', 'kasan', 'kcsan'] as const),
  ...(['ubsan', 'kmsan', 'kfence', 'lockdep', 'unregister-netdevice', 'atomic-schedule'] as const),
  ...(['memory-leak', 'filesystem-shutdown', 'driver-failure'] as const),
]);

/**
 * Whether a report may be the end of its boot. Of an oops it cannot be told from the report alone: a
 * kernel may live on, and then its agent is heard again.
 */
export function mayEndBoot({ kind, lines }: Pick<CrashReport, 'kind' | 'lines'>): boolean {
  return !survived.has(kind) || lines.some((line) => line.includes('Kernel panic - not syncing'));
}

/**
 * The boot that a report is of, and when in it: the one that it names; else the boot that ran when it
 * came; the one before where its uptime is longer than that boot has run (pstore gives reports out
 * after the reboot). Null where its uptime is of no boot that is known, as of one that died before its
 * agent was heard.
 *
 * @param boots of the report's host
 */
export function bootOf(
  boots: readonly HostBoot[],
  { atMs, uptimeSeconds, bootId }: Moment,
): { readonly boot: HostBoot; readonly atMs: number } | null {
  const begun = boots
    .filter(({ startedMs }) => startedMs <= atMs + slackMs)
    .toSorted((a, b) => b.startedMs - a.startedMs);
  const [latest, previous] = begun;
  const named = bootId === '' ? undefined : boots.find((one) => one.bootId === bootId);
  if (named !== undefined) {
    const next = begun.findLast(({ startedMs }) => startedMs > named.startedMs);
    const endMs = next?.startedMs ?? Number.POSITIVE_INFINITY;
    if (atMs < endMs) return { boot: named, atMs };
    const uptimeMs = uptimeSeconds === null ? null : uptimeSeconds * 1_000;
    return { boot: named, atMs: diedMs(named, uptimeMs, endMs) };
  }
  if (latest === undefined || bootId !== '') return null;
  if (uptimeSeconds === null) return { boot: latest, atMs };
  const uptimeMs = uptimeSeconds * 1_000;
  const allowedMs = slackMs + uptimeMs * drift;
  const ageMs = atMs - latest.startedMs;
  if (uptimeMs <= ageMs + allowedMs)
    return uptimeMs >= ageMs - allowedMs ? { boot: latest, atMs } : null;
  if (previous === undefined) return null;
  return { boot: previous, atMs: diedMs(previous, uptimeMs, latest.startedMs) };
}

// By the uptime of a report that came after the boot's end. Where the agent was heard a little later
// than that, the kernel's stamps ran slow, and it died when it was heard last.
function diedMs(boot: HostBoot, uptimeMs: number | null, endMs: number): number {
  if (uptimeMs === null) return endMs;
  const byUptimeMs = boot.startedMs + uptimeMs;
  const isSlow = boot.lastSeenMs <= byUptimeMs + slackMs + uptimeMs * drift;
  return Math.min(isSlow ? Math.max(byUptimeMs, boot.lastSeenMs) : byUptimeMs, endMs);
}

/** Whether a host was heard so long after a moment of a boot that it was not the boot's end. */
export function livedOn(boot: HostBoot, atMs: number): boolean {
  return boot.lastSeenMs > atMs + livedOnMs;
}

/**
 * The boot of each report, by the report's id. Reports of hosts without an agent are told apart by
 * when their kernel started: their boots are called by that, to the minute.
 */
export function bootsOfReports(
  boots: readonly HostBoot[],
  reports: readonly (Moment & { readonly id: number; readonly host: string })[],
): ReadonlyMap<number, string> {
  const byHost = Map.groupBy(boots, ({ host }) => host);
  const result = new Map<number, string>();
  for (const [host, list] of Map.groupBy(reports, (one) => one.host)) {
    const starts: number[] = [];
    for (const report of list.toSorted((a, b) => a.atMs - b.atMs)) {
      const known = report.bootId || bootOf(byHost.get(host) ?? [], report)?.boot.bootId;
      const { uptimeSeconds, atMs } = report;
      if (known !== undefined) result.set(report.id, known);
      else if (uptimeSeconds !== null) {
        const startMs = atMs - uptimeSeconds * 1_000;
        const allowedMs = slackMs + uptimeSeconds * 1_000 * drift;
        const same = starts.find((one) => Math.abs(one - startMs) <= allowedMs);
        if (same === undefined) starts.push(startMs);
        result.set(report.id, `since ${new Date(same ?? startMs).toISOString().slice(0, 16)}Z`);
      }
    }
  }
  return result;
}
