import type { Clock } from '../domain/clock.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import type { FleetEvent, HostFacts, ObservedInstance } from '../domain/model.ts';
import { hostObject } from '../domain/operation.ts';
import type { Store } from '../store/store.ts';

/** Events that wait while the store is away; those that come then are counted as lost. */
const eventsMax = 10_000;
/** Events of one transaction. */
const eventsAtOnce = 100;
/** How old "last seen" may get while the facts stay the same. */
const lastSeenPeriodMs = 60_000;

export interface RecorderParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

type Event = Omit<FleetEvent, 'id'>;

/** What a host's agent said and the store does not have yet: its last word on each thing. */
interface Unwritten {
  facts: { readonly facts: HostFacts; readonly atMs: number } | null;
  /** True where `instances` are all that the host has. */
  isComplete: boolean;
  readonly instances: Map<InstanceId, ObservedInstance>;
  readonly removed: Set<InstanceId>;
  atMs: number;
}

/**
 * Writes to the store what agents said. Of a host that says more than the store takes meanwhile,
 * the last word on each thing is written, so that what waits is never more than the fleet itself.
 */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #unwritten = new Map<HostName, Unwritten>();
  /** What the store has of the hosts' facts, without their time, and when it got them, monotonic. */
  readonly #known = new Map<HostName, { readonly words: string; readonly atMs: number }>();
  #events: Event[] = [];
  #lost = 0;
  #isWorking = false;
  #waiters: (() => void)[] = [];

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** Resolves when everything that was said until now has been written, or could not be. */
  get written(): Promise<void> {
    if (!this.#isWorking) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  /** An agent has connected and said what it sees. */
  hello(host: HostName, facts: HostFacts, instances: readonly ObservedInstance[]): void {
    const atMs = this.#parts.clock.wallMs();
    this.#unwritten.set(host, {
      ...{ facts: { facts, atMs }, isComplete: true, removed: new Set(), atMs },
      instances: new Map(instances.map((one) => [one.id, one])),
    });
    this.#known.delete(host);
    const { kernel, docker, bootId } = facts;
    const message = `agent connected: kernel ${kernel}, Docker ${docker}, boot ${bootId}`;
    this.event('host.ready', hostObject(host), message);
  }

  /** Facts that the store has are written again only to keep "last seen" within a minute. */
  facts(host: HostName, facts: HostFacts): void {
    const { clock } = this.#parts;
    const known = this.#known.get(host);
    const isFresh = known !== undefined && clock.monotonicMs() - known.atMs < lastSeenPeriodMs;
    const isWaiting = (this.#unwritten.get(host)?.facts ?? null) !== null;
    if (!isWaiting && isFresh && known.words === wordsOf(facts)) return;
    this.#of(host).facts = { facts, atMs: clock.wallMs() };
    this.#work();
  }

  observed(
    host: HostName,
    instances: readonly ObservedInstance[],
    removed: readonly InstanceId[],
  ): void {
    const unwritten = this.#of(host);
    for (const id of removed) {
      unwritten.instances.delete(id);
      if (!unwritten.isComplete) unwritten.removed.add(id);
    }
    for (const one of instances) {
      unwritten.instances.set(one.id, one);
      unwritten.removed.delete(one.id);
    }
    unwritten.atMs = this.#parts.clock.wallMs();
    this.#work();
  }

  event(kind: string, object: string, message: string): void {
    const event = { atMs: this.#parts.clock.wallMs(), kind, object, message };
    if (this.#events.length < eventsMax) this.#events.push(event);
    else this.#lost += 1;
    this.#work();
  }

  #of(host: HostName): Unwritten {
    const known = this.#unwritten.get(host);
    if (known !== undefined) return known;
    const fresh: Unwritten = {
      ...{ facts: null, isComplete: false, instances: new Map(), removed: new Set(), atMs: 0 },
    };
    this.#unwritten.set(host, fresh);
    return fresh;
  }

  #work(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    void this.#drain();
  }

  async #drain(): Promise<void> {
    // What is said in the same turn is written together.
    await Promise.resolve();
    while (this.#unwritten.size + this.#events.length + this.#waiters.length > 0) {
      const hosts = [...this.#unwritten];
      this.#unwritten.clear();
      const events = this.#events;
      this.#events = [];
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const [host, said] of hosts) await this.#writeHost(host, said);
      for (let at = 0; at < events.length; at += eventsAtOnce) {
        await this.#writeEvents(events.slice(at, at + eventsAtOnce));
      }
      // Only those who asked before this round: who waits is not kept by what is said later.
      for (const resolve of waiters) resolve();
    }
    this.#isWorking = false;
  }

  async #writeHost(host: HostName, said: Unwritten): Promise<void> {
    const { store, clock } = this.#parts;
    const { isComplete: complete, atMs, facts: heard } = said;
    if (heard !== null) {
      await this.#attempt('host', async () => {
        await store.transact((tx) => tx.setHostFacts(host, heard.facts, heard.atMs), 'rows');
        this.#known.set(host, { words: wordsOf(heard.facts), atMs: clock.monotonicMs() });
      });
    }
    const [instances, removed] = [[...said.instances.values()], [...said.removed]];
    if (!complete && instances.length + removed.length === 0) return;
    await this.#attempt('observation', () =>
      store.recordObserved(host, { complete, instances, removed, atMs }),
    );
  }

  async #writeEvents(events: readonly Event[]): Promise<void> {
    const { store, clock } = this.#parts;
    const lost = this.#lost;
    const more =
      lost === 0
        ? []
        : [
            {
              ...{ atMs: clock.wallMs(), kind: 'events.lost', object: 'scheduler' },
              message: `${lost} events could not be kept while the store was away`,
            },
          ];
    const isWritten = await this.#attempt('event', () =>
      store.transact(async (tx) => {
        for (const event of [...events, ...more]) await tx.addEvent(event);
      }, 'rows'),
    );
    this.#lost += isWritten ? -lost : events.length;
  }

  /** @returns whether it was done */
  async #attempt(what: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#parts.log('cannot record what an agent said', { what, error: String(error) });
      return false;
    }
  }
}

// The uptime differs each time, and is nothing that has changed.
function wordsOf(facts: HostFacts): string {
  return JSON.stringify({ ...facts, uptimeS: 0 });
}
