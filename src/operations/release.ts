import type { Epoch, HostName, InstanceId } from '../domain/ids.ts';
import type { Transaction } from '../store/store.ts';
import type { Hands } from './hands.ts';

/**
 * Takes an instance's addresses back from the host that holds them. The epoch grows, so that the
 * host's word about it can be told from what it said before.
 *
 * @returns the epoch under which the host has to let go
 */
export async function takeBack(
  tx: Transaction,
  instanceId: InstanceId,
  host: HostName,
): Promise<Epoch> {
  return assign(tx, instanceId, host, false);
}

/** Grants an instance's addresses to a host, under a new epoch. @returns the epoch */
export async function grant(
  tx: Transaction,
  instanceId: InstanceId,
  host: HostName,
): Promise<Epoch> {
  return assign(tx, instanceId, host, true);
}

/**
 * Grants an instance to the host that it was taken back from. What a dead host had goes to others by
 * the failover, or is left to placement: then nothing is given back.
 */
export async function giveBack(
  tx: Transaction,
  instanceId: InstanceId,
  host: HostName,
): Promise<void> {
  const isDead = (await tx.fences()).some((one) => one.host === host);
  if (!isDead) await grant(tx, instanceId, host);
}

/**
 * True once the host has said, of this epoch or a later one, that the instance's port is off the
 * wire. Silence is no proof, and neither is a host that has not heard of the instance yet: the
 * grant before may still be on its way to it.
 */
export function hasLetGo(hands: Hands, host: HostName, id: InstanceId, epoch: Epoch): boolean {
  const seen = hands.observed(host, id);
  return hands.isConnected(host) && seen !== null && seen.epoch >= epoch && !seen.linkUp;
}

async function assign(
  tx: Transaction,
  instanceId: InstanceId,
  host: HostName,
  granted: boolean,
): Promise<Epoch> {
  const epoch = ((await tx.lastEpoch(instanceId)) + 1) as Epoch;
  await tx.putAssignment({ instanceId, host, epoch, granted });
  return epoch;
}
