import type { Clock } from '../../domain/clock.ts';
import { announcement } from './frames.ts';
import { PacketSocket } from './libc.ts';

/** When the burst after a takeover speaks, milliseconds after link up. */
export const burstMs: readonly number[] = [0, 50, 150, 500, 1_000, 2_000, 5_000];

/**
 * How often an address is announced for ever after. Switches forget a silent MAC after 300 s
 * (the Linux bridge's and most vendors' ageing time), long before routers forget an ARP entry; the
 * frames that keep both fresh have to come several times in that span.
 */
export const periodMs = 45_000;

interface Voice {
  readonly socket: PacketSocket;
  readonly frames: readonly Uint8Array[];
  readonly sinceMs: number;
  spoken: number;
  nextMs: number;
}

/** Speaks for the addresses of every instance that this host serves, from inside its namespace. */
export class Announcer implements Disposable {
  readonly #clock: Clock;
  readonly #voices = new Map<string, Voice>();
  readonly #stop: () => void;
  readonly #onFailure: (key: string, error: Error) => void;

  /** `onFailure` hears of a frame that the kernel did not take; the next one is tried in its turn. */
  constructor(clock: Clock, onFailure: (key: string, error: Error) => void) {
    this.#clock = clock;
    this.#onFailure = onFailure;
    this.#stop = clock.every(25, () => this.#speakDue());
  }

  /** Begins a burst now, and goes on until `silence`. Replaces what the key spoke before. */
  speak(
    key: string,
    namespace: string,
    mac: string,
    addresses: readonly { readonly address: string; readonly gateway: string | null }[],
  ): void {
    this.silence(key);
    const frames = addresses.flatMap(({ address, gateway }) => announcement(address, mac, gateway));
    const sinceMs = this.#clock.monotonicMs();
    const socket = new PacketSocket(namespace, 'eth0', 0);
    this.#voices.set(key, { socket, frames, sinceMs, spoken: 0, nextMs: sinceMs });
    this.#speakDue();
  }

  /** True where the key is being spoken for. */
  speaks(key: string): boolean {
    return this.#voices.has(key);
  }

  silence(key: string): void {
    this.#voices.get(key)?.socket[Symbol.dispose]();
    this.#voices.delete(key);
  }

  #speakDue(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [key, voice] of this.#voices) {
      if (nowMs < voice.nextMs) continue;
      voice.spoken += 1;
      const next = burstMs[voice.spoken];
      voice.nextMs = next === undefined ? nowMs + periodMs : voice.sinceMs + next;
      try {
        for (const frame of voice.frames) voice.socket.send(frame);
      } catch (error) {
        this.#onFailure(key, error as Error);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#stop();
    for (const key of [...this.#voices.keys()]) this.silence(key);
  }
}
