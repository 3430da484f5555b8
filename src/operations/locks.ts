// Who may begin, and what the others are told. Pure: the rule is here, the store only keeps it.

import { BridgeheadError } from '../domain/errors.ts';
import type { Operation, Session } from '../domain/operation.ts';

/**
 * What keeps an operation from beginning now: one that runs on any of its objects or, so that those
 * who wait get their turn in order, one that was asked for earlier and waits for any of them.
 *
 * @param objects what it would lock
 * @param earlier operations that have not ended and were asked for before it, in that order
 * @returns the one that is in the way; null where it may begin
 */
export function blockerOf(
  objects: readonly string[],
  earlier: readonly Operation[],
): Operation | null {
  const wanted = new Set(objects);
  const overlapping = earlier.filter((one) => one.objects.some((object) => wanted.has(object)));
  return overlapping.find(({ state }) => state === 'running') ?? overlapping[0] ?? null;
}

/**
 * The operations that wait and may begin now, in the order they were asked for, on the assumption
 * that each of them does begin.
 *
 * @param open all operations that have not ended, in the order they were asked for
 */
export function startable(open: readonly Operation[]): readonly Operation[] {
  const taken = new Set(
    open.filter(({ state }) => state === 'running').flatMap(({ objects }) => objects),
  );
  return open.filter(({ state, objects }) => {
    const mayBegin = state === 'queued' && !objects.some((object) => taken.has(object));
    // Who cannot begin holds its place in the line all the same.
    for (const object of objects) taken.add(object);
    return mayBegin;
  });
}

/**
 * True while a runner still holds its operation: nobody has taken that over, and it has not ended.
 *
 * @param stored the operation as the store has it now
 * @param own as the runner knows it
 */
export function holds(
  stored: Operation | null,
  own: Pick<Operation, 'session' | 'token'>,
): stored is Operation {
  return (
    stored?.state === 'running' && stored.session === own.session && stored.token === own.token
  );
}

/** The decisions about locks; a simulation replaces one to see that it would notice. */
export interface LockRules {
  readonly blockerOf: typeof blockerOf;
  readonly holds: (stored: Operation | null, own: Pick<Operation, 'session' | 'token'>) => boolean;
}

/** The rules that hold. */
export const lockRules: LockRules = { blockerOf, holds };

/**
 * The error for a caller whose object is taken: which operation has it, whose, since when, what it
 * is doing, and how to wait for it.
 *
 * @param sessions to name the scheduler that runs it
 */
export function busy(
  object: string,
  holder: Operation,
  sessions: readonly Session[],
  nowMs: number,
): BridgeheadError {
  const at = sessions.find(({ id }) => id === holder.session)?.name;
  const step = holder.steps.at(-1)?.name;
  const sinceS = Math.max(
    0,
    Math.round((nowMs - (holder.startedMs ?? holder.requestedMs)) / 1_000),
  );
  const doing =
    holder.state === 'queued'
      ? `waits before you, asked for by ${holder.who}`
      : `has held it for ${sinceS} s, asked for by ${holder.who}, run by ${at ?? 'a scheduler that is gone'}` +
        (step === undefined ? '' : `, at step ${step}`);
  return new BridgeheadError(
    'BUSY',
    `${object}: operation ${holder.id} (${describe(holder)}) ${doing}`,
    `Wait for it (bridgehead ops watch ${holder.id}), or give --wait to get in line.`,
  );
}

/** An operation in a few words, such as `migrate shop-web from host-1 to host-2`. */
export function describe({ kind, objects, args }: Operation): string {
  const name = objects[0]?.replace(/^[a-z]+\//, '') ?? '';
  const from = typeof args['source'] === 'string' ? ` from ${args['source']}` : '';
  const to = typeof args['target'] === 'string' ? ` to ${args['target']}` : '';
  return `${kind} ${name}${from}${to}`;
}
