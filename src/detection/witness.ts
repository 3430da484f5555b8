// What a witness makes of one host that it probes. Pure: time comes in, the next state goes out.
//
// A probe is also a grant. The host's kernel lets the traffic of its instances through for as long
// as enough witnesses grant. A scheduler that sees too few of them hear the host asks the others to
// promise that they will not grant again before it says so: on these promises rests the proof that a
// host which nobody hears answers for nothing any more. Who was not asked has promised nothing, and
// grants again as soon as it hears the host: a silence that was none costs nothing, also where no
// scheduler is there to call it off.

import type { Timings } from './timings.ts';

/** Chance at which a live host may be taken for silent because of loss alone. */
const mistake = 1e-6;
/** Loss that is assumed even where none was seen. */
const lossLeast = 0.03;
/** Loss that is assumed of a host that has not answered yet. */
const lossUnknown = 0.3;
/** Weight of one probe in the measured loss: some three seconds count. */
const lossWeight = 1 / 150;
/** Stands for every scheduler: who was promised something is not known any more. */
export const anyScheduler = '*';

export interface WitnessState {
  /** Monotonic times; null where it never happened. */
  readonly heardMs: number | null;
  readonly agentHeardMs: number | null;
  /** When it was first probed, as far as this witness knows. */
  readonly probedSinceMs: number | null;
  /** When the last grant that left runs out. */
  readonly grantEndMs: number | null;
  /**
   * When the last grant runs out that a process before this one may have given; null once the host
   * is known to have taken a newer one in its place.
   */
  readonly inheritedEndMs: number | null;
  /** The host said that its agent will be away until then. */
  readonly agentAwayUntilMs: number;
  /** Probes in a row whose answer is overdue. */
  readonly unanswered: number;
  /** Share of probes that get no answer while the host is heard, 0 to 1. */
  readonly loss: number;
  readonly isSilent: boolean;
  /** Counts the times it fell silent, so that a late word about one is not taken for the next. */
  readonly silences: number;
  /** Sessions of schedulers that were promised to grant nothing, and have not said to go on. */
  readonly promised: readonly string[];
  /** The fleet holds the host for dead, whatever is heard of it. */
  readonly isFenced: boolean;
}

/** What outlasts the time in which a host is probed. */
export type Past = Pick<WitnessState, 'promised' | 'silences' | 'inheritedEndMs'>;

/** A host that is not known yet, but for what was promised of it before. */
export function unheard(past: Past): WitnessState {
  const { promised, silences, inheritedEndMs } = past;
  return {
    ...{ heardMs: null, agentHeardMs: null, probedSinceMs: null, grantEndMs: null },
    ...{ inheritedEndMs, agentAwayUntilMs: 0, unanswered: 0, loss: 0, isSilent: false },
    ...{ silences, promised, isFenced: false },
  };
}

/** When the last grant runs out that may be in the host's kernel; null where there is none. */
export function lastGrantEndMs({ grantEndMs, inheritedEndMs }: WitnessState): number | null {
  if (grantEndMs === null || inheritedEndMs === null) return grantEndMs ?? inheritedEndMs;
  return Math.max(grantEndMs, inheritedEndMs);
}

/** A probe went out, whether it grants or not. */
export function probed(state: WitnessState, nowMs: number): WitnessState {
  return state.probedSinceMs === null ? { ...state, probedSinceMs: nowMs } : state;
}

/**
 * True where the next probe is to grant. Half way to a silence grants are held back already: the
 * sooner the last one left, the sooner the silence is a proof, and the lease bridges what was loss.
 */
export function mayGrant(state: WitnessState, timings: Timings): boolean {
  const { heardMs, isSilent, promised, isFenced, unanswered, loss } = state;
  if (heardMs === null || isSilent || promised.length > 0 || isFenced) return false;
  return unanswered < Math.floor(probesToSilence(loss, timings) / 2);
}

