import type { Timings } from '../detection/timings.ts';
import type { Clock } from '../domain/clock.ts';
import type { HostName } from '../domain/ids.ts';
import type { Fence } from '../domain/model.ts';
import { hostObject, instanceObject } from '../domain/operation.ts';
import type { FleetState, Store } from '../store/store.ts';
import type { Agents } from './agents.ts';
import { desiredStates } from './desired-state.ts';
import type { Detector } from './detector.ts';

export interface DeadHostsParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly timings: Timings;
  readonly agents: Agents;
  readonly detector: Detector;
  /** What has no host is to be placed. */
  readonly onFailover: () => void;
}

/** A fence that this scheduler has seen. */
interface Noted {
  /** When it was made, by wall clocks. */
  readonly atMs: number;
  /** Of after that. */
  readonly revision: number;
  /** When it was seen, monotonic. */
  readonly notedMs: number;
}

/** What becomes of hosts that are held for dead, after their failover. */
export class DeadHosts {
  readonly #parts: DeadHostsParts;
  readonly #fenced = new Map<HostName, Noted>();

  constructor(parts: DeadHostsParts) {
    this.#parts = parts;
  }

  /**
   * Leaves what they still hold to placement, and takes back those that have let go of all.
   *
   * @param fleet as it was read with `fences`
   * @returns how many are of the fleet again
   */
  async seeTo(fleet: FleetState, fences: readonly Fence[]): Promise<number> {
    await this.#noteFences(fences);
    await this.#strand(fleet, fences);
    return this.#takeBack(fleet, fences);
  }

  // A failover leaves what has no standby to placement once the last lease has run out. Where it was
  // itself given up before that, or something else was at work on an instance, that is done here.
  async #strand(fleet: FleetState, fences: readonly Fence[]): Promise<void> {
    const { store, clock, timings, onFailover } = this.#parts;
    const sinceMs = clock.monotonicMs() - timings.leaseMs - timings.marginMs;
    const isSilenced = ({ host, atMs }: Fence) => {
      const noted = this.#fenced.get(host);
      return noted?.atMs === atMs && noted.notedMs <= sinceMs;
    };
    const dead = new Set(fences.flatMap((fence) => (isSilenced(fence) ? fence.host : [])));
    if (!fleet.assignments.some(({ host }) => dead.has(host))) return;
    await store.transact(async (tx) => {
      const stillDead = new Set(
        (await tx.fences()).flatMap((one) => (isSilenced(one) ? one.host : [])),
      );
      const busy = new Set((await tx.openOperations()).flatMap(({ objects }) => objects));
      const { assignments, instances } = await tx.fleet();
      const names = new Map(instances.map(({ id, spec }) => [id, spec.name]));
      for (const { instanceId: id, host } of assignments) {
        const name = names.get(id);
        if (!stillDead.has(host) || name === undefined || busy.has(instanceObject(name))) continue;
        await tx.deleteLeaving(id, await tx.lastEpoch(id));
        await tx.deleteAssignment(id);
      }
    });
    onFailover();
  }

  // A host that was held for dead is one of the fleet again when it has taken in that it holds
  // nothing any more, and shows that nothing of it is on the wire.
  async #takeBack(fleet: FleetState, fences: readonly Fence[]): Promise<number> {
    const { store, agents, clock } = this.#parts;
    const here = fences.flatMap(({ host }) => (agents.isConnected(host) ? host : []));
    if (here.length === 0) return 0;
    const desired = desiredStates(here, fleet, new Map());
    const held = new Set(fleet.assignments.map(({ host }) => host));
    const clean = here.filter(
      (host) =>
        !held.has(host) &&
        !this.#isStillSilenced(host) &&
        agents.hasTakenAfter(host, this.#revisionOf(host), desired.get(host) ?? []) &&
        agents.observations(host).every(({ instance }) => !instance.linkUp),
    );
    for (const host of clean) {
      await store.transact(async (tx) => {
        // Another scheduler may have taken it back, and it may have died again since.
        const atMs = (await tx.fences()).find((one) => one.host === host)?.atMs;
        if (atMs === undefined || atMs !== this.#fenced.get(host)?.atMs) return;
        await tx.deleteFence(host);
        const message = 'is back: nothing that it held before is on the wire';
        const event = { kind: 'host.returned', object: hostObject(host), message };
        await tx.addEvent({ atMs: clock.wallMs(), ...event });
      });
    }
    return clean.length;
  }

  // Its witnesses let nothing of it through yet: what it were given would be failed over at once.
  // One that is gone itself will not say anything else.
  #isStillSilenced(host: HostName): boolean {
    const { agents, detector } = this.#parts;
    if (detector.verdict(host).state !== 'silenced') return false;
    return detector.silentTo(host).some((witness) => agents.isConnected(witness));
  }

  // Whatever a host takes of a later revision than this was made when its fence stood.
  async #noteFences(fences: readonly Fence[]): Promise<void> {
    const isNoted = ({ host, atMs }: Fence) => this.#fenced.get(host)?.atMs === atMs;
    if (fences.every(isNoted)) return;
    const revision = await this.#parts.store.transact((tx) => tx.nextRevision());
    const notedMs = this.#parts.clock.monotonicMs();
    for (const fence of fences) {
      if (!isNoted(fence)) this.#fenced.set(fence.host, { atMs: fence.atMs, revision, notedMs });
    }
  }

  #revisionOf(host: HostName): number {
    return this.#fenced.get(host)?.revision ?? Number.POSITIVE_INFINITY;
  }
}
