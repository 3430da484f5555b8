import type { CrashKind } from '../crash/report.ts';
import type { Incident } from './incident.ts';

/** What comes this long after a crash, or after the host's return, still belongs to it. */
export const joinMs = 15 * 60_000;
/** By how much a report's uptime and the host's own may disagree about when it booted. */
const sameBootMs = 10_000;

/**
 * Kinds that a kernel outlives as it was: a finding about its code, or a task that was killed for
 * memory. They belong to an incident where there is one, and open none.
 */
const opensNone: ReadonlySet<CrashKind> = new Set<CrashKind>([
  ...(['warning', 'lockdep', 'kcsan', 'ubsan', 'kmsan', 'memory-leak', 'oom-kill'] as const),
  ...(['driver-failure', 'unregister-netdevice', 'reboot', 'other'] as const),
]);

/** Something that opens an incident, or belongs to one that there is. */
export type Cause =
  | { readonly kind: 'failover'; readonly id: string; readonly host: string; readonly atMs: number }
  | {
      readonly kind: 'crash';
      readonly id: number;
      readonly host: string;
      /** When the report's last line came. */
      readonly atMs: number;
      readonly reportKind: CrashKind;
      readonly uptimeS: number | null;
      /** Id of its boot; '' where it is not known. */
      readonly boot: string;
    };

/** The boot that a host runs now, by its own facts. */
export interface PresentBoot {
  readonly id: string;
  /** When its kernel booted, wall-clock milliseconds; null where unknown. */
  readonly atMs: number | null;
}

/** Its name in the store, where it belongs to one incident at the most. */
export function keyOf({ kind, id }: Pick<Cause, 'kind' | 'id'>): string {
  return `${kind}/${id}`;
}

/** Whether it is reason enough for an incident of its own. */
export function opensIncident(cause: Cause): boolean {
  return cause.kind === 'failover' || !opensNone.has(cause.reportKind);
}

/**
 * Whether a cause belongs to the newest incident of its host. A host dies once in an incident: a
 * second failover is another one. A report belongs to it until some time after the host is back,
 * since what the firmware kept of the dead kernel (pstore), or syslog that was late, comes only
 * then; but not where its boot, or else its uptime, says that it is of the boot that came after.
 */
export function joins(cause: Cause, newest: Incident, present: PresentBoot | null): boolean {
  const { story, failoverId, state, isFollowed } = newest;
  const lastReportMs = Math.max(story.firstMs, ...story.reports.map(({ atMs }) => atMs));
  if (cause.kind === 'failover') {
    if (failoverId !== null || state === 'resolved') return false;
    return state === 'open' || cause.atMs <= lastReportMs + joinMs;
  }
  if (cause.atMs < story.firstMs - joinMs) return false;
  // Whatever a host that is still held for dead has to say, it says of that death.
  if (failoverId !== null && story.returnedMs === null && isFollowed) return true;
  const deathMs = story.verdict?.atMs ?? story.firstMs;
  const bootedMs = present?.atMs ?? null;
  if (bootedMs !== null && bootedMs > deathMs && isOfBoot(cause, present)) return false;
  return cause.atMs <= Math.max(deathMs, story.returnedMs ?? 0) + joinMs;
}

function isOfBoot(
  { boot, atMs, uptimeS }: Cause & { readonly kind: 'crash' },
  present: PresentBoot | null,
): boolean {
  if (present === null) return false;
  if (boot !== '') return boot === present.id;
  if (uptimeS === null || present.atMs === null) return false;
  return Math.abs(atMs - uptimeS * 1_000 - present.atMs) < sameBootMs;
}
