// What a witness knows of one host it probes: a state machine over readonly data, with the time handed
// in. The prober turns it for real, the simulation for models.

/** One probe whose answer has not come. */
export interface SentProbe {
  readonly sequence: number;
  readonly nonce: Uint8Array;
  readonly sentMs: number;
  /** Its answer had time to be read, and was not there. */
  readonly isOverdue: boolean;
}

export interface TargetProbes {
  /** Oldest first, at most `pendingMax`. An answer to an overdue one still proves life. */
  readonly pending: readonly SentProbe[];
  /** When the newest probe that was answered was sent. */
  readonly answeredMs: number | null;
  /** When the first of the overdue probes since then was sent. */
  readonly unansweredSinceMs: number | null;
  readonly unanswered: number;
  /** Share of probes not answered in time. Held while silent: a dead host is not a bad network. */
  readonly lossShare: number;
  readonly isSilent: boolean;
  readonly isStopped: boolean;
  readonly grantedMs: number | null;
}

export interface ProbeRules {
  /** An answer that takes longer is counted as missing, until it comes. */
  readonly answerMs: number;
  readonly hearingMs: number;
  readonly silentProbes: number;
  /** Probes after which the weight of one in `lossShare` has fallen to 1/e. */
  readonly lossProbes: number;
}

/** Probes kept waiting for an answer; at 40 a second, 1.6 s of them. */
export const pendingMax = 64;

/** A host that was not probed yet. */
export function newTarget(isStopped: boolean): TargetProbes {
  return {
    pending: [],
    answeredMs: null,
    unansweredSinceMs: null,
    unanswered: 0,
    lossShare: 0,
    isSilent: false,
    isStopped,
    grantedMs: null,
  };
}

/**
 * Whether a probe sent now may carry a grant: the host was heard lately, and nobody said stop. What
 * counts is when the answered probe was sent, so that an answer read late proves nothing newer.
 */
export function mayGrant(target: TargetProbes, rules: ProbeRules, nowMs: number): boolean {
  return (
    !target.isStopped && target.answeredMs !== null && nowMs - target.answeredMs <= rules.hearingMs
  );
}

export function afterSending(
  target: TargetProbes,
  probe: Omit<SentProbe, 'isOverdue'> & {
    /** When it had been handed to the kernel, where it was a grant. */
    readonly grantedMs: number | null;
  },
): TargetProbes {
  const { sequence, nonce, sentMs } = probe;
  return {
    ...target,
    pending: [
      ...target.pending.slice(-(pendingMax - 1)),
      { sequence, nonce, sentMs, isOverdue: false },
    ],
    grantedMs: probe.grantedMs ?? target.grantedMs,
  };
}

/** The same target where nothing of it was waiting for such an answer: forged, twice or too old. */
export function afterAnswer(
  target: TargetProbes,
  answer: { readonly sequence: number; readonly nonce: Uint8Array },
  rules: ProbeRules,
): TargetProbes {
  const probe = target.pending.find(
    ({ sequence, nonce }) =>
      sequence === answer.sequence && Buffer.compare(nonce, answer.nonce) === 0,
  );
  if (probe === undefined) return target;
  const pending = target.pending.filter((other) => other !== probe);
  const answeredMs = Math.max(target.answeredMs ?? probe.sentMs, probe.sentMs);
  const missing = pending.filter(({ sentMs, isOverdue }) => isOverdue && sentMs > answeredMs);
  return {
    ...target,
    pending,
    answeredMs,
    unanswered: missing.length,
    unansweredSinceMs: missing[0]?.sentMs ?? null,
    lossShare: probe.isOverdue ? target.lossShare : averaged(target.lossShare, 0, rules),
    // Answers that come after all of what was missing end a silence; a straggler of before does not.
    isSilent: target.isSilent && missing.length >= rules.silentProbes,
  };
}

/**
 * Judges what is missing. `readMs` is when everything that had arrived by then was read: a prober that
 * was held up itself has sent nothing meanwhile and misses nothing.
 */
export function afterReading(
  target: TargetProbes,
  rules: ProbeRules,
  readMs: number,
): TargetProbes {
  const newest = target.answeredMs ?? Number.NEGATIVE_INFINITY;
  const isDue = (probe: SentProbe) => !probe.isOverdue && readMs - probe.sentMs >= rules.answerMs;
  const due = target.pending.filter(isDue);
  if (due.length === 0) return target;
  const missing = due.filter(({ sentMs }) => sentMs > newest);
  const unanswered = target.unanswered + missing.length;
  const isSilent = target.isSilent || unanswered >= rules.silentProbes;
  return {
    ...target,
    pending: target.pending.map((probe) => (isDue(probe) ? { ...probe, isOverdue: true } : probe)),
    unanswered,
    unansweredSinceMs: target.unansweredSinceMs ?? missing[0]?.sentMs ?? null,
    lossShare: isSilent
      ? target.lossShare
      : due.reduce((share) => averaged(share, 1, rules), target.lossShare),
    isSilent,
  };
}

/** What the target is to whoever asks. */
export function stateOf(target: TargetProbes): 'unknown' | 'heard' | 'silent' {
  if (target.isSilent) return 'silent';
  return target.answeredMs === null ? 'unknown' : 'heard';
}

function averaged(share: number, sample: number, rules: ProbeRules): number {
  return share + (sample - share) / rules.lossProbes;
}
