import type { Clock } from '../domain/clock.ts';
import type { SchedulerFrame } from '../protocol/frames.ts';
import type { PulseFrame, WitnessFrame } from '../protocol/pulse-frames.ts';
import type { Peer } from './links.ts';
import type { MachineFiles } from './machine.ts';

const againMs = 1_000;
/** Holds the version of the set of witnesses that this host last confirmed. */
const versionFile = 'witnesses-version';

/** A host's lease and the grants it gives, as the agent's state machine uses them. */
export interface Witness {
  /** @throws Error where the kernel did not take the rules; then nothing has changed */
  assign(frame: PulseFrame): Promise<void>;
  /** Takes only the hosts that are to be witnessed; the rules stay as they are. */
  watch(frame: Pick<PulseFrame, 'targets' | 'timings'>): void;
  /** Schedulers that reports reach from now on. */
  reach(sessions: readonly string[]): void;
  resume(body: { host: string; silences: number; sessions: readonly string[] }): void;
  hurry(host: string): void;
  /** What is made of the hosts that are witnessed, and for which schedulers alone that is. */
  onReport(handler: (report: WitnessFrame, sessions: readonly string[]) => void): void;
}

/** Carries words between the schedulers and this host's part in the witnesses. */
export class Witnessing {
  readonly #witness: Witness;
  readonly #files: MachineFiles;
  readonly #clock: Clock;
  /** Ends when the agent does. */
  readonly #stopped: AbortSignal;
  readonly #log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
  /** Each scheduler's session, since its stream opened. */
  readonly #sessions = new Map<Peer, string>();
  /** Null until it has been read from the disk. */
  #version: number | null = null;
  /** Whether a set that is no older than the confirmed one has been taken since the start. */
  #isUpToDate = false;
  #latest: PulseFrame | null = null;
  #inbox: Promise<void> = Promise.resolve();

  constructor(
    witness: Witness,
    files: MachineFiles,
    clock: Clock,
    stopped: AbortSignal,
    log: (message: string, details?: Readonly<Record<string, unknown>>) => void,
  ) {
    this.#witness = witness;
    this.#files = files;
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
  // gives up for an older set, since failovers go by the newer one alone; not after a restart either.
  async #take(frame: PulseFrame, peer: Peer): Promise<void> {
    this.#sessions.set(peer, frame.session);
    this.#reach();
    try {
      this.#version ??= Number((await this.#files.readFile(versionFile)) ?? -1);
      if (frame.version < this.#version) {
        // Where it was not recorded that this host confirmed the newer one, it is told the older until
        // its witnesses hear it. Two that were restarted would wait for each other, did they not ask.
        if (!this.#isUpToDate) this.#witness.watch(frame);
        return;
      }
      await this.#witness.assign(frame);
      this.#isUpToDate = true;
      if (frame.version > this.#version) {
        await this.#files.replaceFile(versionFile, `${frame.version}\n`);
        this.#version = frame.version;
      }
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
