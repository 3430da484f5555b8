import type { Clock } from '../domain/clock.ts';
import type { HostName } from '../domain/ids.ts';
import type { Host } from '../domain/model.ts';
import { hostObject } from '../domain/operation.ts';
import { advanced, joined, opened } from '../incidents/advance.ts';
import { type FailedOver, foldIncident, type SeenInstance } from '../incidents/fold.ts';
import type { FactsThen, Incident } from '../incidents/incident.ts';
import { type Cause, joins, keyOf, opensIncident, type PresentBoot } from '../incidents/joining.ts';
import { failoverOutcome } from '../operations/failover.ts';
import type { FleetState, Store, Transaction } from '../store/store.ts';
import type { Agents } from './agents.ts';

/** In one pass; the rest comes in the next. */
const causesMax = 100;
const followedMax = 500;
const reportsMax = 20;
const operationsMax = 5_000;
const eventsMax = 200;
/** How often one is looked at of which all is served: its host may be back, a report may be late. */
const quietPeriodMs = 30_000;
/** By how much the wall clocks of two schedulers may differ. */
const skewMs = 5_000;

export interface IncidentKeeperParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly session: () => string;
  readonly agents: Pick<Agents, 'isConnected' | 'observed'>;
}

/**
 * Opens incidents for crash reports and failovers, and follows them until all is served again. Of
 * several schedulers one does it; that each cause has one incident is a rule of the store.
 */
export class IncidentKeeper {
  readonly #parts: IncidentKeeperParts;
  /** When each was looked at last, monotonic. */
  readonly #lookedMs = new Map<number, number>();

  constructor(parts: IncidentKeeperParts) {
    this.#parts = parts;
  }

  /** @returns what it did, in a few words */
  async sync(): Promise<string> {
    const { store, clock, session } = this.#parts;
    const { sessions, causes, followed } = await store.transact(
      async (tx) => ({
        sessions: await tx.sessions(),
        causes: await tx.newCauses(causesMax),
        followed: await tx.incidents({ isFollowed: true, limit: followedMax }),
      }),
      'snapshot',
    );
    const [first] = sessions.flatMap(({ id, isAlive }) => (isAlive ? id : [])).toSorted();
    if (first !== session()) return 'another scheduler follows incidents';
    const nowMs = clock.monotonicMs();
    const due = followed.flatMap(({ id, state }) => {
      const lookedMs = this.#lookedMs.get(id) ?? Number.NEGATIVE_INFINITY;
      return state === 'open' || nowMs - lookedMs >= quietPeriodMs ? id : [];
    });
    const changed = new Set(due);
    if (causes.length > 0) {
      const fleet = await store.transact((tx) => tx.fleet(), 'snapshot');
      for (const cause of causes) {
        const id = await this.#take(cause, fleet);
        if (id !== null) changed.add(id);
      }
      await store.transact((tx) => tx.forgetCauses(), 'rows');
    }
    for (const id of changed) await this.#follow(id);
    const ids = new Set([...followed.map(({ id }) => id), ...changed]);
    for (const id of this.#lookedMs.keys()) if (!ids.has(id)) this.#lookedMs.delete(id);
    return `${causes.length} new causes, looked at ${changed.size} of ${ids.size} incidents`;
  }

  /** @returns the incident that the cause belongs to; null for none */
  async #take(cause: Cause, fleet: FleetState): Promise<number | null> {
    const { store, clock } = this.#parts;
    const host = fleet.hosts.find(({ name }) => name === cause.host);
    const nowMs = clock.wallMs();
    const take = async (tx: Transaction): Promise<number | null> => {
      const [newest] = await tx.incidents({ host: cause.host, limit: 1 });
      const failoverId = cause.kind === 'failover' ? cause.id : null;
      if (newest !== undefined && joins(cause, newest, presentBoot(host))) {
        if (!(await tx.claimCause(keyOf(cause), newest.id))) return null;
        await tx.putIncident(joined(newest, failoverId));
        if (failoverId !== null) await tellOpened(tx, newest.id, cause, nowMs);
        return newest.id;
      }
      // Whoever can forge a host's name must not fill the list.
      if (host === undefined || !opensIncident(cause)) {
        await tx.claimCause(keyOf(cause), null);
        return null;
      }
      const running = cause.kind === 'crash' ? seenOn(fleet, host.name) : [];
      const fresh = opened(host.name, { nowMs, atMs: cause.atMs, facts: factsOf(host), running });
      const id = await tx.addIncident({ ...fresh, failoverId });
      if (!(await tx.claimCause(keyOf(cause), id))) throw new Claimed();
      await tellOpened(tx, id, cause, nowMs);
      return id;
    };
    try {
      return await store.transact(take);
    } catch (error) {
      if (error instanceof Claimed) return null;
      throw error;
    }
  }

