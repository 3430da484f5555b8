import type { Clock } from '../../domain/clock.ts';
import type { SchedulerFrame } from '../../protocol/frames.ts';
import { type KernelFrame, type KernelRecord, takesKernel } from '../../protocol/kernel-frames.ts';
import type { Peer } from '../links.ts';

/** A scheduler that has not acknowledged by now is asked again, or another one is. */
const againMs = 5_000;

/** Records of one boot and source. */
export interface KernelBatch {
  readonly boot: string;
  readonly source: string;
  readonly records: readonly KernelRecord[];
}

/**
 * Hands batches to one scheduler, one batch at a time and again until it is acknowledged. Only to
 * one that says it takes them: an earlier version would drop the stream.
 */
export class KernelSender {
  readonly #peers: () => readonly Peer[];
  readonly #clock: Clock;
  readonly #takers = new Set<Peer>();
  #turn: Promise<void> = Promise.resolve();
  #last = 0;
  /** Wakes whoever waits for an acknowledgement, or for somebody to send to. */
  #wake: (() => void) | null = null;
  #taken = 0;

  constructor(peers: () => readonly Peer[], clock: Clock) {
    this.#peers = peers;
    this.#clock = clock;
  }

  /** A stream has opened: what its scheduler takes is not known until it says so. */
  greet(peer: Peer): void {
    this.#takers.delete(peer);
    this.#wake?.();
  }

  hear(frame: SchedulerFrame, peer: Peer): void {
    if (frame.type === 'kernel-took') {
      this.#taken = Math.max(this.#taken, frame.batch);
      this.#wake?.();
    } else if (frame.type === 'heartbeat' && frame.takes?.includes(takesKernel) === true) {
      if (this.#takers.has(peer)) return;
      this.#takers.add(peer);
      this.#wake?.();
    }
  }

  /** Resolves once a scheduler has stored the batch. @throws where `signal` is aborted before */
  deliver(batch: KernelBatch, signal: AbortSignal): Promise<void> {
    const done = this.#turn.then(() => this.#deliver(batch, signal));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #deliver({ boot, source, records }: KernelBatch, signal: AbortSignal): Promise<void> {
    this.#last += 1;
    const batch = this.#last;
    const frame: KernelFrame = { type: 'kernel', batch, boot, source, records: [...records] };
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
