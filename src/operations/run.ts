import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { isOpen, type Operation, type OperationState } from '../domain/operation.ts';
import type { Store, Transaction } from '../store/store.ts';
import type { Hands } from './hands.ts';
import type { LockRules } from './locks.ts';

/** How often a waiting run looks whether somebody asked for its end. */
const cancelLookMs = 500;

export interface RunParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly hands: Hands;
  readonly rules: LockRules;
  /** What a cancelled operation of its kind leaves behind, for people. */
  readonly whenCancelled: string;
}

/**
 * The run cannot go on here: its lock has gone to another scheduler, or the store does not answer
 * and nobody knows what of the last write it has. What the journal says decides how it ends, and
 * whoever takes it over reads that.
 */
export class Abandoned extends Error {
  constructor(why: string, cause?: unknown) {
    super(why, { cause });
    this.name = 'Abandoned';
  }
}

/**
 * One operation on its way. Everything it writes goes through {@link commit}, which writes only
 * while this run still is the operation's holder: in the same transaction it reads the fencing
 * token, so that a scheduler which slept through its lease changes nothing any more.
 */
export class Run {
  readonly hands: Hands;
  readonly clock: Clock;
  readonly #store: Store;
  readonly #rules: LockRules;
  readonly #whenCancelled: string;
  #operation: Operation;

  constructor(parts: RunParts, operation: Operation) {
    this.#store = parts.store;
    this.#rules = parts.rules;
    this.#whenCancelled = parts.whenCancelled;
    this.hands = parts.hands;
    this.clock = parts.clock;
    this.#operation = operation;
  }

  /** The operation as this run last wrote it. */
  get operation(): Operation {
    return this.#operation;
  }

  /** An argument that is text. @throws Error where there is none of that name: a bug */
  word(name: string): string {
    const value = this.#operation.args[name];
    if (typeof value !== 'string') throw new Error(`operation without ${name}`);
    return value;
  }

  /** The instance it is about, as it is stored now; null where there is none any more. */
  instance(name: InstanceName): Promise<Instance | null> {
    return this.#transact((tx) => tx.instanceNamed(name));
  }

