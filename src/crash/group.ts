import type { CrashKind, CrashReport } from './report.ts';
import type { SplitKey } from './split-keys.ts';

/** Bounds of what groups keep; what is beyond is counted and not kept. */
export const groupLimits = {
  groups: 10_000,
  hosts: 2000,
  boots: 5000,
  releases: 50,
  /** Days of which each has its own count. */
  days: 400,
  sightings: 200_000,
} as const;

/** One report as it was seen on a host. */
export interface Sighting {
  /** Its own id, by which people move it; the same report told twice has the same. */
  readonly id: string;
  readonly report: CrashReport;
  readonly host: string;
  /** Null where nobody said which boot it was. */
  readonly bootId: string | null;
  readonly atMs: number;
}

/**
 * What people decided about groups. Data beside the reports, not a change of them: taken back, it
 * leaves everything as it was.
 */
export interface GroupRules {
  /** Reports of group `from` count for group `into`. */
  readonly merges?: readonly {
    readonly from: string;
    readonly into: string;
    readonly why: string;
  }[];
  /** Reports of a group that differ in something are groups of their own. */
  readonly splits?: readonly {
    readonly group: string;
    readonly by: SplitKey;
    readonly why: string;
  }[];
  /** A single report belongs elsewhere, whatever its fingerprint says. */
  readonly overrides?: readonly {
    readonly sighting: string;
    readonly into: string;
    readonly why: string;
  }[];
}

/** Reports of one cause, as far as the fingerprint and people say. */
export interface CrashGroup {
  /** The fingerprint's id, or that with what it was split by behind a slash. */
  readonly id: string;
  readonly version: number;
  readonly kind: CrashKind;
  readonly title: string;
  /** Why reports are in it: the parts of the fingerprint, then what people decided. */
  readonly because: readonly string[];
  readonly count: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** Reports by host. */
  readonly hosts: ReadonlyMap<string, number>;
  /** `HOST BOOT-ID` of the boots in which it was seen. */
  readonly boots: ReadonlySet<string>;
  /** Reports by release of the kernel; '' where it is not known. */
  readonly releases: ReadonlyMap<string, number>;
  /** Reports by day, counted from the epoch. */
  readonly days: ReadonlyMap<number, number>;
  /** Functions that called the one at fault, of the latest report, to tell groups that are alike. */
  readonly callers: readonly string[];
  readonly function: string | null;
}

/** All groups, as they are after the sightings so far. */
export interface CrashGroups {
  readonly groups: ReadonlyMap<string, CrashGroup>;
  /** Ids of what was counted, so that the same report told twice counts once. */
  readonly seen: ReadonlySet<string>;
  /** Sightings beyond the bounds, which no group counts. */
  readonly uncounted: number;
}

export const noGroups: CrashGroups = { groups: new Map(), seen: new Set(), uncounted: 0 };

const dayMs = 86_400_000;

/**
 * The groups after some more sightings, in any order. Folding all at once, one by one or in parts
 * gives the same groups.
 */
export function group(
  before: CrashGroups,
  sightings: readonly Sighting[],
  rules: GroupRules = {},
): CrashGroups {
  const drafts = new Map<string, Draft>();
  const seen = new Set(before.seen);
  let { uncounted } = before;
  let size = before.groups.size;
  for (const sighting of sightings) {
    if (seen.has(sighting.id)) continue;
    const { id, because } = placeOf(sighting, rules);
    const had = drafts.get(id) ?? draftOf(before.groups.get(id));
    if (seen.size >= groupLimits.sightings || (had === null && size >= groupLimits.groups)) {
      uncounted++;
      continue;
    }
    seen.add(sighting.id);
    if (had === null) size += 1;
    const draft = had ?? begun(id, sighting);
    extend(draft, because, sighting);
    drafts.set(id, draft);
  }
  return { groups: new Map([...before.groups, ...drafts]), seen, uncounted };
}

