import { BridgeheadError } from '../domain/errors.ts';
import type { Epoch, HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import type { Assignment, Instance } from '../domain/model.ts';
import { instanceObject } from '../domain/operation.ts';
import type { Transaction } from '../store/store.ts';
import { checkHeardHere, type FleetView, type Kind, type Start } from './kind.ts';
import { giveBack, hasLetGo, takeBack } from './release.ts';
import type { Run } from './run.ts';

const releaseTimeoutMs = 10_000;

/**
 * Takes an instance off the wire, so that it can be forgotten: the next instance to get its
 * addresses must not be their second owner. An apply carries it, and writes its end together with
 * everything else that the spec changes; one that was left half way is undone, since the apply was
 * never acknowledged.
 */
export const remove: Kind = {
  kind: 'remove',
  whenCancelled: 'The spec that takes it away was not taken; it serves where it did before.',
  objectsOf: ({ instance }) => [instanceObject(String(instance))],
  check: () => {
    throw new Error('a removal begins with the apply that asks for it');
  },
  run: undoRemoval,
  resume: undoRemoval,
};

/**
 * What a removal starts from.
 *
 * @param key the name that the caller gave to the apply, so that one sent again knows its own
 * @throws BridgeheadError HOST_NOT_READY where its host is silent
 */
export function startRemoval(view: FleetView, { id, spec }: Instance, key: string | null): Start {
  const { name: instance } = spec;
  const held = view.fleet.assignments.find(({ instanceId }) => instanceId === id);
  if (held !== undefined) checkHeardHere(view, held.host);
  if (held !== undefined && !view.isConnected(held.host)) throw notReleased(instance, held.host);
  const seen = held === undefined ? null : view.observed(held.host, id);
  return {
    args: { instance, instanceId: id, source: held?.host ?? null, key },
    observed: { host: held?.host ?? null, epoch: held?.epoch ?? null, phase: seen?.phase ?? null },
  };
}

/**
 * Has the instance's host let go of the addresses, and waits for its word.
 *
 * @throws BridgeheadError HOST_NOT_READY where it does not give it
 */
export async function letGo(run: Run): Promise<void> {
  const source = run.operation.args['source'] as HostName | null;
  if (source === null) return;
  const id = run.word('instanceId') as InstanceId;
  await run.step('release', async () => {
    const epoch: Epoch = await run.commit((tx) => takeBack(tx, id, source));
    await run.hands.push();
    const isOff = () => hasLetGo(run.hands, source, id, epoch);
    if (await run.until(isOff, releaseTimeoutMs)) return `${source} is off the wire`;
    throw notReleased(run.word('instance') as InstanceName, source);
  });
}

/** Ends a removal whose apply was not written: the host gets its grant back. */
export async function undoRemoval(run: Run, cause: unknown = interrupted(run)): Promise<void> {
  const id = run.word('instanceId') as InstanceId;
  await run.end('undone', cause, async (tx) => {
    const held = await tx.assignment(id);
    if (isTakenBack(held)) await giveBack(tx, id, held.host);
  });
  await run.hands.push();
}

/** Ends a removal, and forgets its instance, within the transaction that writes the apply. */
export async function forget(run: Run, tx: Transaction): Promise<void> {
  await run.endWithin(tx);
  await tx.deleteInstance(run.word('instanceId') as InstanceId);
}

function isTakenBack(held: Assignment | null): held is Assignment {
  return held !== null && !held.granted;
}

function interrupted(run: Run): BridgeheadError {
  return new BridgeheadError(
    'OPERATION_FAILED',
    `the removal of ${run.word('instance')} was interrupted before it was written`,
    'Apply the spec again.',
  );
}

function notReleased(instance: InstanceName, host: HostName): BridgeheadError {
  return new BridgeheadError(
    'HOST_NOT_READY',
    `instance ${instance} cannot be deleted: its host ${host} does not confirm that it let go of the addresses`,
    `Bring the agent of ${host} back and apply again: bridgehead describe host ${host}`,
  );
}
