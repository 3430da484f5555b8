import type { Capacity, Instance, Tier } from '../domain/model.ts';
import type { Claim } from './capacity.ts';
import { byText } from './fleet-index.ts';

/** An instance that runs on a host, or has its standby there. */
export interface Holding {
  readonly instance: Instance;
  readonly role: 'active' | 'standby';
  readonly claim: Claim;
}

/** What a claim lacks on a host, in each kind of room; nothing is below 0. */
type Lack = Claim;

/**
 * True where a holding may give way to an instance of that tier: what runs only where it matters
 * less, a standby also where it matters as much, since it serves nobody. Nothing of tier 0 does.
 */
export function mayGiveWay({ instance: { spec }, role }: Holding, tier: Tier): boolean {
  return spec.tier > tier || (role === 'standby' && spec.tier === tier && tier > 0);
}

/**
 * How much is lost with a holding: the higher, the less. Standbys before what runs, and of each
 * tier 3 before 2 before 1.
 */
function rankOf({ instance, role }: Holding): number {
  return instance.spec.tier + (role === 'standby' ? 4 : 0);
}

const ranks = [1, 2, 3, 5, 6, 7];

/** How many of each rank are lost, the worst first, then how much memory they have. */
export type Loss = readonly number[];

/** What the loss of them all amounts to, for {@link compareLosses}. */
export function lossOf(victims: readonly Holding[]): Loss {
  const memoryMib = victims.reduce((sum, { claim }) => sum + claim.memoryMib, 0);
  return [...ranks.map((rank) => victims.filter((one) => rankOf(one) === rank).length), memoryMib];
}

/** Negative where `a` loses less. */
export function compareLosses(a: Loss, b: Loss): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/**
 * Whom to take off a host so that a claim has room there: the least important first, of equal ones
 * those that help most, and none that is not needed.
 *
 * @param holdings those that may give way
 * @returns null where all of them together do not make room enough
 */
export function victimsFor(
  claim: Claim,
  used: Claim,
  capacity: Capacity,
  holdings: readonly Holding[],
): readonly Holding[] | null {
  const lack = lackOf(claim, used, capacity);
  if (!isCovered(lack, holdings)) return null;
  const chosen: Holding[] = [];
  let left = [...holdings];
  for (let now = lack; !isCovered(now, []); now = lackAfter(lack, chosen)) {
    const lowest = Math.max(...left.filter((one) => helpOf(one, now) > 0).map(rankOf));
    const [next] = left
      .filter((one) => rankOf(one) === lowest)
      .toSorted((a, b) => helpOf(b, now) - helpOf(a, now) || bySize(a, b));
    if (next === undefined) throw new Error('victims that cover a lack do not help with it');
    chosen.push(next);
    left = left.filter((one) => one !== next);
  }
  // What was taken early may not be needed any more for what had to be taken later.
  let needed: readonly Holding[] = chosen;
  for (const one of chosen.toSorted((a, b) => rankOf(a) - rankOf(b) || bySize(b, a))) {
    const without = needed.filter((other) => other !== one);
    if (isCovered(lack, without)) needed = without;
  }
  return needed;
}

function lackOf(claim: Claim, used: Claim, capacity: Capacity): Lack {
  return {
    instances: Math.max(0, used.instances + claim.instances - capacity.instances),
    memoryMib: Math.max(0, used.memoryMib + claim.memoryMib - capacity.memoryMib),
    milliCpus: Math.max(0, used.milliCpus + claim.milliCpus - capacity.cpus * 1_000),
  };
}

function lackAfter(lack: Lack, victims: readonly Holding[]): Lack {
  const sum = (part: keyof Claim) => victims.reduce((all, { claim }) => all + claim[part], 0);
  return {
    instances: Math.max(0, lack.instances - sum('instances')),
    memoryMib: Math.max(0, lack.memoryMib - sum('memoryMib')),
    milliCpus: Math.max(0, lack.milliCpus - sum('milliCpus')),
  };
}

function isCovered(lack: Lack, victims: readonly Holding[]): boolean {
  const { instances, memoryMib, milliCpus } = lackAfter(lack, victims);
  return instances + memoryMib + milliCpus === 0;
}

/** Between 0, for no help, and 3, for one that makes room enough of every kind by itself. */
function helpOf({ claim }: Holding, lack: Lack): number {
  return (['instances', 'memoryMib', 'milliCpus'] as const).reduce(
    (sum, part) => sum + (lack[part] === 0 ? 0 : Math.min(1, claim[part] / lack[part])),
    0,
  );
}

function bySize(a: Holding, b: Holding): number {
  return (
    a.claim.memoryMib - b.claim.memoryMib ||
    a.claim.milliCpus - b.claim.milliCpus ||
    byText(a.instance.spec.name, b.instance.spec.name)
  );
}
