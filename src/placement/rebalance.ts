import type { HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { capacityOf, claimOf } from './capacity.ts';
import { type Candidate, explain } from './explain.ts';
import { byText } from './fleet-index.ts';
import type { PlacementInput } from './input.ts';

/** One move of a plan to even out the load. Loads are shares of the hosts' CPUs, 0 to 1 and more. */
export interface BalancingMove {
  readonly instanceId: InstanceId;
  readonly instance: InstanceName;
  readonly from: HostName;
  readonly to: HostName;
  readonly explanation: string;
}

/** A difference below this is not worth the move. Of a host's CPUs. */
const leastGain = 0.02;

/**
 * Moves that even out how much of their CPUs instances claim of hosts, the most loaded host first.
 * Each leaves the fuller of its two hosts clearly less loaded than it was, keeps every constraint and
 * spreads no service worse. Of a host's instances the least important goes first, since a move is
 * felt; among equals the smaller. What need not move is not moved. Pure, and the same for the same
 * snapshot in any order.
 *
 * @param movesMax the budget
 * @param skip instances that are left alone, such as those that an operation holds
 */
export function planRebalance(
  input: PlacementInput,
  movesMax: number,
  skip: ReadonlySet<InstanceId>,
): readonly BalancingMove[] {
  const moves: BalancingMove[] = [];
  const moved = new Set(skip);
  let now = input;
  while (moves.length < movesMax) {
    const move = bestMove(now, moved);
    if (move === null) break;
    moves.push(move);
    moved.add(move.instanceId);
    now = after(now, move);
  }
  return moves;
}

function bestMove(input: PlacementInput, skip: ReadonlySet<InstanceId>): BalancingMove | null {
  const loads = loadsOf(input);
  const fullest = [...loads].toSorted(([a, x], [b, y]) => y - x || byText(a, b));
  const hostOf = new Map(
    input.assignments.flatMap((one) => (one.granted ? [[one.instanceId, one.host] as const] : [])),
  );
  for (const [from, load] of fullest) {
    const here = input.instances
      .filter(({ id }) => hostOf.get(id) === from && !skip.has(id))
      .toSorted(
        (a, b) =>
          b.spec.tier - a.spec.tier ||
          a.spec.resources.cpus - b.spec.resources.cpus ||
          byText(a.spec.name, b.spec.name),
      );
    for (const instance of here) {
      const to = targetOf(input, loads, instance, from);
      if (to !== null) return moveOf(instance, from, load, to, loads);
    }
  }
  return null;
}

interface Target {
  readonly host: HostName;
  /** Its load with the instance. */
  readonly load: number;
}

function targetOf(
  input: PlacementInput,
  loads: ReadonlyMap<HostName, number>,
  instance: Instance,
  from: HostName,
): Target | null {
  const ceiling = (loads.get(from) ?? 0) - leastGain;
  const shares = sharesOf(input, instance);
  const couldDo = [...loads].some(
    ([host, load]) => host !== from && load + (shares.get(host) ?? 0) <= ceiling,
  );
  if (!couldDo) return null;
  const { candidates } = explain(input, instance.spec.name);
  const current = candidates.find(({ host }) => host === from);
  const least = current === undefined ? Number.NEGATIVE_INFINITY : spreadOf(current);
  let best: Target | null = null;
  for (const candidate of candidates) {
    const { host, fits } = candidate;
    if (!fits || host === from || spreadOf(candidate) < least) continue;
    const load = (loads.get(host) ?? Number.POSITIVE_INFINITY) + (shares.get(host) ?? 0);
    if (load <= ceiling && (best === null || load < best.load)) best = { host, load };
  }
  return best;
}

function moveOf(
  { id, spec }: Instance,
  from: HostName,
  load: number,
  to: Target,
  loads: ReadonlyMap<HostName, number>,
): BalancingMove {
  const explanation =
    `${from} has ${percent(load)} of its CPUs claimed, ${to.host} ${percent(loads.get(to.host) ?? 0)}, ` +
    `and ${percent(to.load)} with it`;
  return { instanceId: id, instance: spec.name, from, to: to.host, explanation };
}

// Of hosts that are there to give or to take.
function loadsOf({ hosts, instances, assignments }: PlacementInput): Map<HostName, number> {
  const known = new Map(instances.map((one) => [one.id, one]));
  const claimed = new Map<HostName, number>();
  for (const { instanceId, host } of assignments) {
    const instance = known.get(instanceId);
    if (instance === undefined) continue;
    const { milliCpus } = claimOf(instance.spec.resources);
    claimed.set(host, (claimed.get(host) ?? 0) + milliCpus);
  }
  return new Map(
    hosts.flatMap((host) => {
      const capacity = capacityOf(host);
      if (host.state !== 'ready' || capacity === null || capacity.cpus === 0) return [];
      return [[host.name, (claimed.get(host.name) ?? 0) / (capacity.cpus * 1_000)] as const];
    }),
  );
}

function sharesOf({ hosts }: PlacementInput, { spec }: Instance): ReadonlyMap<HostName, number> {
  return new Map(
    hosts.map((host) => {
      const capacity = capacityOf(host);
      const share =
        capacity === null ? Number.POSITIVE_INFINITY : spec.resources.cpus / capacity.cpus;
      return [host.name, share] as const;
    }),
  );
}

function spreadOf({ parts }: Candidate): number {
  return parts
    .filter(({ name }) => name.endsWith('spread'))
    .reduce((sum, { value }) => sum + value, 0);
}

function after(input: PlacementInput, { instanceId, to }: BalancingMove): PlacementInput {
  return {
    ...input,
    assignments: input.assignments.map((one) =>
      one.instanceId === instanceId ? { ...one, host: to } : one,
    ),
    standbys: input.standbys.filter((one) => one.instanceId !== instanceId || one.host !== to),
  };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
