import type { CrashReport } from '../crash/report.ts';
import type { FleetEvent, Tier } from '../domain/model.ts';
import { isOpen, type Operation } from '../domain/operation.ts';
import type { FactsThen, Move, ReportBrief, Shedding, Story } from './incident.ts';
import { timeLineOf } from './time-line.ts';

/** Of a host that reports in a loop, the first so many. */
const reportsMax = 20;
/** More than a host has room for. */
const movesMax = 2_000;
const shedsMax = 2_000;
/** How long before its first symptom what is said of a host is part of its incident. */
export const beforeMs = 60_000;
/** A kernel that lives on after a report has to do so for this long. */
export const settleMs = 60_000;

/** An instance as the fleet has it now. */
export interface SeenInstance {
  readonly id: string;
  readonly name: string;
  readonly tier: Tier;
  /** Where it is to be; null for nowhere. */
  readonly host: string | null;
  /** Whether its host shows it on the wire, under its newest epoch. */
  readonly isServing: boolean;
}

/** What a failover did with what its host held. */
export interface FailedOver {
  readonly operation: Operation;
  readonly held: readonly {
    readonly id: string;
    readonly name: string;
    /** Its standby's host; null where it had none and was placed anew. */
    readonly to: string | null;
    /** When the standby served; null where that was not seen in time. */
    readonly servedMs: number | null;
  }[];
}

/** Everything that is known of an incident. Times are wall-clock milliseconds. */
export interface IncidentFacts {
  readonly nowMs: number;
  readonly host: string;
  readonly crashes: readonly {
    readonly id: number;
    readonly firstMs: number;
    readonly atMs: number;
    readonly report: CrashReport;
  }[];
  readonly failover: FailedOver | null;
  /** Of kind `create` and `shed`, begun since its first symptom; others are left alone. */
  readonly operations: readonly Operation[];
  /** About the host, in the order they happened. */
  readonly events: readonly FleetEvent[];
  readonly instances: readonly SeenInstance[];
  /** Whether the host's agent is connected, and it is not held for dead. */
  readonly isHostReady: boolean;
}

/**
 * What an incident's facts come to.
 *
 * @param before what they came to last: when an instance was first seen to serve again is known from
 * there, where no operation says it
 */
export function foldIncident(before: Story, facts: IncidentFacts): Story {
  const { host, failover, nowMs } = facts;
  const reports = facts.crashes.slice(0, reportsMax).map(briefOf);
  const verdict = failover === null ? null : heldForDead(failover.operation);
  const firstBefore = Math.min(
    before.firstMs,
    ...reports.map(({ firstMs }) => firstMs),
    ...(verdict === null ? [] : [verdict.lastHeardMs ?? verdict.atMs]),
  );
  const events = facts.events.filter(({ atMs }) => atMs >= firstBefore - beforeMs);
  const words = events.findLast(({ kind }) => kind === 'host.last-words');
  const firstMs = Math.min(firstBefore, words?.atMs ?? firstBefore);
  const deathMs = verdict?.atMs ?? null;
  const returned = events.find(
    ({ kind, atMs }) => kind === 'host.returned' && deathMs !== null && atMs >= deathMs,
  );
  const moves = movesOf(before, facts).slice(0, movesMax);
  const sheds = shedsOf(before, facts, moves).slice(0, shedsMax);
  const draft: Story = {
    ...{ firstMs, facts: before.facts, reports, verdict, moves, sheds },
    lastWords: words?.message ?? before.lastWords,
    returnedMs: returned?.atMs ?? before.returnedMs,
    ...{ servedMs: null, timeLine: [] },
  };
  const story = { ...draft, servedMs: before.servedMs ?? servedMs(draft, facts, nowMs) };
  return { ...story, timeLine: timeLineOf(story, { host, failover, events }) };
}

/** A story of which nothing is known but when it began and what was running. */
export function storyBegun(
  firstMs: number,
  facts: FactsThen | null,
  running: readonly SeenInstance[],
): Story {
  return {
    ...{ firstMs, facts, reports: [], lastWords: null, verdict: null, sheds: [] },
    moves: running.slice(0, movesMax).map(
      ({ id, name, tier, host }): Move => ({
        ...{ id, instance: name, tier, how: 'stays', to: host, servedMs: null, isGone: false },
      }),
    ),
    ...{ returnedMs: null, servedMs: null, timeLine: [] },
  };
}

function briefOf({ id, firstMs, atMs, report }: IncidentFacts['crashes'][number]): ReportBrief {
  const { kind, title, release, fingerprint, lines } = report;
  const head = (lines[0] ?? '').slice(0, 500);
  return { id, firstMs, atMs, kind, title, head, release, fingerprint: fingerprint.id };
}

