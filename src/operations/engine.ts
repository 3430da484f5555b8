import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { isOpen, type Operation, type OperationKind, type Words } from '../domain/operation.ts';
import type { Store, Transaction } from '../store/store.ts';
import { noSuchOperation, notCancellable, staysDesired, tooMany } from './engine-errors.ts';
import type { Hands } from './hands.ts';
import { fingerprintOf, keep, keptFor } from './idempotency.ts';
import { type FleetView, HeardElsewhere, type Kind, type Start } from './kind.ts';
import { busy, describe, type LockRules, startable } from './locks.ts';
import { Abandoned, cancelled, Run } from './run.ts';

/** How long an operation whose turn has come waits for a scheduler that hears its hosts. */
const handOverMs = 10_000;
/** How soon an operation whose run failed in an unknown way is taken up again, and at most. */
const retryLeastMs = 2_000;
const retryMostMs = 60_000;
/** More would wait than anybody could oversee. */
const openMax = 10_000;
/** How long an operation of ours that nobody here runs is left alone. */
const unattendedMinMs = 2_000;

export interface EngineParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly hands: Hands;
  readonly newId: () => string;
  /** The session under which this scheduler holds operations now. */
  readonly session: () => string;
  readonly kinds: readonly Kind[];
  /** An operation is carried here no more, mostly since it has ended: others may begin. */
  readonly onEnded: (operation: Operation) => void;
  readonly rules: LockRules;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** A request for an operation. */
export interface Ask {
  readonly kind: OperationKind;
  readonly args: Words;
  readonly who: string;
  readonly reason: string;
  /** Whether it may wait for its locks, behind those who asked before; else it is refused. */
  readonly mayWait: boolean;
  /** The caller's own name for this request, so that a repeated one is not done twice. */
  readonly key: string | null;
  readonly parentId?: string;
}

