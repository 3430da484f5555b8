import type { Timings } from '../detection/timings.ts';
import {
  isTooMany,
  type Report,
  suspicionOf,
  type Verdict,
  verdictOf,
} from '../detection/verdict.ts';
import { anyScheduler } from '../detection/witness.ts';
import type { Clock } from '../domain/clock.ts';
import type { HostName } from '../domain/ids.ts';
import type { WitnessFrame } from '../protocol/pulse-frames.ts';
import type { HostWitnesses } from '../store/store.ts';
import { setsOf } from './pulse-tellings.ts';

/** Share of the fleet above which a person decides whether so many hosts are really gone. */
export const holdShare = 0.5;

/** How much later than its failure a transaction may still be carried out by a store that is slow. */
const doubtMs = 5_000;

/** Why a silenced host is not failed over by itself; null where it is. */
export type Hold = string | null;

/** What the store says that detection goes by. */
export interface DetectionKnowledge {
  readonly sets: readonly HostWitnesses[];
  readonly fenced: ReadonlySet<HostName>;
  /** Sessions of schedulers that live. */
  readonly alive: ReadonlySet<string>;
  /** Hosts that were connected once. */
  readonly enrolled: number;
  /** Why nothing is to be failed over now; null where it is. */
  readonly disarmed: string | null;
}

export interface DetectorParts {
  readonly clock: Clock;
  readonly timings: Timings;
  readonly session: () => string;
  /** Asks a witness that hears nothing of a host to promise that it grants it nothing more. */
  readonly promise: (
    witness: HostName,
    body: { host: HostName; silences: number; session: string },
  ) => void;
  /** Tells a witness that sessions do not count on a host's silence any more. */
  readonly resume: (
    witness: HostName,
    body: { host: HostName; silences: number; sessions: string[] },
  ) => void;
  /** A host is proven to fall silent: to be fenced and failed over. Resolves when that is decided, with
   * false where it is not known how: the store did not answer. */
  readonly silenced: (host: HostName, proof: Proof) => Promise<boolean>;
  /** A host is proven silent, but a person is to decide. Called once a time. */
  readonly held: (host: HostName, why: string, verdict: Verdict) => void;
}

/** That a host will answer for nothing any more. Monotonic milliseconds. */
export interface Proof {
  readonly verdict: Verdict;
  /** When the last witness heard it; null where none says. */
  readonly lastHeardMs: number | null;
  /** Since when too few witnesses hear it. */
  readonly suspectedMs: number;
  /** Since when enough of them have promised to grant it nothing. */
  readonly provenMs: number;
  /** When its last lease has run out. */
  readonly endMs: number;
}

interface Said extends Omit<Report, 'isPromised'> {
  /** To whom. */
  readonly promised: readonly string[];
  readonly silences: number;
}

/**
 * Gathers what witnesses report, asks them to promise where a silence is in sight, and acts when a
 * host is proven silent. What a witness said counts until it says something else: it keeps its promise
 * to grant nothing until it is told to go on.
 */
