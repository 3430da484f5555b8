import type { PulseAssignment, TargetReport, WitnessReport } from '../../protocol/witness.ts';
import { pulseTimesDefault } from '../../protocol/witness.ts';
import { encodeHeartbeat } from './heartbeat.ts';
import { type PairKeys, pairKeys } from './pair-keys.ts';
import { encodeProbe } from './probe-format.ts';
import {
  afterAnswer,
  afterReading,
  afterSending,
  mayGrant,
  newTarget,
  type ProbeRules,
  stateOf,
  type TargetProbes,
} from './target-probes.ts';

/** How the prober reaches the wire. Sending reports nothing: what is not answered was not heard. */
export interface ProbeWire {
  sendProbe(bytes: Uint8Array, address: string): void;
  sendHeartbeat(bytes: Uint8Array, address: string, port: number): void;
  random(bytes: number): Buffer;
  /** Of the clock that turns are given. */
  monotonicMs(): number;
}

interface Target {
  readonly given: PulseAssignment['targets'][number];
  readonly keys: PairKeys;
  probes: TargetProbes;
  heartbeat: { nonce: Buffer; sentMs: number } | null;
  heartbeatMs: number | null;
  heartbeatUnanswered: number;
}

const reportEveryMs = 1_000;
const lossAveragedMs = 10_000;

/**
 * All that a witness does, without a thread or a socket: turned by whoever calls `turn` at
 * `nextTurnMs`, and handed what arrived in between. The thread does it for real, a simulation for
 * models. Times are of one monotonic clock.
 */
export class Prober {
  readonly #wire: ProbeWire;
  readonly #identifier: number;
  readonly #targets = new Map<string, Target>();
  #times = pulseTimesDefault;
  #revision = 0;
  #sequence = 0;
  #nextProbeMs = 0;
  #nextHeartbeatMs = 0;
  #nextReportMs = 0;
  #lagMs = 0;
  #told = '';

  constructor(wire: ProbeWire) {
    this.#wire = wire;
    this.#identifier = wire.random(2).readUInt16BE();
  }

  /** Of this prober's ICMP messages. */
  get identifier(): number {
    return this.#identifier;
  }

  get nextTurnMs(): number {
    return Math.min(this.#nextProbeMs, this.#nextReportMs);
  }

  /** Takes what a scheduler said; what is known of hosts that stay is kept. */
  assign(assignment: PulseAssignment): void {
    const before = new Map(this.#targets);
    this.#targets.clear();
    this.#times = assignment.times;
    this.#revision = assignment.revision;
    for (const given of assignment.targets) {
      const known = before.get(given.host);
      const isSame = known?.given.address === given.address;
      const probes = isSame ? known.probes : newTarget(false);
      this.#targets.set(given.host, {
        heartbeat: null,
        heartbeatMs: null,
        heartbeatUnanswered: 0,
        ...(isSame ? known : {}),
        given,
        keys: pairKeys(given.secret),
        probes: { ...probes, isStopped: !given.mayGrant },
      });
    }
  }

  /** From the return of this call no grant is sent to these hosts. */
  stop(hosts: readonly string[]): void {
    for (const host of hosts) {
      const target = this.#targets.get(host);
      if (target !== undefined) target.probes = { ...target.probes, isStopped: true };
    }
  }

