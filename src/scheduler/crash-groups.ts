import { alike } from '../crash/alike.ts';
import { bootsOfReports } from '../crash/boot.ts';
import {
  type CrashGroup,
  type CrashGroups,
  type GroupRules,
  group,
  noGroups,
  placeOf,
  rateOf,
} from '../crash/group.ts';
import type { SplitKey } from '../crash/split-keys.ts';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type {
  CrashDecisionRequest,
  CrashGroupDetail,
  CrashGroupView,
} from '../protocol/crash-group-views.ts';
import type { BootStore } from '../store/boot-store.ts';
import type { Crash, CrashStore } from '../store/crash-store.ts';
import type { CrashDecision, DecisionStore } from '../store/decision-store.ts';
import type { LogWindowStore } from '../store/log-window-store.ts';

const batchMax = 500;
const bootsMax = 50_000;
const membersMax = 100;
const alikeMax = 20;

export interface CrashGroupsParts {
  readonly store: {
    readonly crashes: CrashStore;
    readonly decisions: DecisionStore;
    readonly boots: BootStore;
    readonly logWindows: LogWindowStore;
  };
  readonly clock: Clock;
}

/** A stored report in its group. */
interface Member {
  readonly crash: Crash;
  readonly boot: string | null;
  readonly group: string;
  readonly because: readonly string[];
}

interface Reading {
  readonly groups: CrashGroups;
  /** In the order in which they were stored. */
  readonly members: readonly Member[];
  readonly decisions: readonly CrashDecision[];
}

/** Groups of the stored reports, as the fingerprint and people's decisions make them. */
export class CrashGroupsBook {
  readonly parts: CrashGroupsParts;

  constructor(parts: CrashGroupsParts) {
    this.parts = parts;
  }

  /** All groups with their members, made anew from what is stored: decisions change no report. */
  async read(): Promise<Reading> {
    const [crashes, decisions, boots] = await Promise.all([
      this.#crashes(),
      this.parts.store.decisions.list({ withUndone: false }),
      this.parts.store.boots.list({ host: null, limit: bootsMax }),
    ]);
    const rules = rulesOf(decisions);
    const bootOf = bootsOfReports(
      boots,
      crashes.map(({ id, host, atMs, boot, report: { uptimeSeconds } }) => ({
        ...{ id, host, atMs, uptimeSeconds, bootId: boot },
      })),
    );
    const sightings = crashes.map(({ id, host, atMs, report }) => ({
      ...{ id: String(id), host, atMs, report, bootId: bootOf.get(id) ?? null },
    }));
    const members = sightings.flatMap((sighting, index) => {
      const crash = crashes[index];
      if (crash === undefined) return [];
      const { id, because } = placeOf(sighting, rules);
      return [{ crash, boot: sighting.bootId, group: id, because }];
    });
    let groups = noGroups;
    for (let at = 0; at < sightings.length; at += batchMax) {
      groups = group(groups, sightings.slice(at, at + batchMax), rules);
      // Who keeps leases must not wait for ten thousand reports.
      await this.parts.clock.sleep(0);
    }
    return { groups, members, decisions };
  }

  /** The latest seen first. */
  async list(): Promise<readonly CrashGroupView[]> {
    const { groups, members } = await this.read();
    const nowMs = this.parts.clock.wallMs();
    const latest = new Map(members.map((member) => [member.group, member.crash]));
    return [...groups.groups.values()]
      .toSorted((a, b) => b.lastSeenMs - a.lastSeenMs)
      .flatMap((one) => {
        const crash = latest.get(one.id);
        return crash === undefined ? [] : [viewGroup(one, crash, nowMs)];
      });
  }

  /** @throws BridgeheadError NOT_FOUND */
  async show(id: string): Promise<CrashGroupDetail> {
    const reading = await this.read();
    const one = groupIn(reading, id);
    const own = reading.members.filter((member) => member.group === id).toReversed();
    const [latest] = own;
    if (latest === undefined) throw noGroup(reading, id);
    const pairs = alike(reading.groups).filter(({ groups }) => groups.includes(id));
    const title = (other: string) => reading.groups.groups.get(other)?.title ?? '';
    const others = pairs.slice(0, alikeMax).map(({ groups: [a, b], why }) => {
      const other = a === id ? b : a;
      return { id: other, title: title(other), why };
    });
    const reports = new Set(own.map(({ crash }) => String(crash.id)));
    return {
      ...viewGroup(one, latest.crash, this.parts.clock.wallMs()),
      members: own.slice(0, membersMax).map(({ crash, boot, because }) => ({
        ...{ id: crash.id, atMs: crash.atMs, host: crash.host, boot },
        ...{ release: crash.report.release, process: crash.report.process },
        because: because.slice(-1).join(),
      })),
      alike: others,
      decisions: reading.decisions.filter(({ kind, subject, target }) =>
        kind === 'assign'
          ? reports.has(subject)
          : [subject, target].includes(id) || id.startsWith(`${subject}/`),
      ),
    };
  }