function heldForDead({ id, requestedMs, observed }: Operation): NonNullable<Story['verdict']> {
  const time = (name: string) => {
    const value = observed?.[name];
    return typeof value === 'number' ? value : null;
  };
  const reasons = observed?.['reasons'];
  return {
    ...{ operationId: id, atMs: requestedMs },
    ...{ lastHeardMs: time('lastHeardMs'), silencedMs: time('silencedMs') },
    reasons: typeof reasons === 'string' && reasons !== '' ? reasons.split('\n') : [],
  };
}

function movesOf(before: Story, facts: IncidentFacts): Move[] {
  const { failover, operations, instances, nowMs } = facts;
  const known = new Map(before.moves.map((move) => [move.id, move]));
  const seen = new Map(instances.map((one) => [one.id, one]));
  const heldBy = failover?.held ?? [];
  const held = new Map(heldBy.map((one) => [one.id, one]));
  const names = [
    ...heldBy.map(({ id, name }) => ({ id, name })),
    // What stood there when the host's kernel complained, and was moved by nobody.
    ...before.moves.flatMap(({ id, instance: name }) => (held.has(id) ? [] : [{ id, name }])),
  ];
  const deathMs = failover?.operation.requestedMs ?? Number.POSITIVE_INFINITY;
  return names.map(({ id, name }) => {
    const taken = held.get(id);
    const now = seen.get(id);
    const was = known.get(id);
    const how = taken === undefined ? 'stays' : taken.to === null ? 'placed' : 'standby';
    const created = operations.findLast(
      (one) => isBirth(one, name) && one.requestedMs >= deathMs && one.state === 'done',
    );
    return {
      ...{ id, instance: name, tier: now?.tier ?? was?.tier ?? null, how },
      to: now?.host ?? null,
      servedMs:
        how === 'stays'
          ? null
          : (taken?.servedMs ?? created?.endedMs ?? was?.servedMs ?? seenServing(now, nowMs)),
      isGone: now === undefined,
    };
  });
}

// What no operation says is known to within the time between two looks.
function seenServing(now: SeenInstance | undefined, nowMs: number): number | null {
  return now?.isServing === true ? nowMs : null;
}

function isBirth({ kind, args }: Operation, name: string): boolean {
  return kind === 'create' && args['instance'] === name;
}

// Who gave way to what the host held, and who gave way to those in turn.
function shedsOf(
  before: Story,
  { operations, instances, failover, nowMs }: IncidentFacts,
  moves: readonly Move[],
): Shedding[] {
  if (failover === null) return [];
  const known = new Map(before.sheds.map((one) => [one.operationId, one]));
  const seen = new Map(instances.map((one) => [one.id, one]));
  const needy = new Set(moves.flatMap(({ id, how }) => (how === 'placed' ? id : [])));
  const sheds: Shedding[] = [];
  for (const operation of operations.toSorted((a, b) => a.requestedMs - b.requestedMs)) {
    const { kind, args, id: operationId, state, requestedMs } = operation;
    if (kind !== 'shed' || !needy.has(String(args['forId']))) continue;
    const id = String(args['instanceId']);
    const instance = String(args['instance']);
    const role = args['role'] === 'standby' ? 'standby' : 'active';
    if (role === 'active' && state === 'done') needy.add(id);
    const now = seen.get(id);
    const isBack = role === 'active' && state === 'done' && now !== undefined && now.host !== null;
    const created = operations.find(
      (one) =>
        isBirth(one, instance) &&
        one.requestedMs >= (operation.endedMs ?? requestedMs) &&
        one.state === 'done',
    );
    const was = known.get(operationId);
    sheds.push({
      ...{ operationId, id, instance, role, state, from: String(args['source']) },
      tier: now?.tier ?? was?.tier ?? null,
      forInstance: String(args['for']),
      forTier: Number(args['forTier']) as Tier,
      atMs: operation.endedMs ?? requestedMs,
      to: isBack ? now.host : null,
      servedMs: isBack ? (created?.endedMs ?? was?.servedMs ?? seenServing(now, nowMs)) : null,
    });
  }
  return sheds;
}

// Null while anything that the host held, or that gave way to it, does not answer.
function servedMs(story: Story, facts: IncidentFacts, nowMs: number): number | null {
  const seen = new Map(facts.instances.map((one) => [one.id, one]));
  const { failover } = facts;
  if (failover !== null && isOpen(failover.operation)) return null;
  const gaveWay = story.sheds.filter(({ role, state }) => role === 'active' && state === 'done');
  if (story.sheds.some(({ state }) => state === 'running' || state === 'queued')) return null;
  const concerned = [...story.moves, ...gaveWay];
  // What nobody wants any more is missed by nobody.
  const wanted = concerned.filter(({ id }) => seen.has(id));
  if (!wanted.every(({ id }) => seen.get(id)?.isServing === true)) return null;
  if (story.verdict !== null) {
    return Math.max(story.verdict.atMs, ...wanted.map((one) => one.servedMs ?? 0));
  }
  const lastMs = Math.max(story.firstMs, ...story.reports.map(({ atMs }) => atMs));
  return facts.isHostReady && nowMs - lastMs >= settleMs ? nowMs : null;
}
