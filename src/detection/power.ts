// Which hosts to have powered off, where nobody can prove that they are silent. Pure.

import type { HostName } from '../domain/ids.ts';
import { isTooMany } from './verdict.ts';

/** How long a host has to be silent to everybody before it is powered off. */
export const powerOffAfterMs = 30_000;

/** A host that no scheduler hears, and that is not held for dead. */
export interface SuspectHost {
  readonly name: HostName;
  /** How long it has been so, at the least. */
  readonly forMs: number;
  /** Connected hosts whose last word is that they hear it. */
  readonly heardBy: readonly HostName[];
}

export interface PowerSituation {
  readonly suspects: readonly SuspectHost[];
  /** Hosts that are held for dead already. */
  readonly dead: number;
  /** Hosts that were connected once. */
  readonly enrolled: number;
  /** Why nothing is to be failed over; null where it is. */
  readonly disarmed: string | null;
  /** Share of the fleet above which a person decides, 0 to 1. */
  readonly holdShare: number;
}

/**
 * Hosts to have powered off now: those that nobody has heard for long, and whose silence their
 * witnesses have not proven, or they would be dead by now. None at all where failover is disarmed,
 * or where so many are gone that the observer is to be doubted.
 */
export function hostsToPowerOff(situation: PowerSituation): readonly HostName[] {
  const { suspects, dead, enrolled, disarmed, holdShare } = situation;
  if (disarmed !== null) return [];
  if (isTooMany(dead + suspects.length, enrolled, holdShare)) return [];
  return suspects
    .filter(({ forMs, heardBy }) => forMs >= powerOffAfterMs && heardBy.length === 0)
    .map(({ name }) => name);
}
