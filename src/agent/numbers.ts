import type { Clock } from '../domain/clock.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { ObservedInstance } from '../domain/model.ts';
import { isQuiet, rowsBetween } from '../numbers/point.ts';
import { type Reading, readReading } from '../numbers/reading.ts';
import type { InstanceNumbers } from '../protocol/number-frames.ts';
import type { Peer } from './links.ts';

const readPeriodMs = 5_000;
const readTimeoutMs = 2_000;
/** Instances that are asked at once: HAProxy answers within a millisecond, unless it is stuck. */
const askedAtOnce = 4;
/** Counts over more than this say nothing of when they came: they are let go. */
const spanMsMax = 300_000;
/** Every so many readings all rows are sent, for a scheduler that has missed something. */
const wholeEvery = 12;
/** Rows of one frame, so that none holds up what comes behind it for long. */
const frameRowsMax = 500;
/** Where so much waits for a scheduler, numbers do not get in line: they come with the next ones. */
const waitingBytesMax = 256 * 1024;

export interface NumbersParts {
  readonly clock: Clock;
  /** What HAProxy answers to `readingCommand`. Rejects where it does not within `timeoutMs`. */
  readonly read: (id: InstanceId, timeoutMs: number) => Promise<string>;
  /** What there is on this host; only what serves is read. */
  readonly observed: () => readonly (ObservedInstance | null)[];
  readonly peers: () => readonly Peer[];
}

/** What was read of an instance last, and what of it a scheduler has got. */
interface Base {
  readonly reading: Reading;
  readonly atMs: number;
  /** Rows as they were sent last, and to whom. */
  sent: { readonly rows: ReadonlyMap<string, readonly number[]>; readonly to: Peer } | null;
  sinceWhole: number;
}

/** Numbers of an instance on their way, with what is to be remembered where they are taken. */
interface Outgoing {
  readonly id: InstanceId;
  readonly entry: InstanceNumbers;
  readonly base: Base;
}

/**
 * Reads what each serving HAProxy has counted, every five seconds, and sends what has come since to
 * one scheduler. Nothing waits for it: a round that is late is left out, a frame that cannot go at
 * once is not kept, and what was not sent is in the next reading.
 */
export class Numbers {
  readonly #parts: NumbersParts;
  readonly #bases = new Map<InstanceId, Base>();
  #isReading = false;

  constructor(parts: NumbersParts) {
    this.#parts = parts;
  }

  /** @returns what ends it */
  start(): () => void {
    return this.#parts.clock.every(readPeriodMs, () => void this.round());
  }

  /** Reads once, and sends. */
  async round(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      const ids = this.#parts
        .observed()
        .flatMap((one) => (one?.phase === 'serving' ? [one.id] : []));
      const present = new Set(ids);
      for (const id of this.#bases.keys()) if (!present.has(id)) this.#bases.delete(id);
      const left = ids.values();
      const read = new Map<InstanceId, Reading>();
      const work = async () => {
        for (const id of left) {
          const text = await this.#parts.read(id, readTimeoutMs).catch(() => '');
          const reading = readReading(text);
          if (reading !== null) read.set(id, reading);
        }
      };
      await Promise.all(Array.from({ length: askedAtOnce }, work));
      this.#send(read);
    } finally {
      this.#isReading = false;
    }
  }

  #send(read: ReadonlyMap<InstanceId, Reading>): void {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const peer of this.#parts.peers()) {
      const all = [...read].flatMap(([id, reading]) => this.#outgoing(id, reading, nowMs, peer));
      if (batches(all).every((batch) => this.#sendTo(peer, batch))) return;
    }
  }

  #sendTo(peer: Peer, batch: readonly Outgoing[]): boolean {
    if (peer.waitingBytes > waitingBytesMax) return false;
    const instances = batch.map(({ entry }) => entry);
    if (!peer.send({ type: 'numbers', instances })) return false;
    for (const { id, base } of batch) this.#bases.set(id, base);
    return true;
  }

  #outgoing(id: InstanceId, reading: Reading, atMs: number, to: Peer): readonly Outgoing[] {
    const before = this.#bases.get(id);
    if (before === undefined || atMs - before.atMs > spanMsMax) {
      this.#bases.set(id, { reading, atMs, sent: null, sinceWhole: 0 });
      return [];
    }
    // Another peer has had this reading in the same round.
    if (before.reading === reading) return [];
    const rows = rowsBetween(before.reading, reading);
    const known = before.sent?.to === to ? before.sent.rows : null;
    // After a reload things may be gone: only all rows say so.
    const isNew = before.reading.process !== reading.process;
    const isWhole = known === null || isNew || before.sinceWhole >= wholeEvery;
    const told = isWhole
      ? [...rows]
      : [...rows].filter(([key, row]) => !isQuiet(row, known.get(key)));
    const entry: InstanceNumbers = {
      instance: id,
      spanMs: Math.round(atMs - before.atMs),
      isWhole,
      omitted: reading.omitted,
      rows: told.map(([key, row]) => [key, [...row]]),
    };
    const base: Base = {
      ...{ reading, atMs, sent: { rows, to } },
      sinceWhole: isWhole ? 0 : before.sinceWhole + 1,
    };
    return [{ id, entry, base }];
  }
}

function batches(all: readonly Outgoing[]): readonly (readonly Outgoing[])[] {
  const result: Outgoing[][] = [];
  let rows = Number.POSITIVE_INFINITY;
  for (const one of all) {
    // An instance of which nothing has changed still is a row's worth.
    const size = one.entry.rows.length + 1;
    if (rows + size > frameRowsMax) {
      result.push([]);
      rows = 0;
    }
    result.at(-1)?.push(one);
    rows += size;
  }
  return result;
}
