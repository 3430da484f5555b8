import { BridgeheadError } from '../src/domain/errors.ts';
import type { FleetEvent } from '../src/domain/model.ts';
import type { EventFilter, Observation, Store, Transaction } from '../src/store/store.ts';
import { Draft, emptyTables, type Tables } from './tables.ts';
import { SimTransaction } from './transaction.ts';
import type { Process } from './world.ts';

/** How long a transaction is on its way to the database and back, milliseconds. */
const roundTripMs = { least: 1, most: 6 };
const attemptsMax = 20;

/**
 * A database on a simulated disk. Its transactions are serializable in the plainest way: one after
 * the other. What PostgreSQL adds to that (aborts that are repeated) is there too, since a client
 * that is stopped in the middle loses its turn.
 */
export class Database {
  #tables: Tables = emptyTables();
  #tokens = 0;
  #turn: Promise<void> = Promise.resolve();
  /** Until then it takes and answers nothing. */
  #downUntilMs = 0;
  #slowUntilMs = 0;
  #commits = 0;

  /** What has been committed. */
  get tables(): Tables {
    return this.#tables;
  }

  get commits(): number {
    return this.#commits;
  }

  goDown(untilMs: number): void {
    this.#downUntilMs = untilMs;
  }

  goSlow(untilMs: number): void {
    this.#slowUntilMs = untilMs;
  }

  isDown(nowMs: number): boolean {
    return nowMs < this.#downUntilMs;
  }

  /** The store as one process has it. */
  store(process: Process, wrap: (tx: Transaction) => Transaction = (tx) => tx): Store {
    const transact = <Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> =>
      this.#transact(process, (tx) => work(wrap(tx)));
    const direct = <Result>(work: (draft: Draft) => Result): Promise<Result> =>
      this.#transact(process, async (_, draft) => work(draft));
    return {
      transact,
      recordObserved: (host, { complete, instances, removed, atMs }) =>
        direct((draft) => {
          for (const [key, { host: other, instance }] of draft.tables.observations) {
            const isGone = complete || removed.includes(instance.id);
            if (other === host && isGone) draft.delete('observations', key);
          }
          for (const instance of instances) {
            const observation: Observation = { host, atMs, instance };
            draft.put('observations', `${host}|${instance.id}`, observation);
          }
        }),
      observations: () =>
        direct((draft): readonly Observation[] => [...draft.tables.observations.values()]),
      events: (filter) => direct((draft) => eventsOf(draft.tables, filter)),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  async #transact<Result>(
    process: Process,
    work: (tx: Transaction, draft: Draft) => Promise<Result>,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(process, work);
      } catch (error) {
        if (!(error instanceof TurnLost) || attempt === attemptsMax) throw error;
      }
    }
  }

  async #attempt<Result>(
    process: Process,
    work: (tx: Transaction, draft: Draft) => Promise<Result>,
  ): Promise<Result> {
    const { world } = process;
    await process.pass(this.#delayMs(process));
    if (this.isDown(world.nowMs)) throw unavailable();
    const before = this.#turn;
    const { promise, resolve: release } = Promise.withResolvers<void>();
    this.#turn = before.then(() => promise);
    const forget = process.onDeath(release);
    try {
      await before;
      const draft = new Draft(this.#tables);
      const tx = new SimTransaction(draft, {
        pass: async () => {
          if (process.isPaused) throw new TurnLost();
          await process.pass();
        },
        nowMs: () => world.nowMs,
        nextToken: () => {
          this.#tokens += 1;
          return this.#tokens;
        },
      });
      await process.pass();
      const result = await work(tx, draft);
      if (process.isPaused) throw new TurnLost();
      await process.pass();
      if (this.isDown(world.nowMs)) throw unavailable();
      if (draft.tables !== this.#tables) this.#commits += 1;
      this.#tables = draft.tables;
      release();
      // From here on it is committed, whether the client ever hears of that or not.
      await process.pass(this.#delayMs(process));
      if (this.isDown(world.nowMs)) throw unavailable();
      return result;
    } finally {
      release();
      forget();
    }
  }

  #delayMs({ world }: Process): number {
    const { least, most } = roundTripMs;
    const slow = world.nowMs < this.#slowUntilMs ? world.random.between(100, 1_500) : 0;
    return world.random.between(least, most) / 2 + slow;
  }
}

/** A transaction that another one overtook: to be done again. */
class TurnLost extends Error {}

function eventsOf(
  { events }: Tables,
  { object, among, afterId, beforeId, limit }: EventFilter,
): readonly FleetEvent[] {
  const found = [...events.values()].filter(
    (event) =>
      (object === undefined || event.object === object) &&
      (among === undefined || among.includes(event.object)) &&
      (afterId === undefined || event.id > afterId) &&
      (beforeId === undefined || event.id < beforeId),
  );
  return afterId === undefined ? found.slice(-limit) : found.slice(0, limit);
}

function unavailable(): BridgeheadError {
  return new BridgeheadError(
    'DATABASE_UNAVAILABLE',
    'the database does not answer',
    'Bridgehead goes on by itself when it is back.',
  );
}