/** A probe went out that granted. @param endMs when the host's kernel forgets it at the latest */
export function granted(state: WitnessState, endMs: number): WitnessState {
  return { ...state, grantEndMs: Math.max(state.grantEndMs ?? endMs, endMs) };
}

/**
 * The kernel answered a probe.
 *
 * @param sentMs of the probe: its answer proves nothing newer
 * @param isGrant whether that probe granted, and so replaced every grant before it
 */
export function heard(state: WitnessState, sentMs: number, isGrant: boolean): WitnessState {
  const heardMs = Math.max(state.heardMs ?? sentMs, sentMs);
  // Only now is it known that what was missed before was lost, and not unanswered by a dead host.
  const passed = state.isSilent ? 0 : state.unanswered;
  const loss = (1 - (1 - state.loss) * (1 - lossWeight) ** passed) * (1 - lossWeight);
  const inheritedEndMs = isGrant ? null : state.inheritedEndMs;
  return { ...state, heardMs, inheritedEndMs, unanswered: 0, loss };
}

/** The answer to a probe is overdue, and the witness itself has not slept meanwhile. */
export function missed(state: WitnessState): WitnessState {
  return { ...state, unanswered: state.unanswered + 1 };
}

/** The answer to a probe is overdue, while that to a later one has come: nothing but loss. */
export function lost(state: WitnessState): WitnessState {
  return { ...state, loss: 1 - (1 - state.loss) * (1 - lossWeight) };
}

/** The agent answered. @param awayMs how long it said that it will be away now; 0 for not at all */
export function agentHeard(state: WitnessState, nowMs: number, awayMs: number): WitnessState {
  const agentAwayUntilMs = awayMs > 0 ? nowMs + awayMs : 0;
  return { ...state, agentHeardMs: nowMs, agentAwayUntilMs };
}

/** Probes in a row that have to stay unanswered, given the loss that was measured. */
export function probesToSilence(loss: number, { silentMs, probePeriodMs }: Timings): number {
  const least = Math.ceil(silentMs / probePeriodMs);
  const byLoss = Math.ceil(Math.log(mistake) / Math.log(Math.min(0.95, Math.max(lossLeast, loss))));
  return Math.max(least, byLoss);
}

/**
 * Whether the host is silent by now: its kernel, by probes that were missed, or its agent, by time.
 * One that never answered falls silent as well, counted from its first probe: it may have died just
 * as this witness was set to watch it.
 */
export function judged(state: WitnessState, nowMs: number, timings: Timings): WitnessState {
  const { heardMs, probedSinceMs, agentHeardMs, agentAwayUntilMs, unanswered, loss } = state;
  const sinceMs = heardMs ?? probedSinceMs;
  const isKernelSilent =
    sinceMs !== null &&
    nowMs - sinceMs >= timings.silentMs &&
    unanswered >= probesToSilence(heardMs === null ? lossUnknown : loss, timings);
  const agentSilentMs = agentHeardMs === null ? 0 : nowMs - agentHeardMs;
  const isAgentSilent = agentSilentMs >= timings.agentSilentMs && nowMs >= agentAwayUntilMs;
  const isSilent = isKernelSilent || isAgentSilent;
  if (isSilent === state.isSilent) return state;
  return { ...state, isSilent, silences: state.silences + Number(isSilent) };
}

/**
 * A scheduler asks to count on the host's silence. To be kept before it is said.
 *
 * @param silences which one it means: the host may have been heard since, or fallen silent anew
 */
export function promisedTo(state: WitnessState, session: string, silences: number): WitnessState {
  if (!state.isSilent || silences !== state.silences || state.promised.includes(session)) {
    return state;
  }
  return { ...state, promised: [...state.promised, session] };
}

/**
 * Schedulers do not count on the silence any more that they were promised.
 *
 * @param silences which one they mean: they may have been promised a later one since
 */
export function resumed(
  state: WitnessState,
  sessions: readonly string[],
  silences: number,
): WitnessState {
  if (silences !== state.silences) return state;
  return { ...state, promised: state.promised.filter((one) => !sessions.includes(one)) };
}
