import type { LeavingAddress } from '../domain/model.ts';
import type { FleetState, Transaction } from '../store/store.ts';
import type { Hands } from './hands.ts';

/**
 * Addresses that instances were told to leave, and whose host has shown that it did: under the
 * epoch that told it so or a later one, without the address, and where it is to answer, answering:
 * one that was just promoted says nothing yet of the host before. Silence is no proof. Pure.
 */
export function provenLeft(
  { leaving, assignments }: Pick<FleetState, 'leaving' | 'assignments'>,
  hands: Pick<Hands, 'isConnected' | 'observed'>,
): readonly LeavingAddress[] {
  if (leaving.length === 0) return [];
  const holders = new Map(assignments.map((one) => [one.instanceId, one]));
  return leaving.filter(({ instanceId, address, epoch }) => {
    const holder = holders.get(instanceId);
    if (holder === undefined || !hands.isConnected(holder.host)) return false;
    const seen = hands.observed(holder.host, instanceId);
    if (seen === null || seen.epoch < epoch || seen.addresses.includes(address)) return false;
    return seen.linkUp || !holder.granted;
  });
}

/** Frees what {@link provenLeft} found. What was taken back and left again meanwhile stays. */
export async function freeLeft(tx: Transaction, left: readonly LeavingAddress[]): Promise<void> {
  for (const { instanceId, epoch, address } of left) {
    await tx.deleteLeaving(instanceId, epoch, address);
  }
}
