import type { Clock } from '../domain/clock.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import type { HostFacts, ObservedInstance } from '../domain/model.ts';
import { hostObject } from '../domain/operation.ts';
import type { Store } from '../store/store.ts';

export interface RecorderParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** Writes to the store what agents said, in the order they said it. */
export class Recorder {
  readonly #parts: RecorderParts;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** Resolves when everything that was said until now has been written, or could not be. */
  get written(): Promise<void> {
    return this.#last;
  }

  /** An agent has connected and said what it sees. */
  hello(host: HostName, facts: HostFacts, instances: readonly ObservedInstance[]): void {
    this.facts(host, facts);
    this.#write('observation', async (atMs) => {
      const { store } = this.#parts;
      await store.recordObserved(host, { complete: true, instances, removed: [], atMs });
    });
    const { kernel, docker, bootId } = facts;
    const message = `agent connected: kernel ${kernel}, Docker ${docker}, boot ${bootId}`;
    this.event('host.ready', hostObject(host), message);
  }

  facts(host: HostName, facts: HostFacts): void {
    const { store } = this.#parts;
    this.#write('host', (atMs) =>
      store.transact((tx) => tx.setHostFacts(host, facts, atMs), 'rows'),
    );
  }

  observed(
    host: HostName,
    instances: readonly ObservedInstance[],
    removed: readonly InstanceId[],
  ): void {
    const { store } = this.#parts;
    this.#write('observation', (atMs) =>
      store.recordObserved(host, { complete: false, instances, removed, atMs }),
    );
  }

  event(kind: string, object: string, message: string): void {
    const { store } = this.#parts;
    this.#write('event', (atMs) =>
      store.transact((tx) => tx.addEvent({ atMs, kind, object, message }), 'rows'),
    );
  }

  #write(what: string, work: (atMs: number) => Promise<void>): void {
    const atMs = this.#parts.clock.wallMs();
    this.#last = this.#last
      .then(() => work(atMs))
      .catch((error: unknown) => {
        this.#parts.log('cannot record what an agent said', { what, error: String(error) });
      });
  }
}
