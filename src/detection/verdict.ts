// What the fleet holds true of a host, from what its witnesses report. Pure.

import type { HostName } from '../domain/ids.ts';
import type { Timings } from './timings.ts';
import { quorumOf, type WitnessSet } from './witness-sets.ts';

/** What one witness last said of one host. Times are monotonic, by the clock of who was told. */
export interface Report {
  readonly witness: HostName;
  /** `unknown`: it has only begun to probe the host, and grants nothing yet. */
  readonly state: 'hears' | 'silent' | 'unknown';
  /** Whether it has promised to grant nothing before it is told to go on; only of a silent one. */
  readonly isPromised: boolean;
  /** When its last grant runs out in the host's kernel; null where none ever left. */
  readonly grantEndMs: number | null;
  readonly heardMs: number | null;
  readonly agentHeardMs: number | null;
  /** Share of probes without an answer, 0 to 1. */
  readonly loss: number;
}

export interface Evidence {
  readonly host: HostName;
  /** Every set that the host may still go by: the last it confirmed, and those told since. */
  readonly sets: readonly WitnessSet[];
  readonly reports: ReadonlyMap<HostName, Report>;
}

/**
 * `alive`: enough witnesses hear it. `suspect`: too few do, but it may still answer. `silenced`: it
 * is proven to answer for nothing, dead or cut off. `unwitnessed`: nobody can prove anything.
 */
export interface Verdict {
  readonly state: 'alive' | 'suspect' | 'silenced' | 'unwitnessed';
  /** When a suspect will be silenced, and a silenced one was; null for the others. */
  readonly silencedAtMs: number | null;
  /** What it rests on, one line a witness, for people. */
  readonly reasons: readonly string[];
}

/**
 * A host is silenced when in every set that it may go by fewer witnesses than its quorum can still
 * be granting. A witness that is silent and has promised has stopped, and stays stopped until it is
 * told to go on, so a lease after its last grant the host's kernel has forgotten it.
 */
export function verdictOf(evidence: Evidence, nowMs: number, timings: Timings): Verdict {
  const { sets } = evidence;
  if (sets.length === 0 || sets.some(({ witnesses }) => witnesses.length === 0)) {
    return { state: 'unwitnessed', silencedAtMs: null, reasons: ['it has no witnesses'] };
  }
  const ends = sets.map((set) => silencedAt(set, evidence, timings));
  const silencedAtMs = ends.some((end) => end === null)
    ? null
    : Math.max(...ends.map((end) => end ?? 0));
  const reasons = reasonsOf(evidence, nowMs);
  if (silencedAtMs === null) return { state: 'alive', silencedAtMs, reasons };
  const state = nowMs >= silencedAtMs ? 'silenced' : 'suspect';
  return { state, silencedAtMs, reasons };
}

// When fewer than a quorum can be granting; null while that is not in sight.
function silencedAt(set: WitnessSet, evidence: Evidence, timings: Timings): number | null {
  const ends = set.witnesses
    .map((witness) => grantEnd(witness, evidence, timings))
    .filter((end) => end !== null)
    .toSorted((a, b) => a - b);
  const needed = set.witnesses.length - quorumOf(set) + 1;
  return ends[needed - 1] ?? null;
}

/** What the verdict would be if every witness that hears nothing had promised to grant nothing. */
export function suspicionOf(evidence: Evidence, nowMs: number, timings: Timings): Verdict {
  const reports = [...evidence.reports].map(([witness, report]) => {
    return [witness, { ...report, isPromised: report.state === 'silent' }] as const;
  });
  return verdictOf({ ...evidence, reports: new Map(reports) }, nowMs, timings);
}

// When the last grant of a witness that has stopped runs out; null for one that may go on.
function grantEnd(witness: HostName, { reports }: Evidence, { marginMs }: Timings): number | null {
  const report = reports.get(witness);
  if (report?.state !== 'silent' || !report.isPromised) return null;
  return report.grantEndMs === null ? 0 : report.grantEndMs + marginMs;
}

function reasonsOf({ sets, reports }: Evidence, nowMs: number): readonly string[] {
  const witnesses = new Set(sets.flatMap((set) => set.witnesses));
  return [...witnesses].map((witness) => {
    const report = reports.get(witness);
    if (report === undefined) return `${witness} says nothing`;
    const { state, isPromised, heardMs, agentHeardMs, loss } = report;
    if (state === 'unknown') return `${witness} has not heard it yet`;
    const age = (ms: number | null) => (ms === null ? 'never' : `${Math.round(nowMs - ms)} ms ago`);
    const lost = loss < 0.01 ? '' : `, ${Math.round(loss * 100)} % of its probes get no answer`;
    const what = state === 'hears' ? 'hears it' : 'does not hear it';
    const kept = state === 'silent' && isPromised ? ', and it has promised to grant nothing' : '';
    return `${witness} ${what}: kernel ${age(heardMs)}, agent ${age(agentHeardMs)}${lost}${kept}`;
  });
}

/**
 * Whether so many hosts fell silent that the observer is to be doubted rather than the hosts.
 *
 * @param down hosts that are silenced or fenced
 * @param share above this share of the fleet, 0 to 1, and for more than one host, a person decides
 */
export function isTooMany(down: number, enrolled: number, share: number): boolean {
  return down > 1 && down > enrolled * share;
}
