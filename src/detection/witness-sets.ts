import type { HostName } from '../domain/ids.ts';
import type { Host } from '../domain/model.ts';
import { hashText, rendezvousWeight } from '../placement/rendezvous.ts';

/** More make a host no safer, and each costs it fifty probes a second. */
export const witnessesMax = 5;

/** The hosts whose grants let a host's instances speak. */
export interface WitnessSet {
  /** Grows with each change of the set. */
  readonly version: number;
  readonly witnesses: readonly HostName[];
}

/**
 * How many witnesses have to grant at the same time: half of them, rounded up. With an odd number
 * it is a majority, so that the smaller part of a torn fleet falls silent; with two, one will do,
 * so that the loss of one host never silences another.
 */
export function quorumOf({ witnesses }: Pick<WitnessSet, 'witnesses'>): number {
  return Math.ceil(witnesses.length / 2);
}

/**
 * Who is to witness a host: at most {@link witnessesMax} others, of other racks and zones as far as
 * there are, so that what takes one rack leaves most witnesses of its hosts. Each host draws its
 * own order of the others, so the work is spread evenly, and a host that comes or goes changes the
 * sets of a few (rendezvous hashing, see placement/rendezvous.ts). Pure.
 *
 * @param others hosts that may be witnesses; `of` itself is left out
 */
export function witnessesFor(
  of: Pick<Host, 'name' | 'zone' | 'rack'>,
  others: readonly Pick<Host, 'name' | 'zone' | 'rack'>[],
): readonly HostName[] {
  const own = hashText(of.name);
  // Best first, and never more than are wanted: sorting all of a large fleet for each host of it
  // would take seconds.
  const chosen: Candidate[] = [];
  for (const { name, zone, rack } of others) {
    if (name === of.name) continue;
    const isNear = rack === of.rack && zone === of.zone;
    const candidate = { name, isNear, weight: rendezvousWeight(own, hashText(name)) };
    const at = chosen.findIndex((one) => isBetter(candidate, one));
    if (at === -1) chosen.push(candidate);
    else chosen.splice(at, 0, candidate);
    if (chosen.length > witnessesMax) chosen.pop();
  }
  return chosen.map(({ name }) => name).toSorted();
}

interface Candidate {
  readonly name: HostName;
  readonly isNear: boolean;
  readonly weight: number;
}

function isBetter(a: Candidate, b: Candidate): boolean {
  return a.isNear === b.isNear ? a.weight > b.weight : b.isNear;
}
