import { familyOf } from '../../domain/address.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Claim } from '../machine.ts';
import { advertiser, announcement, arpSpeaker, etherTypeArp, etherTypeIpv6 } from './frames.ts';
import { PacketSocket } from './libc.ts';
import { advertisementsOnly } from './packet-filter.ts';

/** When the burst after a takeover speaks, milliseconds after link up. */
export const burstMs: readonly number[] = [0, 50, 150, 500, 1_000, 2_000, 5_000];

/**
 * How often an address is announced for ever after. Switches forget a silent MAC after 300 s
 * (the Linux bridge's and most vendors' ageing time), long before routers forget an ARP entry; the
 * frames that keep both fresh have to come several times in that span.
 */
export const periodMs = 45_000;

/**
 * How often an address that a stranger speaks for is defended: once at once, and not again before
 * this has passed, so that two who both claim it do not shout at each other for ever (RFC 5227 2.4).
 */
const defendPeriodMs = 10_000;
/** How often one stranger is told of. */
const tellPeriodMs = 300_000;
const hearPeriodMs = 250;
const turnPeriodMs = 25;
/** Frames of an instance that go out as soon as it is on the wire: enough for most to be all. */
const atOnceMax = 8;
/** How long each turn may speak: a broadcast goes to every port of the bridge before it is sent. */
const turnMs = 5;
/** Frames in one turn: some ten thousand a second are as many as a small switch should be given. */
const turnFramesMax = 256;
/** Frames read of one voice in one turn: a storm of ARP must not hold up the others. */
const hearMax = 64;

interface Voice {
  readonly socket: PacketSocket;
  /** Hears strangers who advertise an IPv6 address; null where the voice has none. */
  readonly ear6: PacketSocket | null;
  readonly frames: readonly Uint8Array[];
  readonly mac: string;
  readonly addresses: ReadonlySet<string>;
  /** When each stranger was told of last, by MAC and address. */
  readonly told: Map<string, number>;
  defendedMs: number;
  readonly sinceMs: number;
  /** How often all of it was said. */
  spoken: number;
  /** How many frames of it have been said this time. */
  said: number;
  nextMs: number;
}

/** Speaks for the addresses of every instance that this host serves, from inside its namespace. */
export class Announcer implements Disposable {
  readonly #clock: Clock;
  readonly #voices = new Map<string, Voice>();
  readonly #stop: () => void;
  readonly #onFailure: (key: string, error: Error) => void;
  readonly #onConflict: (key: string, claim: Claim) => void;
  readonly #stopHearing: () => void;

  /**
   * @param onFailure hears of a frame that the kernel did not take; the next one is tried in its turn
   * @param onConflict hears of a stranger who speaks in the name of an address, now and again
   */
  constructor(
    clock: Clock,
    onFailure: (key: string, error: Error) => void,
    onConflict: (key: string, claim: Claim) => void,
  ) {
    this.#clock = clock;
    this.#onFailure = onFailure;
    this.#onConflict = onConflict;
    this.#stop = clock.every(turnPeriodMs, () => this.#speakDue());
    this.#stopHearing = clock.every(hearPeriodMs, () => this.#hearAll());
  }