export class Detector {
  readonly #parts: DetectorParts;
  readonly #reports = new Map<HostName, Map<HostName, Said>>();
  readonly #deciding = new Set<HostName>();
  readonly #timers = new Map<HostName, AbortController>();
  /** Since when it has been in sight that a host is silenced, and since when it has been proven. */
  readonly #silences = new Map<HostName, Pick<Proof, 'suspectedMs' | 'provenMs'>>();
  readonly #held = new Map<HostName, string>();
  /** Until when it is not known how the last decision on a host went, monotonic. */
  readonly #inDoubtUntilMs = new Map<HostName, number>();
  /** When the reading began that `know` was given last, monotonic. */
  #knownAsOfMs = Number.NEGATIVE_INFINITY;
  #known: DetectionKnowledge = {
    ...{ sets: [], fenced: new Set(), alive: new Set() },
    ...{ enrolled: 0, disarmed: null },
  };

  constructor(parts: DetectorParts) {
    this.#parts = parts;
  }

  /** Takes in what the store said, read from `asOfMs` on, and looks at every host anew. */
  know(known: DetectionKnowledge, asOfMs: number): void {
    this.#known = known;
    this.#knownAsOfMs = asOfMs;
    for (const host of this.#reports.keys()) this.#look(host);
    for (const [host, reports] of this.#reports) {
      for (const report of reports.values()) this.#letGoOn(host, report, true);
    }
  }

  /** Takes in what a witness says. */
  hear(witness: HostName, { reports }: WitnessFrame): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const at = (ageMs: number | null) => (ageMs === null ? null : nowMs - ageMs);
    for (const { host, state, heardAgeMs, agentAgeMs, grantLeftMs, loss, ...rest } of reports) {
      const report: Said = {
        ...{
          witness,
          state,
          loss,
          ...rest,
          grantEndMs: grantLeftMs === null ? null : nowMs + grantLeftMs,
        },
        ...{ heardMs: at(heardAgeMs), agentHeardMs: at(agentAgeMs) },
      };
      const ofHost = this.#reports.get(host) ?? new Map<HostName, Said>();
      this.#reports.set(host, ofHost);
      ofHost.set(witness, report);
      this.#look(host);
      this.#letGoOn(host, report, false);
    }
  }

  /** Whether a witness last said that it hears a host. */
  hears(witness: HostName, host: HostName): boolean {
    return this.#reports.get(host)?.get(witness)?.state === 'hears';
  }

  /** Who last said that it hears the host. */
  heardBy(host: HostName): readonly HostName[] {
    return this.#sayersOf(host, 'hears');
  }

  /** Who last said that the host is silent. */
  silentTo(host: HostName): readonly HostName[] {
    return this.#sayersOf(host, 'silent');
  }

  #sayersOf(host: HostName, said: Report['state']): readonly HostName[] {
    const reports = [...(this.#reports.get(host)?.values() ?? [])];
    return reports.flatMap(({ witness, state }) => (state === said ? witness : []));
  }

  /** The sets of witnesses that it goes by. */
  get sets(): readonly HostWitnesses[] {
    return this.#known.sets;
  }

  /** The store has the host for dead now. */
  fenced(host: HostName): void {
    this.#known = { ...this.#known, fenced: new Set([...this.#known.fenced, host]) };
    this.#inDoubtUntilMs.set(host, this.#parts.clock.monotonicMs());
  }

  /** What is held true of a host now. */
  verdict(host: HostName): Verdict {
    return this.#judge(host, verdictOf);
  }

  // What would be held true, once witnesses that hear nothing have promised to grant nothing.
  #suspicion(host: HostName): Verdict {
    return this.#judge(host, suspicionOf);
  }

  #judge(host: HostName, judge: typeof verdictOf): Verdict {
    const { clock, timings, session } = this.#parts;
    // A witness keeps its promise to the sessions that it names. Once this scheduler's lease had run
    // out, others may have let it go on: what was promised before is no proof under the next lease.
    const own = session();
    const reports = new Map<HostName, Report>();
    for (const [witness, { promised, silences: _, ...report }] of this.#reports.get(host) ?? []) {
      reports.set(witness, { ...report, isPromised: promised.includes(own) });
    }
    const evidence = { host, sets: setsOf(host, this.#known.sets), reports };
    return judge(evidence, clock.monotonicMs(), timings);
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.abort('stopped');
    this.#timers.clear();
  }

  #look(host: HostName): void {
    if (this.#known.fenced.has(host) || this.#deciding.has(host)) return;
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#suspicion(host).silencedAtMs === null) {
      this.#held.delete(host);
      this.#silences.delete(host);
      return;
    }
    const { suspectedMs, ...before } = this.#silences.get(host) ?? {
      suspectedMs: nowMs,
      provenMs: Number.POSITIVE_INFINITY,
    };
    this.#askForPromises(host);
    const verdict = this.verdict(host);
    const isProven = verdict.silencedAtMs !== null;
    const provenMs = isProven ? Math.min(before.provenMs, nowMs) : Number.POSITIVE_INFINITY;
    this.#silences.set(host, { suspectedMs, provenMs });
    if (verdict.silencedAtMs === null) return;
    const actAtMs = this.#actAt(verdict.silencedAtMs, suspectedMs);
    if (nowMs < actAtMs) return this.#lookAgainAt(host, actAtMs);
    const hold = this.#hold(host);
    if (hold !== null) {
      if (this.#held.get(host) === hold) return;
      this.#held.set(host, hold);
      this.#parts.held(host, hold, verdict);
      return;
    }
    this.#deciding.add(host);
    const heard = [...(this.#reports.get(host)?.values() ?? [])].map(({ heardMs }) => heardMs ?? 0);
    const lastHeardMs = heard.length === 0 ? null : Math.max(...heard);
    const since = { lastHeardMs, suspectedMs, provenMs };
    void this.#decide(host, { verdict, ...since, endMs: verdict.silencedAtMs });
  }

  // Only now: who was asked grants nothing until it is told to go on, and may lose its scheduler before.
  #askForPromises(host: HostName): void {
    const session = this.#parts.session();
    for (const { witness, state, promised, silences } of this.#reports.get(host)?.values() ?? []) {
      if (state !== 'silent' || promised.includes(session)) continue;
      this.#parts.promise(witness, { host, silences, session });
    }
  }

  async #decide(host: HostName, proof: Proof): Promise<void> {
    const isKnown = await this.#parts.silenced(host, proof);
    this.#deciding.delete(host);
    const endedMs = this.#parts.clock.monotonicMs();
    this.#inDoubtUntilMs.set(host, endedMs + (isKnown ? 0 : doubtMs));
  }

  #hold(host: HostName): Hold {
    const { fenced, enrolled, disarmed } = this.#known;
    if (disarmed !== null) return `failover is disarmed: ${disarmed}`;
    const others = [...this.#reports.keys()].filter(
      (one) => one !== host && !fenced.has(one) && this.#isDoubtful(one),
    );
    const down = fenced.size + others.length + 1;
    if (!isTooMany(down, enrolled, holdShare)) return null;
    return `${down} of ${enrolled} hosts are silent at once: a person has to say that they are gone`;
  }

  // The promises are made, and only the last lease is still running: what a failover takes to be
  // written and prepared takes no longer than that. A probe's period is left for the other hosts'
  // witnesses to say that they, too, hear nothing, so that many at once are seen to be many.
  #actAt(silencedAtMs: number, suspectedMs: number): number {
    const { leaseMs, marginMs, probePeriodMs } = this.#parts.timings;
    return Math.min(
      silencedAtMs,
      Math.max(silencedAtMs - leaseMs - marginMs, suspectedMs + probePeriodMs),
    );
  }

  // One witness is enough, of those that are not in doubt themselves.
  #isDoubtful(host: HostName): boolean {
    if (this.#suspicion(host).silencedAtMs !== null) return true;
    const reports = [...(this.#reports.get(host)?.values() ?? [])];
    return reports.some(
      ({ witness, state }) =>
        state === 'silent' &&
        !this.#known.fenced.has(witness) &&
        this.#suspicion(witness).silencedAtMs === null,
    );
  }

  #lookAgainAt(host: HostName, atMs: number): void {
    this.#timers.get(host)?.abort('anew');
    const timer = new AbortController();
    this.#timers.set(host, timer);
    const waitMs = Math.max(1, atMs - this.#parts.clock.monotonicMs());
    this.#parts.clock.sleep(waitMs, timer.signal).then(
      () => this.#ring(host, timer),
      () => undefined,
    );
  }

  #ring(host: HostName, timer: AbortController): void {
    if (this.#timers.get(host) !== timer) return;
    this.#timers.delete(host);
    this.#look(host);
  }

  // Decided, or to be decided again, is what a reading says that began after the decision had ended.
  #isUnsettled(host: HostName): boolean {
    const untilMs = this.#inDoubtUntilMs.get(host) ?? Number.NEGATIVE_INFINITY;
    return this.#deciding.has(host) || this.#knownAsOfMs <= untilMs;
  }

  // A witness that hears the host again may grant again, once nobody counts on its silence: what
  // this scheduler was promised, it forgets here; what a dead one was promised, only after a fresh look
  // at the store, which `isFresh` says was just taken.
  #letGoOn(host: HostName, report: Said, isFresh: boolean): void {
    if (report.state !== 'hears' || report.promised.length === 0) return;
    if (this.#known.fenced.has(host) || this.#isUnsettled(host)) return;
    const own = this.#parts.session();
    const sessions = report.promised.filter(
      (one) => one === own || (isFresh && (one === anyScheduler || !this.#known.alive.has(one))),
    );
    if (sessions.length === 0) return;
    this.#parts.resume(report.witness, { host, silences: report.silences, sessions });
  }
}
