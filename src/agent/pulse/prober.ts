import { productionTimings, type Timings } from '../../detection/timings.ts';
import {
  agentHeard,
  anyScheduler,
  granted,
  heard,
  judged,
  lastGrantEndMs,
  lost,
  mayGrant,
  missed,
  type Past,
  probed,
  promisedTo,
  resumed,
  unheard,
  type WitnessState,
} from '../../detection/witness.ts';
import type { WitnessFrame } from '../../protocol/pulse-frames.ts';
import { encodeHeartbeat } from './heartbeat.ts';
import { type PairKeys, pairKeys } from './pair-keys.ts';
import { encodeProbe } from './probe-format.ts';
import type {
  Assignment,
  FromProber,
  PromiseAsked,
  Promises,
  Resumption,
} from './prober-messages.ts';

/** How the prober reaches the wire. Sending reports nothing: what is not answered was not heard. */
export interface ProbeWire {
  sendProbe(bytes: Uint8Array, address: string): void;
  sendHeartbeat(bytes: Uint8Array, address: string): void;
  random(bytes: number): Buffer;
  /** Of the clock that turns are given. */
  monotonicMs(): number;
  /** Keeps the promises where a restarted agent finds them. Before it returns. */
  keep(promises: Promises): void;
}

/** One probe whose answer has not come. */
interface SentProbe {
  readonly sequence: number;
  readonly nonce: Uint8Array;
  readonly sentMs: number;
  readonly isGrant: boolean;
  isOverdue: boolean;
}

interface Target {
  readonly given: Assignment['targets'][number];
  readonly keys: PairKeys;
  /** Oldest first, at most `pendingMax`. An answer to an overdue one still proves life. */
  pending: SentProbe[];
  state: WitnessState;
  heartbeat: { readonly nonce: Buffer; readonly sentMs: number } | null;
  /** It is probed fast from then on and until then, since somebody says that it has panicked. */
  hurrySinceMs: number;
  hurryUntilMs: number;
}

const pendingMax = 64;

/**
 * All that a witness does, without a thread or a socket: turned by whoever calls `turn` at
 * `nextTurnMs`, and handed what arrived in between. Times are of one monotonic clock.
 */
export class Prober {
  readonly #wire: ProbeWire;
  readonly #identifier: number;
  readonly #promises: Promises | null;
  readonly #targets = new Map<string, Target>();
  /** What was promised of hosts that were targets before. */
  readonly #memory = new Map<string, Past>();
  readonly #startedMs: number;
  #timings: Timings = productionTimings;
  #sessions: readonly string[] = [];
  #sequence = 0;
  #nextProbeMs = 0;
  #nextHeartbeatMs = 0;
  #nextReportMs = 0;
  #said = '';
  #kept = '';

  /** @param promises of the agent before this one; null where they are not known any more */
  constructor(wire: ProbeWire, promises: Promises | null) {
    this.#wire = wire;
    this.#promises = promises;
    this.#identifier = wire.random(2).readUInt16BE();
    this.#startedMs = wire.monotonicMs();
  }

  /** Of this prober's ICMP messages. */
  get identifier(): number {
    return this.#identifier;
  }

  get nextTurnMs(): number {
    return Math.min(this.#nextProbeMs, this.#nextReportMs);
  }

  /** Takes what a scheduler said; what is known of hosts that stay is kept. */
  assign({ targets, timings }: Assignment): void {
    const before = new Map(this.#targets);
    this.#targets.clear();
    this.#timings = timings;
    // What was promised of a host that is no target any more holds if it becomes one again.
    for (const [host, { state }] of before) {
      const { promised, silences } = state;
      this.#memory.set(host, { promised, silences, inheritedEndMs: lastGrantEndMs(state) });
    }
    for (const given of targets) {
      const known = before.get(given.host);
      const isSame = known?.given.address === given.address;
      const state = isSame ? known.state : this.#unheard(given.host);
      this.#targets.set(given.host, {
        ...{ pending: [], heartbeat: null, hurrySinceMs: 0, hurryUntilMs: 0 },
        ...(isSame ? known : {}),
        given,
        keys: pairKeys(given.secret),
        state: { ...state, isFenced: given.isFenced },
      });
    }
  }