  /**
   * Decides something about groups.
   *
   * @throws BridgeheadError NOT_FOUND, REQUEST_INVALID where it says nothing, goes round in a circle, or
   * another decision stands in its way
   */
  async decide(request: CrashDecisionRequest, who: string): Promise<CrashDecision> {
    const reading = await this.read();
    const { kind, reason } = request;
    const decided = { atMs: this.parts.clock.wallMs(), who, reason, kind, undone: null };
    const words = wordsOf(request);
    this.#check(reading, request);
    const id = await this.parts.store.decisions.add({ ...decided, ...words });
    if (id !== null) return { id, ...decided, ...words };
    const standing = reading.decisions.find(
      (one) => one.kind === kind && one.subject === words.subject,
    );
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `decision ${standing?.id ?? ''} stands already: ${kind} ${words.subject} ${standing?.target ?? ''}`,
      `Take it back first: bridgehead crash undo ${standing?.id ?? 'ID'} --reason WHY`,
    );
  }

  /** Takes a decision back: everything is as if it had not been. @throws BridgeheadError NOT_FOUND */
  async undo(id: number, reason: string, who: string): Promise<CrashDecision> {
    const undone = { atMs: this.parts.clock.wallMs(), who, reason };
    const wasDone = await this.parts.store.decisions.undo(id, undone);
    const all = await this.parts.store.decisions.list({ withUndone: true });
    const decision = all.find((one) => one.id === id);
    if (wasDone && decision !== undefined) return decision;
    throw new BridgeheadError(
      'NOT_FOUND',
      decision === undefined
        ? `decision ${id} does not exist`
        : `decision ${id} was taken back already by ${decision.undone?.who ?? ''}`,
      'See which stand: bridgehead crash decisions',
    );
  }

  /** In the order in which they were made. */
  decisions(withUndone: boolean): Promise<readonly CrashDecision[]> {
    return this.parts.store.decisions.list({ withUndone });
  }

  #check(reading: Reading, request: CrashDecisionRequest): void {
    if (request.kind === 'split') {
      groupIn(reading, request.group);
      return;
    }
    groupIn(reading, request.into);
    if (request.kind === 'assign') {
      const member = reading.members.find(({ crash }) => crash.id === request.report);
      if (member === undefined) {
        throw new BridgeheadError(
          'NOT_FOUND',
          `crash report ${request.report} does not exist`,
          'See which there are: bridgehead crash list',
        );
      }
      if (member.group === request.into) {
        throw new BridgeheadError(
          'REQUEST_INVALID',
          `crash report ${request.report} is in ${request.into} already`,
          'Name the group that it belongs to.',
        );
      }
      return;
    }
    groupIn(reading, request.group);
    if (request.group === request.into || leadsBack(reading, request.group, request.into)) {
      throw new BridgeheadError(
        'REQUEST_INVALID',
        `${request.group} cannot be merged into ${request.into}: that leads back to itself`,
        'Merge into a group that is not made of this one.',
      );
    }
  }

  async #crashes(): Promise<readonly Crash[]> {
    const all: Crash[] = [];
    for (;;) {
      const next = await this.parts.store.crashes.walk(all.at(-1)?.id ?? 0, batchMax);
      all.push(...next);
      if (next.length < batchMax) return all;
    }
  }
}

/** What stands, as the fold takes it. */
export function rulesOf(decisions: readonly CrashDecision[]): GroupRules {
  const of = (kind: CrashDecision['kind']) => decisions.filter((one) => one.kind === kind);
  const why = ({ reason, who }: CrashDecision) => `${reason} (${who})`;
  return {
    merges: of('merge').map((one) => ({ from: one.subject, into: one.target, why: why(one) })),
    splits: of('split').map((one) => ({
      ...{ group: one.subject, by: one.target as SplitKey, why: why(one) },
    })),
    overrides: of('assign').map((one) => ({
      ...{ sighting: one.subject, into: one.target, why: why(one) },
    })),
  };
}

function wordsOf(request: CrashDecisionRequest): { subject: string; target: string } {
  switch (request.kind) {
    case 'merge':
      return { subject: request.group, target: request.into };
    case 'split':
      return { subject: request.group, target: request.by };
    case 'assign':
      return { subject: String(request.report), target: request.into };
  }
}

function leadsBack({ decisions }: Reading, group: string, into: string): boolean {
  const next = new Map(
    decisions.filter(({ kind }) => kind === 'merge').map((one) => [one.subject, one.target]),
  );
  const visited = new Set<string>();
  for (let at: string | undefined = into; at !== undefined; at = next.get(at)) {
    // Of a group that was split into this one, the merge would come round by the split.
    if (at === group || visited.has(at) || at.startsWith(`${group}/`)) return true;
    visited.add(at);
  }
  return false;
}

function groupIn(reading: Reading, id: string): CrashGroup {
  const found = reading.groups.groups.get(id);
  if (found === undefined) throw noGroup(reading, id);
  return found;
}

function noGroup({ decisions }: Reading, id: string): BridgeheadError {
  const away = decisions.find((one) => one.kind !== 'assign' && one.subject === id);
  const next =
    away === undefined
      ? 'See which there are: bridgehead crash groups'
      : `Its reports are elsewhere by decision ${away.id} (${away.kind}, ${away.target}): bridgehead crash decisions`;
  return new BridgeheadError('NOT_FOUND', `there is no group ${id} of crash reports`, next);
}

function viewGroup(one: CrashGroup, latest: Crash, nowMs: number): CrashGroupView {
  const counts = (map: ReadonlyMap<string, number>) =>
    [...map]
      .map(([name, reports]) => ({ name, reports }))
      .toSorted((a, b) => b.reports - a.reports || (a.name < b.name ? -1 : 1));
  return {
    ...{ id: one.id, kind: one.kind, title: one.title, reports: one.count },
    ...{ firstSeenMs: one.firstSeenMs, lastSeenMs: one.lastSeenMs, boots: one.boots.size },
    ...{ hosts: counts(one.hosts), releases: counts(one.releases), because: [...one.because] },
    ...rateOf(one, nowMs),
    latest: structuredClone(latest) as CrashGroupView['latest'],
  };
}
