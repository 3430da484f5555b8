import { BridgeheadError } from '../domain/errors.ts';
import type { HostName, InstanceName } from '../domain/ids.ts';
import { instanceObject, isOpen, type Operation } from '../domain/operation.ts';
import type { OperationEngine } from './engine.ts';
import { Abandoned, type Run } from './run.ts';

const lookMs = 200;

/** A move that another operation begins and waits for. */
export interface ChildMove {
  readonly instance: InstanceName;
  /** @throws BridgeheadError where there is no place for it */
  readonly target: () => HostName;
  readonly reason: string;
}

/**
 * Moves an instance by a migration of its own, with that one's lock and checks, and waits for its
 * end. One that was left half way finds the migration that it had begun, and waits for that.
 *
 * @returns how the migration ended; `not begun` as its id where it was refused
 * @throws BridgeheadError CANCELLED once the caller's operation was; the move is ended with it
 */
export async function movedAsPartOf(
  run: Run,
  engine: OperationEngine,
  { instance, target, reason }: ChildMove,
): Promise<Pick<Operation, 'id' | 'state' | 'args' | 'error'>> {
  const { operation, clock } = run;
  const object = instanceObject(instance);
  const begun = (await run.look((tx) => tx.openOperations())).find(
    ({ parentId, objects }) => parentId === operation.id && objects.includes(object),
  );
  const ask = { kind: 'migrate' as const, who: operation.who, mayWait: true, key: null };
  try {
    let child: Operation | null =
      begun ??
      (await engine.submit({
        ...ask,
        args: { instance, target: target() },
        reason,
        parentId: operation.id,
      }));
    const { id } = child;
    while (child !== null && isOpen(child)) {
      await clock.sleep(lookMs);
      child = await run
        .look((tx) => tx.operation(id))
        .catch(async (error: unknown) => {
          if (isCancelled(error)) await endMove(run, engine, id);
          throw error;
        });
    }
    if (child !== null) return child;
    throw new Error('the migration is not in the journal any more');
  } catch (error) {
    if (error instanceof Abandoned || isCancelled(error)) throw error;
    if (error instanceof BridgeheadError && error.code === 'DATABASE_UNAVAILABLE') {
      throw new Abandoned('the store does not answer', error);
    }
    const { code, message, next } = BridgeheadError.wrap(error);
    return { id: 'not begun', state: 'failed', args: {}, error: { code, message, next } };
  }
}

/** What came of a move, for the journal. */
export function toldOf(ended: Pick<Operation, 'id' | 'state' | 'args' | 'error'>): string {
  if (ended.state === 'done') return `to ${String(ended.args['target'])} (${ended.id})`;
  return `failed: ${ended.error?.message ?? ended.state} (${ended.id})`;
}

/** True for the error of an operation that somebody ended before its time. */
export function isCancelled(error: unknown): boolean {
  return error instanceof BridgeheadError && error.code === 'CANCELLED';
}

// Whoever cancels the whole means the move that is under way too. One that is past its switch ends well.
async function endMove(run: Run, engine: OperationEngine, id: string): Promise<void> {
  await engine
    .cancel(id, run.operation.cancelledBy ?? run.operation.who)
    .catch((error: unknown) => {
      if (!(error instanceof BridgeheadError) || error.code !== 'NOT_CANCELLABLE') throw error;
    });
}