  heardProbe(answer: { readonly sequence: number; readonly nonce: Uint8Array }): void {
    const rules = this.#rules();
    for (const target of this.#targets.values())
      target.probes = afterAnswer(target.probes, answer, rules);
  }

  /** @param opened gives the datagram's nonce where the key it is called with made it */
  heardHeartbeat(opened: (key: Uint8Array) => Buffer | null): void {
    for (const target of this.#targets.values()) {
      const nonce = target.heartbeat === null ? null : opened(target.keys.heartbeatKey);
      if (target.heartbeat === null || nonce?.equals(target.heartbeat.nonce) !== true) continue;
      target.heartbeatMs = target.heartbeat.sentMs;
      target.heartbeat = null;
      target.heartbeatUnanswered = 0;
    }
  }

  /**
   * Judges what is missing, sends what is due, and returns a report where something changed or a
   * second has passed. To be called with everything read that had arrived by `nowMs`.
   */
  turn(nowMs: number): WitnessReport | null {
    const rules = this.#rules();
    for (const target of this.#targets.values())
      target.probes = afterReading(target.probes, rules, nowMs);
    if (nowMs >= this.#nextProbeMs) this.#probe(nowMs, rules);
    if (nowMs >= this.#nextHeartbeatMs) this.#askHeartbeats(nowMs);
    return this.#report(nowMs, rules);
  }

  #rules(): ProbeRules {
    return {
      answerMs: this.#times.probeIntervalMs,
      hearingMs: this.#times.hearingMs,
      silentProbes: this.#times.silentProbes,
      lossProbes: lossAveragedMs / this.#times.probeIntervalMs,
    };
  }

  #probe(nowMs: number, rules: ProbeRules): void {
    if (this.#nextProbeMs > 0) this.#lagMs = Math.max(this.#lagMs, nowMs - this.#nextProbeMs);
    const interval = this.#times.probeIntervalMs;
    // What was missed while this thread was held up is not made good in a burst.
    this.#nextProbeMs = Math.max(this.#nextProbeMs + interval, nowMs + interval / 2);
    for (const target of this.#targets.values()) {
      this.#sequence = (this.#sequence + 1) & 0xffff;
      const sequence = this.#sequence;
      const nonce = this.#wire.random(8);
      const isGrant = mayGrant(target.probes, rules, nowMs);
      const { token } = target.keys;
      const bytes = encodeProbe({ identifier: this.#identifier, sequence, token, nonce, isGrant });
      // Taken for sent from before it was, so that its answer proves no more than it should; and for
      // granted until after it was, however long this thread was stopped in between.
      const sentMs = this.#wire.monotonicMs();
      this.#wire.sendProbe(bytes, target.given.address);
      const leftMs = this.#wire.monotonicMs();
      target.probes = afterSending(target.probes, {
        sequence,
        nonce,
        sentMs,
        grantedMs: isGrant ? leftMs : null,
      });
    }
  }

  #askHeartbeats(nowMs: number): void {
    this.#nextHeartbeatMs = nowMs + this.#times.heartbeatIntervalMs;
    for (const target of this.#targets.values()) {
      if (target.given.heartbeatPort === null) continue;
      if (target.heartbeat !== null) target.heartbeatUnanswered += 1;
      const nonce = this.#wire.random(16);
      target.heartbeat = { nonce, sentMs: nowMs };
      const bytes = encodeHeartbeat('ask', nonce, target.keys.heartbeatKey);
      this.#wire.sendHeartbeat(bytes, target.given.address, target.given.heartbeatPort);
    }
  }

  #report(nowMs: number, rules: ProbeRules): WitnessReport | null {
    const told = this.#summary(nowMs, rules);
    if (told === this.#told && nowMs < this.#nextReportMs) return null;
    this.#told = told;
    const targets = [...this.#targets.values()].map((target) => reported(target, nowMs, rules));
    const report = { kind: 'witness', revision: this.#revision, lagMs: this.#lagMs, targets };
    if (nowMs >= this.#nextReportMs) this.#lagMs = 0;
    this.#nextReportMs = nowMs + reportEveryMs;
    return report as WitnessReport;
  }

  /** What a report is sent for at once when it changes. */
  #summary(nowMs: number, rules: ProbeRules): string {
    const states = [...this.#targets.values()].map(
      ({ given, probes, heartbeatUnanswered }) =>
        `${given.host} ${stateOf(probes)} ${mayGrant(probes, rules, nowMs)} ${probes.isStopped} ${heartbeatUnanswered >= 2}`,
    );
    return `${this.#revision} ${states.join(', ')}`;
  }
}

function reported(target: Target, nowMs: number, rules: ProbeRules): TargetReport {
  const age = (sinceMs: number | null) => (sinceMs === null ? null : Math.max(0, nowMs - sinceMs));
  const { probes } = target;
  return {
    host: target.given.host,
    state: stateOf(probes),
    answeredAgeMs: age(probes.answeredMs),
    unansweredForMs: age(probes.unansweredSinceMs),
    unanswered: probes.unanswered,
    lossShare: probes.lossShare,
    isGranting: mayGrant(probes, rules, nowMs),
    isStopped: probes.isStopped,
    grantAgeMs: age(probes.grantedMs),
    heartbeatAgeMs: age(target.heartbeatMs),
    heartbeatUnanswered: target.heartbeatUnanswered,
  };
}