  /**
   * Reads, while this run still is the operation's holder, and writes nothing.
   *
   * @throws Abandoned as {@link commit} does
   * @throws BridgeheadError CANCELLED where somebody asked for that in time
   */
  async look<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const { result, cancelledBy } = await this.#transact(async (tx) => {
      const stored = await this.#held(tx);
      return { result: await work(tx), cancelledBy: stored.cancelledBy };
    });
    this.#operation = { ...this.#operation, cancelledBy };
    this.#refuseIfCancelled();
    return result;
  }

  /**
   * Writes, as one transaction, what `work` does and what `change` makes of the operation.
   *
   * @param isolation `serializable` where it rests on more than the operation's own row
   * @throws Abandoned where this run does not hold the operation any more, or the store is gone
   * @throws BridgeheadError CANCELLED where it would pass its point of no return, and is to end
   */
  async commit<Result>(
    work: (tx: Transaction) => Promise<Result>,
    change: Partial<Operation> = {},
    isolation: 'rows' | 'serializable' = 'rows',
  ): Promise<Result> {
    const { result, next } = await this.#transact(async (tx) => {
      const stored = await this.#held(tx);
      // Whoever was told that it will be cancelled must not see it pass the point of no return.
      const isCommitting =
        (change.isForward === true || change.state === 'done') && !stored.isForward;
      if (isCommitting && stored.cancelledBy !== null) {
        throw this.#cancelled(stored.cancelledBy);
      }
      const changed = { ...this.#operation, ...change, cancelledBy: stored.cancelledBy };
      await tx.putOperation(changed);
      if (!isOpen(changed)) await tx.deleteLocks(changed.id);
      return { result: await work(tx), next: changed };
    }, isolation);
    this.#operation = next;
    return result;
  }

  /**
   * Does one step: written before it begins. Its end is written with the beginning of the next one,
   * or with the operation's: one commit a step, while nobody answers for an address.
   *
   * @param isUndoing where it is done although somebody asked for the operation's end
   * @throws BridgeheadError CANCELLED before it begins, where somebody asked for that in time
   */
  async step(name: string, work: () => Promise<string>, isUndoing = false): Promise<void> {
    const begun = { name, startedMs: this.clock.wallMs(), endedMs: null, note: '' };
    await this.commit(async () => undefined, { steps: [...this.#operation.steps, begun] });
    let note = '';
    try {
      if (!isUndoing) this.#refuseIfCancelled();
      note = await work();
    } catch (error) {
      note = `failed: ${(error as Error).message}`;
      throw error;
    } finally {
      const ended = { ...begun, endedMs: this.clock.wallMs(), note };
      const steps = [...this.#operation.steps.slice(0, -1), ended];
      this.#operation = { ...this.#operation, steps };
    }
  }

  /**
   * Waits until an agent's word makes the condition true.
   *
   * @returns false when it did not become true within `timeoutMs`
   * @throws BridgeheadError CANCELLED as soon as somebody asked for that in time
   */
  async until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    const endMs = this.clock.monotonicMs() + timeoutMs;
    for (;;) {
      const leftMs = endMs - this.clock.monotonicMs();
      if (await this.hands.until(condition, Math.max(0, Math.min(cancelLookMs, leftMs))))
        return true;
      if (leftMs <= cancelLookMs) return false;
      await this.look(async () => undefined);
    }
  }

  /** Ends the operation and lets go of its locks, together with what `work` writes. */
  async end(
    state: Exclude<OperationState, 'queued' | 'running'>,
    error: unknown,
    work: (tx: Transaction) => Promise<void> = async () => undefined,
  ): Promise<void> {
    const isCancelled = error instanceof BridgeheadError && error.code === 'CANCELLED';
    await this.commit(work, {
      state: isCancelled && state === 'undone' ? 'cancelled' : state,
      endedMs: this.clock.wallMs(),
      error: error === null ? null : BridgeheadError.wrap(error).body(),
    });
  }

  /**
   * Ends the operation well, as a part of the caller's transaction.
   *
   * @throws Abandoned where this run does not hold the operation any more
   * @throws BridgeheadError CANCELLED where somebody was told that it will be
   */
  async endWithin(tx: Transaction): Promise<void> {
    const { cancelledBy } = await this.#held(tx);
    if (cancelledBy !== null) throw this.#cancelled(cancelledBy);
    const endedMs = this.clock.wallMs();
    await tx.putOperation({ ...this.#operation, state: 'done', endedMs });
    await tx.deleteLocks(this.#operation.id);
  }

  #refuseIfCancelled(): void {
    const { cancelledBy, isForward } = this.#operation;
    if (cancelledBy === null || isForward) return;
    throw this.#cancelled(cancelledBy);
  }

  #cancelled(who: string): BridgeheadError {
    return cancelled(this.#operation.id, who, this.#whenCancelled);
  }

  /** @throws Abandoned */
  async #held(tx: Transaction): Promise<Operation> {
    const { id } = this.#operation;
    const stored = await tx.lockOperation(id);
    const isOurs = stored !== null && this.#rules.holds(stored, this.#operation);
    // Only this run can have taken it past its point of no return, and then it knows.
    if (isOurs && stored.isForward === this.#operation.isForward) return stored;
    throw new Abandoned(`another scheduler has taken over operation ${id}`);
  }

  async #transact<Result>(
    work: (tx: Transaction) => Promise<Result>,
    isolation: 'rows' | 'serializable' = 'rows',
  ): Promise<Result> {
    try {
      // The operation's row, locked first, is what guards all that its holder writes.
      return await this.#store.transact(work, isolation);
    } catch (error) {
      if (error instanceof Abandoned) throw error;
      if (error instanceof BridgeheadError && error.code !== 'DATABASE_UNAVAILABLE') throw error;
      throw new Abandoned('the store does not answer', error);
    }
  }
}

/** The error of an operation that somebody ended before its time. @param left what that leaves */
export function cancelled(id: string, who: string, left: string): BridgeheadError {
  return new BridgeheadError('CANCELLED', `operation ${id} was cancelled by ${who}`, left);
}