/** Begins operations, carries them, and takes over those that a scheduler left behind. */
export class OperationEngine {
  readonly #parts: EngineParts;
  readonly #kinds: ReadonlyMap<OperationKind, Kind>;
  readonly #runs = new Map<string, Promise<void>>();
  /** Ours by the store, but nobody here runs them; since when that is seen, monotonic. */
  #unattendedMs: ReadonlyMap<string, number> = new Map();
  /** Since when, monotonic, those whose turn has come wait for a scheduler that hears their hosts. */
  readonly #waitingSince = new Map<string, number>();
  /** Those whose run failed in an unknown way: how often, and until when they are left alone. */
  readonly #broken = new Map<string, { readonly count: number; readonly untilMs: number }>();
  #isStopped = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#kinds = new Map(parts.kinds.map((kind) => [kind.kind, kind]));
  }

  /**
   * Begins an operation, or puts it in line.
   *
   * @returns its record; a request whose key was seen before gets the operation of that time
   * @throws BridgeheadError BUSY; IDEMPOTENCY_MISMATCH; what the kind's checks refuse with
   */
  async submit(ask: Ask): Promise<Operation> {
    const { store, clock } = this.#parts;
    const operation = await store.transact(async (tx) => {
      const known = await this.#repeated(tx, ask);
      if (known !== null) return known;
      const kind = this.#kindOf(ask.kind);
      const open = await tx.openOperations();
      if (open.length >= openMax) throw tooMany(openMax);
      const objects = kind.objectsOf(ask.args);
      const blocker = this.#parts.rules.blockerOf(objects, open);
      const start = blocker === null ? checked(kind, await this.#view(tx), ask.args) : null;
      let fresh: Operation;
      if (start !== null) {
        fresh = await this.begin(tx, ask, start);
      } else if (blocker === null || ask.mayWait) {
        fresh = this.#queued(ask);
        await tx.putOperation(fresh);
      } else {
        const object = objects.find((one) => blocker.objects.includes(one)) ?? objects[0] ?? '';
        throw busy(object, blocker, await tx.sessions(), clock.wallMs());
      }
      if (ask.key !== null) {
        const answer = { operationId: fresh.id };
        await keep(tx, ask.key, fingerprintOf(ask), answer, clock.wallMs());
      }
      return fresh;
    });
    this.launch(operation);
    return operation;
  }

  /**
   * Begins an operation as a part of the caller's transaction: its record and its locks. To be
   * handed to {@link launch} once that has been committed.
   *
   * @throws BridgeheadError BUSY where one of its objects is locked
   */
  async begin(
    tx: Transaction,
    ask: Omit<Ask, 'mayWait' | 'key'>,
    start: Start,
  ): Promise<Operation> {
    const { clock, session } = this.#parts;
    const nowMs = clock.wallMs();
    const running: Operation = {
      ...this.#queued(ask),
      args: start.args,
      observed: start.observed,
      isForward: start.isForward ?? false,
      state: 'running',
      session: session(),
      token: await tx.nextToken(),
      startedMs: nowMs,
    };
    await tx.putOperation(running);
    await lockAll(tx, running, nowMs);
    return running;
  }

  /** Carries an operation that was begun, unless it is carried already, has ended or waits. */
  launch(operation: Operation): void {
    // A repeated request is answered with the operation of the first one, which runs already.
    if (this.#runs.has(operation.id)) return;
    if (operation.state !== 'running' || operation.session !== this.#parts.session()) return;
    void this.#carry(operation, (kind, run) => kind.run(run));
  }

  /** A run for an operation that the caller itself carries to its end. */
  attend(operation: Operation, work: (run: Run) => Promise<void>): Promise<void> {
    return this.#carry(operation, (_, run) => work(run));
  }

  /**
   * Asks for the end of an operation. One that waits ends at once; one that runs is undone, if it
   * has not passed the point from which it can only be completed.
   *
   * @throws BridgeheadError NOT_FOUND; NOT_CANCELLABLE
   */
  async cancel(id: string, who: string): Promise<Operation> {
    const { store, clock } = this.#parts;
    return store.transact(async (tx) => {
      const operation = await tx.operation(id);
      if (operation === null) throw noSuchOperation(id);
      if (!isOpen(operation)) throw notCancellable(operation, `has ended (${operation.state})`);
      if (operation.isForward) throw notCancellable(operation, 'can only be completed by now');
      if (this.#kindOf(operation.kind).whenCancelled === null) throw staysDesired(operation);
      const error = cancelled(id, who, 'It had not begun: nothing was changed.').body();
      const ended = { state: 'cancelled', endedMs: clock.wallMs(), error } as const;
      const changed: Operation = {
        ...operation,
        cancelledBy: operation.cancelledBy ?? who,
        ...(operation.state === 'queued' ? ended : {}),
      };
      await tx.putOperation(changed);
      return changed;
    });
  }

  /**
   * Looks for what is to be taken up: operations whose scheduler's lease has run out, and those in
   * line whose turn has come.
   *
   * @returns what it did, in a few words
   */
  async claim(): Promise<string> {
    if (this.#isStopped) return 'stopped';
    if (await this.#isIdle()) {
      this.#unattendedMs = new Map();
      return `nothing to take up, carries ${this.#runs.size}`;
    }
    const left = await this.#takeOver();
    for (const operation of left) {
      this.#parts.log('takes over an operation', { id: operation.id, what: describe(operation) });
      void this.#carry(operation, (kind, run) => kind.resume(run));
    }
    const begun = await this.#beginQueued();
    for (const operation of begun) this.launch(operation);
    return `took over ${left.length}, began ${begun.length} that waited, carries ${this.#runs.size}`;
  }

  /** Takes up nothing more, and waits for what runs here. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.allSettled([...this.#runs.values()]);
  }

  // Mostly there is nothing: that is found out without getting in anybody's way.
  async #isIdle(): Promise<boolean> {
    const { store, session } = this.#parts;
    const { open, sessions } = await store.transact(
      async (tx) => ({ open: await tx.openOperations(), sessions: await tx.sessions() }),
      'snapshot',
    );
    const alive = new Set(sessions.flatMap(({ id, isAlive }) => (isAlive ? id : [])));
    const isCared = ({ id, session: at }: Operation) =>
      at !== null && alive.has(at) && (at !== session() || this.#runs.has(id));
    return (
      startable(open).length === 0 && open.every((one) => one.state === 'queued' || isCared(one))
    );
  }

  async #takeOver(): Promise<readonly Operation[]> {
    const { store, clock, session } = this.#parts;
    const nowMs = clock.monotonicMs();
    const since = (id: string) => this.#unattendedMs.get(id) ?? nowMs;
    const { taken, unattended } = await store.transact(async (tx) => {
      const running = (await tx.openOperations()).filter(({ state }) => state === 'running');
      const alive = new Set(
        (await tx.sessions()).filter(({ isAlive }) => isAlive).map(({ id }) => id),
      );
      const mine = session();
      // Without a lease of our own we would only take what the next one takes from us.
      if (!alive.has(mine)) return { taken: [], unattended: new Map<string, number>() };
      const ours = running.filter((one) => one.session === mine && !this.#runs.has(one.id));
      const lost = [
        ...running.filter((one) => one.session !== null && !alive.has(one.session)),
        // Not at once, however often it is looked: it may be on its way from its transaction here.
        ...ours.filter(({ id }) => nowMs - since(id) >= unattendedMinMs && !this.#isLeftAlone(id)),
      ];
      const results: Operation[] = [];
      for (const operation of lost) {
        const next = { ...operation, session: mine, token: await tx.nextToken() };
        await tx.putOperation(next);
        await lockAll(tx, next, clock.wallMs());
        results.push(next);
      }
      return { taken: results, unattended: new Map(ours.map(({ id }) => [id, since(id)])) };
    });
    this.#unattendedMs = unattended;
    return taken;
  }

  async #beginQueued(): Promise<readonly Operation[]> {
    const { store, clock, session } = this.#parts;
    return store.transact(async (tx) => {
      const open = await tx.openOperations();
      const ready = startable(open);
      const isReady = new Set(ready.map(({ id }) => id));
      for (const id of this.#waitingSince.keys()) {
        if (!isReady.has(id)) this.#waitingSince.delete(id);
      }
      if (ready.length === 0) return [];
      const view = await this.#view(tx);
      const begun: Operation[] = [];
      for (const operation of ready) {
        const startedMs = clock.wallMs();
        try {
          const { args, observed } = this.#kindOf(operation.kind).check(view, operation.args);
          const running: Operation = {
            ...operation,
            // What the checks found out is told anew: the source may have changed while it waited.
            args: { ...operation.args, ...args },
            ...{ observed, state: 'running', startedMs },
            session: session(),
            token: await tx.nextToken(),
          };
          await tx.putOperation(running);
          await lockAll(tx, running, startedMs);
          begun.push(running);
        } catch (error) {
          if (!(error instanceof BridgeheadError)) throw error;
          if (error instanceof HeardElsewhere && !this.#hasWaitedLong(operation.id)) continue;
          const ended = { state: 'refused', endedMs: startedMs, error: error.body() } as const;
          await tx.putOperation({ ...operation, ...ended });
        }
      }
      return begun;
    });
  }

  #hasWaitedLong(id: string): boolean {
    const nowMs = this.#parts.clock.monotonicMs();
    const sinceMs = this.#waitingSince.get(id) ?? nowMs;
    this.#waitingSince.set(id, sinceMs);
    return nowMs - sinceMs >= handOverMs;
  }

  #isLeftAlone(id: string): boolean {
    return this.#parts.clock.monotonicMs() < (this.#broken.get(id)?.untilMs ?? 0);
  }

  #noteEnd(id: string, error: unknown): void {
    if (error === null || error instanceof Abandoned) {
      this.#broken.delete(id);
      return;
    }
    const count = (this.#broken.get(id)?.count ?? 0) + 1;
    const waitMs = Math.min(retryLeastMs * 2 ** (count - 1), retryMostMs);
    this.#broken.set(id, { count, untilMs: this.#parts.clock.monotonicMs() + waitMs });
  }

  #carry(operation: Operation, work: (kind: Kind, run: Run) => Promise<void>): Promise<void> {
    const { store, clock, hands, rules, log } = this.#parts;
    const { id, kind } = operation;
    const { whenCancelled } = this.#kindOf(kind);
    const parts = { store, clock, hands, rules, whenCancelled: whenCancelled ?? '' };
    const run = new Run(parts, operation);
    const carried = work(this.#kindOf(kind), run)
      .then(() => this.#noteEnd(id, null))
      .catch((error: unknown) => {
        this.#noteEnd(id, error);
        const why = error instanceof Abandoned ? error.message : 'it failed in an unknown way';
        const details = {
          id,
          why,
          error: String(error instanceof Abandoned ? error.cause : error),
        };
        log('lets go of an operation', details);
      })
      .finally(() => {
        if (this.#runs.get(id) === carried) this.#runs.delete(id);
        if (!this.#isStopped) this.#parts.onEnded(run.operation);
      });
    this.#runs.set(id, carried);
    return carried;
  }

  async #repeated(tx: Transaction, ask: Ask): Promise<Operation | null> {
    if (ask.key === null) return null;
    const answer = await keptFor(tx, ask.key, fingerprintOf(ask));
    if (answer === null) return null;
    const { operationId } = answer as { readonly operationId: string };
    const known = await tx.operation(operationId);
    if (known === null) throw noSuchOperation(operationId);
    return known;
  }

  async #view(tx: Transaction): Promise<FleetView> {
    const { hands } = this.#parts;
    return {
      fleet: await tx.fleet(),
      isConnected: (host) => hands.isConnected(host),
      observed: (host, id) => hands.observed(host, id),
    };
  }

  #queued(ask: Omit<Ask, 'mayWait' | 'key'>): Operation {
    const { newId, clock } = this.#parts;
    return {
      id: newId(),
      kind: ask.kind,
      objects: [...new Set(this.#kindOf(ask.kind).objectsOf(ask.args))].toSorted(),
      args: ask.args,
      ...{ who: ask.who, reason: ask.reason, state: 'queued', observed: null },
      ...{ steps: [], isForward: false, session: null, token: 0, cancelledBy: null },
      parentId: ask.parentId ?? null,
      requestedMs: clock.wallMs(),
      ...{ startedMs: null, endedMs: null, error: null },
    };
  }

  #kindOf(kind: OperationKind): Kind {
    const found = this.#kinds.get(kind);
    if (found === undefined) throw new Error(`no operation of kind ${kind}`);
    return found;
  }
}

// Null where the hosts are heard by another scheduler: the operation waits for that one to begin it.
function checked(kind: Kind, view: FleetView, args: Words): Start | null {
  try {
    return kind.check(view, args);
  } catch (error) {
    if (error instanceof HeardElsewhere) return null;
    throw error;
  }
}

// In one order, always: two that want the same objects never wait for one another.
async function lockAll(
  tx: Transaction,
  { id, objects }: Operation,
  sinceMs: number,
): Promise<void> {
  for (const object of objects) await tx.putLock({ object, operationId: id, sinceMs });
}
