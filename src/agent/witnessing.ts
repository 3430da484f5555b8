import type { Clock } from '../domain/clock.ts';
import type { SchedulerFrame } from '../protocol/frames.ts';
import type { PulseFrame, WitnessFrame } from '../protocol/pulse-frames.ts';
import type { Peer } from './links.ts';

const againMs = 1_000;

/** A host's lease and the grants it gives, as the agent's state machine uses them. */
export interface Witness {
  /** @throws Error where the kernel did not take the rules; then nothing has changed */
  assign(frame: PulseFrame): Promise<void>;
  /** Schedulers that reports reach from now on. */
  reach(sessions: readonly string[]): void;
  promise(body: { host: string; session: string; silences: number }): void;
  resume(body: { host: string; silences: number; sessions: readonly string[] }): void;
  hurry(host: string): void;
  /** What is made of the hosts that are witnessed, and for which schedulers alone that is. */
  onReport(handler: (report: WitnessFrame, sessions: readonly string[]) => void): void;
}

/** Carries words between the schedulers and this host's part in the witnesses. */
export class Witnessing {
  readonly #witness: Witness;
  readonly #clock: Clock;
  /** Ends when the agent does. */
  readonly #stopped: AbortSignal;
  readonly #log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
  /** Each scheduler's session, since its stream opened. */
  readonly #sessions = new Map<Peer, string>();
  #version = -1;
  #latest: PulseFrame | null = null;
  #inbox: Promise<void> = Promise.resolve();

  constructor(
    witness: Witness,
    clock: Clock,
    stopped: AbortSignal,
    log: (message: string, details?: Readonly<Record<string, unknown>>) => void,
  ) {
    this.#witness = witness;
    this.#clock = clock;
    this.#stopped = stopped;
    this.#log = log;
    witness.onReport((report, sessions) => {
      for (const [peer, session] of this.#sessions) {
        if (sessions.includes(session)) peer.send(report);
      }
    });
  }

  /** A stream has opened: who is at its end is not known until it says so. */
  greet(peer: Peer): void {
    if (this.#sessions.delete(peer)) this.#reach();
  }

  hear(frame: SchedulerFrame, peer: Peer): void {
    if (frame.type === 'pulse') this.#put(frame, peer);
    else if (frame.type === 'promise') this.#witness.promise(frame);
    else if (frame.type === 'resume') this.#witness.resume(frame);
    else if (frame.type === 'hurry') this.#witness.hurry(frame.host);
  }

  #put(frame: PulseFrame, peer: Peer): void {
    this.#latest = frame;
    this.#inbox = this.#inbox.then(() => this.#take(frame, peer));
  }

  #putAgain(frame: PulseFrame, peer: Peer): void {
    if (this.#latest === frame) this.#put(frame, peer);
  }

  // Schedulers may be told of a change one after the other: what this host has confirmed it never
  // gives up for an older set, since failovers go by the newer one alone.
  async #take(frame: PulseFrame, peer: Peer): Promise<void> {
    this.#sessions.set(peer, frame.session);
    this.#reach();
    if (frame.version < this.#version) return;
    try {
      await this.#witness.assign(frame);
      this.#version = frame.version;
      peer.send({ type: 'pulse-took', version: frame.version });
    } catch (error) {
      this.#log('cannot take the rules of its witnesses', { error: String(error) });
      // Its scheduler does not say it again, and a kernel without rules lets nothing through.
      this.#clock.sleep(againMs, this.#stopped).then(
        () => this.#putAgain(frame, peer),
        () => undefined,
      );
    }
  }

  #reach(): void {
    this.#witness.reach([...this.#sessions.values()]);
  }
}