  /**
   * Begins a burst now, and goes on until `silence`. Replaces what the key spoke before. All addresses
   * of a key are at one MAC, which switches learn from its very first frame: where there are many, the
   * rest take turns with those of other keys, so that what else this host has to do is not held up.
   */
  speak(
    key: string,
    namespace: string,
    mac: string,
    addresses: readonly { readonly address: string; readonly gateway: string | null }[],
  ): void {
    this.silence(key);
    const frames = addresses.flatMap(({ address, gateway }) => announcement(address, mac, gateway));
    const sinceMs = this.#clock.monotonicMs();
    const socket = new PacketSocket(namespace, 'eth0', etherTypeArp);
    const own = new Set(addresses.map(({ address }) => address));
    const ear6 = addresses.some(({ address }) => familyOf(address) === 6)
      ? new PacketSocket(namespace, 'eth0', etherTypeIpv6, advertisementsOnly)
      : null;
    this.#voices.set(key, {
      ...{ socket, ear6, frames, mac, addresses: own, told: new Map() },
      ...{ sinceMs, spoken: 0, said: 0, nextMs: sinceMs, defendedMs: sinceMs - defendPeriodMs },
    });
    this.#say(key, atOnceMax);
  }

  /** Keys that are being spoken for. */
  get speaking(): readonly string[] {
    return [...this.#voices.keys()];
  }

  /** True where the key is being spoken for. */
  speaks(key: string): boolean {
    return this.#voices.has(key);
  }

  silence(key: string): void {
    const voice = this.#voices.get(key);
    voice?.socket[Symbol.dispose]();
    voice?.ear6?.[Symbol.dispose]();
    this.#voices.delete(key);
  }

  // Those that were said least often first, and of these the first that were to be spoken for.
  #speakDue(): void {
    const startMs = this.#clock.monotonicMs();
    const due = [...this.#voices]
      .filter(([, { nextMs }]) => startMs >= nextMs)
      .toSorted(([, a], [, b]) => a.spoken - b.spoken);
    let left = turnFramesMax;
    for (const [key, voice] of due) {
      while (startMs >= voice.nextMs) {
        if (left <= 0 || this.#clock.monotonicMs() - startMs >= turnMs) return;
        left -= this.#say(key, Math.min(left, atOnceMax));
      }
    }
  }

  /** Says the next frames of a key, at most so many. @returns how many, at least one */
  #say(key: string, most: number): number {
    const voice = this.#voices.get(key);
    if (voice === undefined) return 1;
    const frames = voice.frames.slice(voice.said, voice.said + most);
    voice.said += frames.length;
    if (voice.said >= voice.frames.length) {
      const nowMs = this.#clock.monotonicMs();
      voice.said = 0;
      voice.spoken += 1;
      // What should have been said meanwhile has been.
      while (voice.sinceMs + (burstMs[voice.spoken] ?? Infinity) <= nowMs) voice.spoken += 1;
      const next = burstMs[voice.spoken];
      voice.nextMs = next === undefined ? nowMs + periodMs : voice.sinceMs + next;
    }
    try {
      for (const frame of frames) voice.socket.send(frame);
    } catch (error) {
      this.#onFailure(key, error as Error);
    }
    return Math.max(1, frames.length);
  }

  #hearAll(): void {
    for (const [key, voice] of this.#voices) {
      try {
        this.#hear(key, voice);
      } catch (error) {
        this.#onFailure(key, error as Error);
      }
    }
  }

  #hear(key: string, voice: Voice): void {
    for (const claim of claimsHeard(voice)) {
      if (claim.mac === voice.mac || !voice.addresses.has(claim.address)) continue;
      const nowMs = this.#clock.monotonicMs();
      if (nowMs - voice.defendedMs >= defendPeriodMs) {
        voice.defendedMs = nowMs;
        for (const one of voice.frames) voice.socket.send(one);
      }
      const stranger = `${claim.mac} ${claim.address}`;
      const toldMs = voice.told.get(stranger);
      if (toldMs !== undefined && nowMs - toldMs < tellPeriodMs) continue;
      if (voice.told.size >= hearMax) voice.told.clear();
      voice.told.set(stranger, nowMs);
      this.#onConflict(key, claim);
    }
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#stopHearing();
    for (const key of [...this.#voices.keys()]) this.silence(key);
  }
}

function* claimsHeard({ socket, ear6 }: Voice): Generator<Claim> {
  const ears = [
    { ear: socket, read: arpSpeaker },
    { ear: ear6, read: advertiser },
  ];
  for (const { ear, read } of ears) {
    for (let frames = 0; frames < hearMax; frames += 1) {
      const frame = ear?.receive() ?? null;
      if (frame === null) break;
      const claim = read(frame);
      if (claim !== null) yield claim;
    }
  }
}