  async #follow(id: number): Promise<void> {
    const { store, clock } = this.#parts;
    this.#lookedMs.set(id, clock.monotonicMs());
    const known = await store.transact((tx) => tx.incident(id), 'snapshot');
    if (known === null) return;
    const object = hostObject(known.host as HostName);
    const events = await store.events({ object, limit: eventsMax });
    const read = await store.transact((tx) => this.#read(tx, known), 'snapshot');
    const nowMs = clock.wallMs();
    const { host, isAway, ...facts } = read;
    const advance = (incident: Incident) => {
      const all = { ...facts, nowMs, host: incident.host, events, isHostReady: host === 'ready' };
      return advanced(incident, foldIncident(incident.story, all), isAway, nowMs);
    };
    if (JSON.stringify(advance(known)) === JSON.stringify(known)) return;
    await store.transact(async (tx) => {
      const incident = await tx.incident(id);
      // A cause that joined meanwhile is not among these facts: the next pass has it.
      if (incident === null || incident.failoverId !== known.failoverId) return;
      const next = advance(incident);
      await tx.putIncident(next);
      if (next.state === incident.state) return;
      const tookS = ((next.story.servedMs ?? nowMs) - next.story.firstMs) / 1_000;
      const message =
        `incident ${id}: all that it held is served, ${tookS.toFixed(1)} s after the first ` +
        `symptom (bridgehead incident show ${id})`;
      await tx.addEvent({ atMs: nowMs, kind: 'incident.recovered', object, message });
    });
  }

  async #read(tx: Transaction, { id, host: name, failoverId, story }: Incident) {
    const fleet = await tx.fleet();
    const operation = failoverId === null ? null : await tx.operation(failoverId);
    const failover: FailedOver | null =
      operation === null ? null : { operation, held: failoverOutcome(operation) };
    const operations =
      operation === null
        ? []
        : await tx.operations({
            ...{ kinds: ['create', 'shed'], limit: operationsMax },
            sinceMs: operation.requestedMs - skewMs,
          });
    const ids = new Set<string>([
      ...story.moves.map((move) => move.id),
      ...(failover?.held.map((one) => one.id) ?? []),
      ...operations.flatMap(({ kind, args }) =>
        kind === 'shed' ? String(args['instanceId']) : [],
      ),
    ]);
    const host = fleet.hosts.find((one) => one.name === name)?.state ?? null;
    return {
      ...{ failover, operations, host, isAway: host === 'dead' },
      crashes: await tx.crashesOf(id, reportsMax),
      instances: await this.#seen(tx, fleet, ids),
    };
  }

  async #seen(
    tx: Transaction,
    fleet: FleetState,
    ids: ReadonlySet<string>,
  ): Promise<readonly SeenInstance[]> {
    const { agents } = this.#parts;
    const ready = new Set(
      fleet.hosts.flatMap(({ name, state }) => (state === 'ready' ? name : [])),
    );
    const held = new Map(fleet.assignments.map((one) => [one.instanceId, one]));
    const seen: SeenInstance[] = [];
    for (const { id, spec } of fleet.instances) {
      if (!ids.has(id)) continue;
      const to = held.get(id) ?? null;
      const last =
        to === null || !ready.has(to.host)
          ? null
          : agents.isConnected(to.host)
            ? agents.observed(to.host, id)
            : await tx.observation(to.host, id);
      const isServing =
        to?.granted === true && last?.phase === 'serving' && last.epoch === to.epoch;
      seen.push({ id, name: spec.name, tier: spec.tier, host: to?.host ?? null, isServing });
    }
    return seen;
  }
}

/** Another scheduler was faster: its incident is the one. */
class Claimed extends Error {}

async function tellOpened(tx: Transaction, id: number, cause: Cause, atMs: number): Promise<void> {
  const why = cause.kind === 'failover' ? 'it is held for dead' : `crash report ${cause.id}`;
  const message = `incident ${id}: ${why} (bridgehead incident show ${id})`;
  const object = hostObject(cause.host as HostName);
  await tx.addEvent({ atMs, kind: 'incident.opened', object, message });
}

function seenOn(fleet: FleetState, host: HostName): readonly SeenInstance[] {
  const held = new Set(
    fleet.assignments.flatMap((one) => (one.host === host ? one.instanceId : [])),
  );
  return fleet.instances
    .filter(({ id }) => held.has(id))
    .map(({ id, spec: { name, tier } }) => ({ id, name, tier, host, isServing: false }));
}

function presentBoot(host: Host | undefined): PresentBoot | null {
  const { facts = null, lastSeenMs = null } = host ?? {};
  if (facts === null) return null;
  return {
    id: facts.bootId,
    atMs: lastSeenMs === null ? null : lastSeenMs - facts.uptimeS * 1_000,
  };
}

function factsOf({ facts, zone, rack, labels }: Host): FactsThen | null {
  if (facts === null) return null;
  const { kernel, docker, agentVersion: agent, bootId, uptimeS, cpus, memoryMib } = facts;
  const nics = facts.nics.map(({ name, driver }) => `${name} (${driver})`);
  return { kernel, docker, agent, bootId, uptimeS, cpus, memoryMib, nics, zone, rack, labels };
}
