import type { HostRecord } from './differences.ts';
import type { Exposure } from './soak.ts';
import type { Boot } from './survival.ts';

const dayMs = 86_400_000;

/** One boot of a host as the record of the fleet has it; times are wall-clock milliseconds. */
export interface WatchedBoot {
  readonly host: string;
  readonly startedMs: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly ended: { readonly atMs: number; readonly by: string } | null;
  /** Groups of crash reports seen in it, and when first. */
  readonly groups: readonly { readonly id: string; readonly atMs: number }[];
  readonly facts: Readonly<Record<string, string>>;
}

/** What counts as a crash of a boot. */
export interface CrashesMeant {
  /** The first report of this group; null for whatever ended a boot. */
  readonly group: string | null;
  /** Whether a boot of which nobody knows how it ended crashed. Not with a group. */
  readonly unknownCrashed: boolean;
}

/** What was changed: what runs after it is held against what ran before. */
export interface Change {
  /** Null where it came host by host, as `fact` has it. */
  readonly sinceMs: number | null;
  /** Only boots with it count as changed; null for all. */
  readonly fact: { readonly name: string; readonly value: string } | null;
}

/** One side of a change, with the hosts that crashed. */
export interface Side extends Exposure {
  readonly crashesByHost: Readonly<Record<string, number>>;
}

/** When a boot crashed; null where it did not. It is watched no longer then. */
export function crashMsOf(
  boot: WatchedBoot,
  { group, unknownCrashed }: CrashesMeant,
): number | null {
  if (group !== null) return boot.groups.find(({ id }) => id === group)?.atMs ?? null;
  if (boot.ended === null) return null;
  const isCrash = boot.ended.by === 'crash' || (unknownCrashed && boot.ended.by === 'unknown');
  return isCrash ? boot.ended.atMs : null;
}

/**
 * A boot for survival: it enters at the uptime from which it was watched. Null where nothing of it was
 * watched, as of one that crashed before its agent was heard again.
 */
export function survivalOf(boot: WatchedBoot, meant: CrashesMeant): Boot | null {
  const { startedMs, firstSeenMs } = boot;
  const crashMs = crashMsOf(boot, meant);
  const untilMs = crashMs ?? endOf(boot);
  if (untilMs <= Math.max(firstSeenMs, startedMs)) return null;
  return {
    fromDays: Math.max(0, (firstSeenMs - startedMs) / dayMs),
    untilDays: (untilMs - startedMs) / dayMs,
    crashed: crashMs !== null,
  };
}

/**
 * Crashes and host-days before and after a change. With a date and a fact, what runs after the date
 * without the fact is left out: it is not changed, and its days may differ from those before.
 */
export function exposuresOf(
  boots: readonly WatchedBoot[],
  meant: CrashesMeant,
  { sinceMs, fact }: Change,
): { readonly before: Side; readonly after: Side; readonly leftOutDays: number } {
  const sides = { before: newSide(), after: newSide(), leftOut: newSide() };
  for (const boot of boots) {
    const has = fact === null || boot.facts[fact.name] === fact.value;
    const crashMs = crashMsOf(boot, meant);
    const fromMs = boot.firstSeenMs;
    const untilMs = Math.max(fromMs, crashMs ?? endOf(boot));
    const turnMs = sinceMs ?? (has ? fromMs : untilMs);
    const parts = [
      { side: sides.before, fromMs, untilMs: Math.min(untilMs, turnMs) },
      { side: has ? sides.after : sides.leftOut, fromMs: Math.max(fromMs, turnMs), untilMs },
    ];
    for (const part of parts) {
      if (part.untilMs <= part.fromMs) continue;
      part.side.days += (part.untilMs - part.fromMs) / dayMs;
      if (crashMs === part.untilMs) {
        part.side.crashes.set(boot.host, (part.side.crashes.get(boot.host) ?? 0) + 1);
      }
    }
  }
  return {
    ...{ before: sideOf(sides.before), after: sideOf(sides.after) },
    leftOutDays: sides.leftOut.days,
  };
}

/**
 * Hosts and whether they crashed, each with the facts of its first boot that crashed, else of its
 * newest: boots of one host are one question here, since they are not independent.
 */
export function hostRecordsOf(
  boots: readonly WatchedBoot[],
  meant: CrashesMeant,
): readonly HostRecord[] {
  return [...Map.groupBy(boots, ({ host }) => host)].flatMap(([host, own]) => {
    const inOrder = own.toSorted((a, b) => a.startedMs - b.startedMs);
    const crashed = inOrder.find((boot) => crashMsOf(boot, meant) !== null);
    const told = crashed ?? inOrder.at(-1);
    return told === undefined ? [] : [{ host, crashed: crashed !== undefined, facts: told.facts }];
  });
}

function endOf({ ended, lastSeenMs }: WatchedBoot): number {
  return ended?.atMs ?? lastSeenMs;
}

function newSide(): { days: number; readonly crashes: Map<string, number> } {
  return { days: 0, crashes: new Map() };
}

function sideOf({ days, crashes }: ReturnType<typeof newSide>): Side {
  return {
    ...{ hostDays: days, crashesByHost: Object.fromEntries(crashes) },
    crashes: [...crashes.values()].reduce((sum, count) => sum + count, 0),
  };
}