  #unheard(host: string): WitnessState {
    const known = this.#memory.get(host);
    if (known !== undefined) return unheard(known);
    // The agent before may have given a long grant as its last, up to this one's start.
    const inheritedEndMs = this.#startedMs + this.#timings.awayMs;
    // Without a memory every scheduler may have been promised the silence of every host.
    const promised = this.#promises === null ? [anyScheduler] : [];
    return unheard({ promised, silences: 0, ...this.#promises?.[host], inheritedEndMs });
  }

  /** Schedulers that a report reaches from now on. */
  reach(sessions: readonly string[]): void {
    this.#sessions = sessions;
    this.#said = '';
  }

  /** A scheduler asks to count on a host's silence; the next report says whether it may. */
  promise({ host, session, silences }: PromiseAsked): void {
    const target = this.#targets.get(host);
    if (target !== undefined) target.state = promisedTo(target.state, session, silences);
  }

  resume({ host, sessions, silences }: Resumption): void {
    const target = this.#targets.get(host);
    if (target !== undefined) target.state = resumed(target.state, sessions, silences);
  }

  hurry(host: string, nowMs: number): void {
    const target = this.#targets.get(host);
    if (target === undefined) return;
    target.hurrySinceMs = nowMs;
    target.hurryUntilMs = nowMs + this.#timings.hurryForMs;
    this.#nextProbeMs = nowMs;
  }

  heardProbe(answer: { readonly sequence: number; readonly nonce: Uint8Array }): void {
    for (const target of this.#targets.values()) {
      const probe = target.pending.find(
        ({ sequence, nonce }) =>
          sequence === answer.sequence && Buffer.compare(nonce, answer.nonce) === 0,
      );
      if (probe === undefined) continue;
      target.pending = target.pending.filter((one) => one !== probe);
      target.state = heard(target.state, probe.sentMs, probe.isGrant);
    }
  }

  /** @param opened gives the datagram's content where the key it is called with made it */
  heardHeartbeat(
    opened: (key: Uint8Array) => { readonly nonce: Buffer; readonly awayMs: number } | null,
  ): void {
    for (const target of this.#targets.values()) {
      const { heartbeat } = target;
      const answer = heartbeat === null ? null : opened(target.keys.heartbeatKey);
      if (heartbeat === null || answer?.nonce.equals(heartbeat.nonce) !== true) continue;
      target.state = agentHeard(target.state, heartbeat.sentMs, answer.awayMs);
      target.heartbeat = null;
    }
  }

  /**
   * Judges what is missing, sends what is due, and returns a report where something changed or a
   * second has passed. To be called with everything read that had arrived by `nowMs`.
   */
  turn(nowMs: number): Extract<FromProber, { kind: 'report' }> | null {
    for (const target of this.#targets.values()) this.#judge(target, nowMs);
    // A promise is kept and said before the next probe could grant anything.
    const report = this.#report(nowMs);
    if (nowMs >= this.#nextProbeMs) this.#probe(nowMs);
    if (nowMs >= this.#nextHeartbeatMs) this.#askHeartbeats(nowMs);
    return report;
  }

  /** Gives every host that may be granted a last grant that lasts for `ms`. */
  leave(ms: number): void {
    for (const target of this.#targets.values()) this.#send(target, ms);
  }

  // A prober that was held up itself has sent nothing meanwhile, and misses nothing: what counts is
  // that an answer had time to be read, and was not there.
  #judge(target: Target, readMs: number): void {
    const newest = target.state.heardMs ?? Number.NEGATIVE_INFINITY;
    for (const probe of target.pending) {
      if (probe.isOverdue || readMs - probe.sentMs < this.#periodOf(target, readMs)) continue;
      probe.isOverdue = true;
      target.state = probe.sentMs > newest ? missed(target.state) : lost(target.state);
    }
    target.state = judged(target.state, readMs, this.#timingsOf(target, readMs));
  }

  #isHurried(target: Target, nowMs: number): boolean {
    return nowMs < target.hurryUntilMs;
  }

  #periodOf(target: Target, nowMs: number): number {
    const { hurryPeriodMs, probePeriodMs } = this.#timings;
    return this.#isHurried(target, nowMs) ? hurryPeriodMs : probePeriodMs;
  }

  #timingsOf(target: Target, nowMs: number): Timings {
    if (!this.#isHurried(target, nowMs)) return this.#timings;
    const { hurryPeriodMs, hurrySilentMs } = this.#timings;
    return { ...this.#timings, probePeriodMs: hurryPeriodMs, silentMs: hurrySilentMs };
  }

  #probe(nowMs: number): void {
    const targets = [...this.#targets.values()];
    const { hurryPeriodMs, probePeriodMs } = this.#timings;
    const isHurried = targets.some((target) => this.#isHurried(target, nowMs));
    const period = isHurried ? hurryPeriodMs : probePeriodMs;
    // What was missed while this thread was held up is not made good in a burst.
    this.#nextProbeMs = Math.max(this.#nextProbeMs + period, nowMs + period / 2);
    for (const target of targets) {
      const last = target.pending.at(-1)?.sentMs ?? target.state.heardMs ?? 0;
      const isDue = nowMs - last >= this.#periodOf(target, nowMs) * 0.75;
      if (isDue) this.#send(target, this.#timings.leaseMs);
    }
  }

  #send(target: Target, leaseMs: number): void {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    const sequence = this.#sequence;
    const nonce = this.#wire.random(8);
    const isLong = leaseMs > this.#timings.leaseMs;
    const sentMs = this.#wire.monotonicMs();
    const isGrant = this.#mayGrant(target, sentMs);
    const { token } = target.keys;
    const kind = isGrant ? (isLong ? 'long' : 'grant') : 'plain';
    const bytes = encodeProbe({ identifier: this.#identifier, sequence, token, nonce, kind });
    this.#wire.sendProbe(bytes, target.given.address);
    // Granted until after it left, however long this thread was stopped in between.
    const leftMs = this.#wire.monotonicMs();
    target.state = probed(target.state, sentMs);
    if (isGrant) target.state = granted(target.state, leftMs + leaseMs);
    target.pending = [
      ...target.pending.slice(-(pendingMax - 1)),
      { sequence, nonce, sentMs, isGrant, isOverdue: false },
    ];
  }

  // One that is said to have panicked has to have answered every probe since. A host that lives does
  // so at once, and its lease bridges what is lost: whoever speaks in its name costs it nothing.
  #mayGrant(target: Target, nowMs: number): boolean {
    if (!mayGrant(target.state, this.#timingsOf(target, nowMs))) return false;
    if (!this.#isHurried(target, nowMs)) return true;
    const { heardMs, unanswered } = target.state;
    return (heardMs ?? 0) >= target.hurrySinceMs && unanswered === 0;
  }

  #askHeartbeats(nowMs: number): void {
    this.#nextHeartbeatMs = nowMs + this.#timings.heartbeatPeriodMs;
    for (const target of this.#targets.values()) {
      const nonce = this.#wire.random(16);
      target.heartbeat = { nonce, sentMs: nowMs };
      const bytes = encodeHeartbeat('ask', nonce, 0, target.keys.heartbeatKey);
      this.#wire.sendHeartbeat(bytes, target.given.address);
    }
  }

  #report(nowMs: number): Extract<FromProber, { kind: 'report' }> | null {
    const said = [...this.#targets.values()]
      .map(({ given, state }) => {
        const { silences, promised } = state;
        return `${given.host} ${stateOf(state)} ${silences} ${promised.join(' ')}`;
      })
      .join();
    const isDue = said !== this.#said || nowMs >= this.#nextReportMs;
    this.#keep();
    if (!isDue) return null;
    this.#said = said;
    this.#nextReportMs = nowMs + this.#timings.reportPeriodMs;
    const age = (ms: number | null) => (ms === null ? null : Math.max(0, nowMs - ms));
    const left = (ms: number | null) => (ms === null ? null : ms - nowMs);
    const reports: WitnessFrame['reports'] = [...this.#targets.values()].map(
      ({ given, state }) => ({
        host: given.host,
        state: stateOf(state),
        heardAgeMs: age(state.heardMs),
        agentAgeMs: age(state.agentHeardMs),
        grantLeftMs: left(lastGrantEndMs(state)),
        loss: state.loss,
        silences: state.silences,
        promised: [...state.promised],
      }),
    );
    return { kind: 'report', report: { type: 'witness', reports }, sessions: this.#sessions };
  }

  #keep(): void {
    const states = new Map<string, Past>(this.#memory);
    for (const [host, { state }] of this.#targets) states.set(host, state);
    const promises: Promises = {
      ...this.#promises,
      ...Object.fromEntries(
        [...states].map(([host, { promised, silences }]) => [host, { promised, silences }]),
      ),
    };
    const text = JSON.stringify(promises);
    if (text === this.#kept) return;
    this.#wire.keep(promises);
    this.#kept = text;
  }
}

function stateOf({ heardMs, isSilent }: WitnessState): 'hears' | 'silent' | 'unknown' {
  if (isSilent) return 'silent';
  return heardMs === null ? 'unknown' : 'hears';
}
