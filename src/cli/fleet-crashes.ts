import { BridgeheadError } from '../domain/errors.ts';
import type { BootView } from '../protocol/boot-views.ts';
import type { CrashesMeant } from '../statistics/fleet.ts';
import type { Session } from './session.ts';
import type { Given } from './verb.ts';

const bootsMax = 20_000;

/** The fleet's boots, and which of their ends are meant as crashes. */
export interface FleetCrashes {
  readonly boots: readonly BootView[];
  readonly meant: CrashesMeant;
  /** What has to be known beside the numbers, for people. */
  readonly notes: readonly string[];
}

/**
 * Reads the record of the fleet's boots.
 *
 * @throws BridgeheadError REQUEST_INVALID where options contradict each other
 */
export async function readFleetCrashes(session: Session, given: Given): Promise<FleetCrashes> {
  const group = given.text('group') ?? null;
  const unknownCrashed = given.is('unknownCrashed');
  if (group !== null && unknownCrashed) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      '--unknown-crashed says nothing of a group: nobody knows of which such a crash would be',
      'Leave one of both out.',
    );
  }
  const api = await session.connect();
  const boots = await api.boots({ limit: bootsMax });
  const hosts = new Set(boots.map(({ host }) => host)).size;
  const unknown = boots.filter(({ ended }) => ended?.by === 'unknown').length;
  const notes = [`${boots.length} boots of ${hosts} hosts are on record.`];
  if (boots.length === bootsMax) notes.push(`Older ones than the newest ${bootsMax} are left out.`);
  if (unknown > 0 && group === null) {
    notes.push(
      unknownCrashed
        ? `${unknown} boots ended nobody knows how, and count as crashed.`
        : `${unknown} boots ended nobody knows how, and count as not crashed: --unknown-crashed turns that round.`,
    );
  }
  return { boots, meant: { group, unknownCrashed }, notes };
}