/** The group that a sighting belongs to, and why. */
export function placeOf(
  { id, report, host }: Sighting,
  { merges = [], splits = [], overrides = [] }: GroupRules,
): { readonly id: string; readonly because: readonly string[] } {
  const override = overrides.find(({ sighting }) => sighting === id);
  const because =
    override === undefined ? [...report.fingerprint.parts] : [`put here by hand: ${override.why}`];
  let place = override?.into ?? report.fingerprint.id;
  const visited = new Set<string>();
  for (;;) {
    visited.add(place);
    const split = splits.find((one) => one.group === place);
    if (split !== undefined) {
      const value = valueOf(split.by, report, host);
      because.push(`split by ${split.by}, ${value}: ${split.why}`);
      place = `${place}/${split.by}=${value}`;
    }
    const merge = merges.find(({ from }) => from === place);
    // Two merges that point at each other leave the reports where they were.
    if (merge === undefined || visited.has(merge.into)) return { id: place, because };
    because.push(`merged from ${merge.from}: ${merge.why}`);
    place = merge.into;
  }
}

function valueOf(by: SplitKey, report: CrashReport, host: string): string {
  const value = by === 'host' ? host : by === 'caller' ? callersOf(report)[0] : report[by];
  return value ?? 'unknown';
}

function callersOf(report: CrashReport): readonly string[] {
  const names = report.frames
    .filter((frame) => frame.isReliable && frame.function !== report.function)
    .map((frame) => frame.function);
  return [...new Set(names)].slice(0, 8);
}

/** A group that is being extended: what it shares with nobody may be changed. */
type Draft = {
  -readonly [Key in keyof CrashGroup]: CrashGroup[Key] extends ReadonlyMap<infer K, infer V>
    ? Map<K, V>
    : CrashGroup[Key] extends ReadonlySet<infer V>
      ? Set<V>
      : CrashGroup[Key];
};

function draftOf(group: CrashGroup | undefined): Draft | null {
  if (group === undefined) return null;
  return {
    ...group,
    ...{ hosts: new Map(group.hosts), boots: new Set(group.boots) },
    ...{ releases: new Map(group.releases), days: new Map(group.days) },
  };
}

function begun(id: string, { report, atMs }: Sighting): Draft {
  return {
    ...{ id, version: report.fingerprint.version, kind: report.kind, title: report.title },
    ...{ because: [], count: 0, firstSeenMs: atMs, lastSeenMs: Number.NEGATIVE_INFINITY },
    ...{ hosts: new Map(), boots: new Set(), releases: new Map(), days: new Map() },
    ...{ callers: [], function: report.function },
  };
}

function extend(draft: Draft, because: readonly string[], sighting: Sighting): void {
  const { report, host, bootId, atMs } = sighting;
  if (atMs >= draft.lastSeenMs) draft.callers = callersOf(report);
  draft.because = [...new Set([...draft.because, ...because])].slice(0, 40);
  draft.count += 1;
  draft.firstSeenMs = Math.min(draft.firstSeenMs, atMs);
  draft.lastSeenMs = Math.max(draft.lastSeenMs, atMs);
  if (bootId !== null && draft.boots.size < groupLimits.boots) draft.boots.add(`${host} ${bootId}`);
  count(draft.hosts, host, groupLimits.hosts);
  count(draft.releases, report.release ?? '', groupLimits.releases);
  count(draft.days, Math.floor(atMs / dayMs), groupLimits.days + 1);
  if (draft.days.size > groupLimits.days) draft.days.delete(Math.min(...draft.days.keys()));
}

function count<K>(counts: Map<K, number>, key: K, max: number): void {
  if (!counts.has(key) && counts.size >= max) return;
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/**
 * Reports a day of a group: since it was first seen, and in the last `days` days.
 *
 * @param nowMs until when nothing more was seen
 */
export function rateOf(
  { count, firstSeenMs, days }: CrashGroup,
  nowMs: number,
  lastDays = 30,
): { readonly perDay: number; readonly lastPerDay: number } {
  const today = Math.floor(nowMs / dayMs);
  const elapsed = Math.max(1, (nowMs - firstSeenMs) / dayMs);
  let recent = 0;
  for (const [day, reports] of days) if (day > today - lastDays && day <= today) recent += reports;
  return { perDay: count / elapsed, lastPerDay: recent / lastDays };
}
