import type { Clock } from '../../domain/clock.ts';
import type { AgentFrame, SchedulerFrame } from '../../protocol/frames.ts';
import { takesInstanceLogs } from '../../protocol/instance-log-frames.ts';
import { type KernelRecord, takesKernel } from '../../protocol/kernel-frames.ts';
import type { InstanceLogBatch } from '../instance-logs/instance-log-tail.ts';
import type { Peer } from '../links.ts';

/** A scheduler that has not acknowledged by now is asked again, or another one is. */
const againMs = 5_000;

/** Records of one boot and source. */
export interface KernelBatch {
  readonly boot: string;
  readonly source: string;
  readonly records: readonly KernelRecord[];
}

/** What a kind of batches is called on the stream. */
interface Words<Batch> {
  /** What a scheduler says that takes them, and how it acknowledges one. */
  readonly takes: string;
  readonly took: 'kernel-took' | 'instance-log-took';
  readonly frame: (batch: number, content: Batch) => AgentFrame;
}

/**
 * Hands batches to one scheduler, one batch at a time and again until it is acknowledged. Only to
 * one that says it takes them: an earlier version would drop the stream.
 */
export class BatchSender<Batch> {
  readonly #words: Words<Batch>;
  readonly #peers: () => readonly Peer[];
  readonly #clock: Clock;
  readonly #takers = new Set<Peer>();
  #turn: Promise<void> = Promise.resolve();
  #last = 0;
  /** Wakes whoever waits for an acknowledgement, or for somebody to send to. */
  #wake: (() => void) | null = null;
  #taken = 0;

  constructor(words: Words<Batch>, peers: () => readonly Peer[], clock: Clock) {
    this.#words = words;
    this.#peers = peers;
    this.#clock = clock;
  }

  /** A stream has opened: what its scheduler takes is not known until it says so. */
  greet(peer: Peer): void {
    this.#takers.delete(peer);
    this.#wake?.();
  }

  hear(frame: SchedulerFrame, peer: Peer): void {
    if (frame.type === this.#words.took) {
      this.#taken = Math.max(this.#taken, frame.batch);
      this.#wake?.();
    } else if (frame.type === 'heartbeat' && frame.takes?.includes(this.#words.takes) === true) {
      if (this.#takers.has(peer)) return;
      this.#takers.add(peer);
      this.#wake?.();
    }
  }

  /** Resolves once a scheduler has stored the batch. @throws where `signal` is aborted before */
  deliver(batch: Batch, signal: AbortSignal): Promise<void> {
    const done = this.#turn.then(() => this.#deliver(batch, signal));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #deliver(content: Batch, signal: AbortSignal): Promise<void> {
    this.#last += 1;
    const batch = this.#last;
    const frame = this.#words.frame(batch, content);
    let first = 0;
    while (this.#taken < batch) {
      signal.throwIfAborted();
      const takers = this.#peers().filter((peer) => this.#takers.has(peer));
      // Whoever did not answer is asked last the next time.
      const asked = [...takers.slice(first), ...takers.slice(0, first)].find((one) =>
        one.send(frame),
      );
      if (this.#taken >= batch) return;
      await this.#quiet(signal);
      if (asked !== undefined) first = (takers.indexOf(asked) + 1) % takers.length;
    }
  }

  async #quiet(signal: AbortSignal): Promise<void> {
    const enough = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const stop = AbortSignal.any([signal, enough.signal]);
    await Promise.race([woken, this.#clock.sleep(againMs, stop).catch(() => undefined)]);
    this.#wake = null;
    enough.abort();
  }
}

/** Hands on what the kernel says. */
export class KernelSender extends BatchSender<KernelBatch> {
  constructor(peers: () => readonly Peer[], clock: Clock) {
    const frame = (batch: number, { records, ...of }: KernelBatch): AgentFrame => ({
      type: 'kernel',
      batch,
      ...of,
      records: [...records],
    });
    super({ takes: takesKernel, took: 'kernel-took', frame }, peers, clock);
  }
}

/** Hands on what instances print: none of it is in the way of a kernel. */
export class InstanceLogSender extends BatchSender<InstanceLogBatch> {
  constructor(peers: () => readonly Peer[], clock: Clock) {
    const frame = (batch: number, { records, ...of }: InstanceLogBatch): AgentFrame => ({
      type: 'instance-log',
      batch,
      ...of,
      records: [...records],
    });
    super({ takes: takesInstanceLogs, took: 'instance-log-took', frame }, peers, clock);
  }
}
