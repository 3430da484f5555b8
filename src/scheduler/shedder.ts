import type { HostName, InstanceId } from '../domain/ids.ts';
import type { Assignment } from '../domain/model.ts';
import { instanceObject, type Operation } from '../domain/operation.ts';
import { isShedding, needyOf, sourceOf, startShedding, victimOf } from '../operations/shed.ts';
import type { PlacementInput } from '../placement/input.ts';
import { planShedding, type Shedding } from '../placement/shed.ts';
import type { FleetState } from '../store/store.ts';
import { whyDisarmed } from './detection.ts';
import { awaitsPlace, type PlacerParts } from './placer.ts';

/** How long an instance waits for a suspect or cordoned host with room before others give way. */
export const momentMs = 30_000;
/** How long a host on which a shedding came to nothing is left alone. */
const stubbornMs = 60_000;

/**
 * Begins to make room for instances that have no host, once placement has had its turn. It never
 * moves what has a host, however silent that is: only a failover takes an instance off one.
 */
export class Shedder {
  readonly #parts: PlacerParts;
  /** Since when, monotonic, instances are seen without a host. */
  #waitingSince: ReadonlyMap<InstanceId, number> = new Map();
  readonly #stubbornUntil = new Map<HostName, number>();

  constructor(parts: PlacerParts) {
    this.#parts = parts;
  }

  /** A shedding on the host has ended. */
  ended(host: HostName, isDone: boolean): void {
    if (isDone) this.#stubbornUntil.delete(host);
    else this.#stubbornUntil.set(host, this.#parts.clock.monotonicMs() + stubbornMs);
  }

  /**
   * While failover is disarmed nothing is told to give way: a person is at work on the fleet.
   *
   * @param waiting how many instances placement found no host for
   * @returns how many instances and standbys were told to give way
   */
  async shed(waiting: number): Promise<number> {
    if (waiting === 0) {
      this.#waitingSince = new Map();
      return 0;
    }
    const { store, clock, engine, hands, readFleet } = this.#parts;
    const [seen, seenOpen] = await readFleet((tx) => tx.openOperations());
    this.#note(seen);
    if (this.#plan(seen, seenOpen).length === 0) return 0;
    const begun = await store.transact(async (tx) => {
      if ((await whyDisarmed(tx)) !== null) return [];
      const fleet = await tx.fleet();
      const view = { fleet, observed: hands.observed.bind(hands) };
      const results: Operation[] = [];
      // What gives way in two places, here and as a standby there, does so one after the other.
      const taken = new Set<InstanceId>();
      for (const shedding of this.#plan(fleet, await tx.openOperations())) {
        const ids = shedding.victims.map(({ instance }) => instance.id);
        if (ids.some((id) => taken.has(id))) continue;
        for (const id of ids) taken.add(id);
        for (const victim of shedding.victims) {
          const start = startShedding(view, shedding, victim);
          const ask = { kind: 'shed' as const, args: start.args, who: 'scheduler' };
          results.push(await engine.begin(tx, { ...ask, reason: reasonOf(shedding) }, start));
        }
      }
      return results;
    });
    for (const operation of begun) engine.launch(operation);
    const nowMs = clock.monotonicMs();
    for (const [host, untilMs] of this.#stubbornUntil) {
      if (untilMs <= nowMs) this.#stubbornUntil.delete(host);
    }
    return begun.length;
  }

  #note(fleet: FleetState): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const assigned = new Set(fleet.assignments.map(({ instanceId }) => instanceId));
    const waiting = fleet.instances.flatMap(({ id }) => (assigned.has(id) ? [] : [id]));
    this.#waitingSince = new Map(
      waiting.map((id) => [id, this.#waitingSince.get(id) ?? nowMs] as const),
    );
  }

  #plan(fleet: FleetState, open: readonly Operation[]): readonly Shedding[] {
    const { clock, hands } = this.#parts;
    const nowMs = clock.monotonicMs();
    return planShedding(asIfDone(fleet, open), {
      busy: busyOf(fleet, open),
      isHeard: (host) =>
        hands.isConnected(host) && (this.#stubbornUntil.get(host) ?? nowMs) <= nowMs,
      hasWaited: (id) => nowMs - (this.#waitingSince.get(id) ?? nowMs) >= momentMs,
    });
  }
}

// Whoever has a host and is held stays there; whoever has none may be held by what waits for one.
function busyOf(
  { instances, assignments }: FleetState,
  open: readonly Operation[],
): ReadonlySet<InstanceId> {
  const assigned = new Set(assignments.map(({ instanceId }) => instanceId));
  const kinds = new Map(open.flatMap(({ kind, objects }) => objects.map((one) => [one, kind])));
  return new Set(
    instances.flatMap(({ id, spec }) => {
      const kind = kinds.get(instanceObject(spec.name));
      return kind === undefined || (awaitsPlace.has(kind) && !assigned.has(id)) ? [] : [id];
    }),
  );
}

/** The fleet as it will be once the sheddings that are under way have made their room. */
function asIfDone(fleet: FleetState, open: readonly Operation[]): PlacementInput {
  const under = open.filter(isShedding);
  if (under.length === 0) return fleet;
  const leaves = new Map(under.map((one) => [victimOf(one), sourceOf(one)]));
  const stays = (at: { readonly instanceId: InstanceId; readonly host: HostName }) =>
    leaves.get(at.instanceId) !== at.host;
  const known = new Set(fleet.instances.map(({ id }) => id));
  const placed = new Map(fleet.assignments.map((one) => [one.instanceId, one]));
  const comes = new Map(under.map((one) => [needyOf(one), sourceOf(one)]));
  const coming = [...comes].flatMap(([instanceId, host]): Assignment[] =>
    known.has(instanceId) && !placed.has(instanceId)
      ? [{ instanceId, host, epoch: 0 as Assignment['epoch'], granted: false }]
      : [],
  );
  return {
    ...fleet,
    assignments: [...fleet.assignments.filter(stays), ...coming],
    standbys: fleet.standbys.filter(stays),
  };
}

function reasonOf({ instance: { spec }, host }: Shedding): string {
  return `${spec.name}, tier ${spec.tier}, has no host and needs its room on ${host}`;
}
