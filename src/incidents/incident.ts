// An incident as it is kept: one death or crash of one host, with its story as it was folded last.

import type { CrashKind } from '../crash/report.ts';
import type { Tier } from '../domain/model.ts';

/**
 * `open`: something that the host held does not answer yet. `recovered`: all is served again.
 * `resolved`: a person has closed it.
 */
export const incidentStates = ['open', 'recovered', 'resolved'] as const;
export type IncidentState = (typeof incidentStates)[number];

/** All times are wall-clock milliseconds. */
export interface Incident {
  /** Grows; 0 before it is stored. */
  readonly id: number;
  readonly host: string;
  readonly state: IncidentState;
  /** Whether what joins it is still looked for. */
  readonly isFollowed: boolean;
  /** When it was opened here, some time after its first symptom. */
  readonly openedMs: number;
  /** The failover of the host's death; null where it was not held for dead. */
  readonly failoverId: string | null;
  readonly resolved: Note | null;
  readonly notes: readonly Note[];
  readonly story: Story;
}

/** What a person said of it. */
export interface Note {
  readonly atMs: number;
  readonly who: string;
  readonly text: string;
}

/** What became of it all, as far as it is known. Lists are bounded; see fold.ts. */
export interface Story {
  /** First kernel message of a report, last words, or last sign of life: the earliest. */
  readonly firstMs: number;
  readonly facts: FactsThen | null;
  readonly reports: readonly ReportBrief[];
  readonly lastWords: string | null;
  readonly verdict: HeldForDead | null;
  readonly moves: readonly Move[];
  readonly sheds: readonly Shedding[];
  /** When the host was one of the fleet again; null before that, or where it never left. */
  readonly returnedMs: number | null;
  /** When the last of all that it held answered again; null before that. */
  readonly servedMs: number | null;
  readonly timeLine: readonly Entry[];
}

/** The host as it was when the incident was opened. */
export interface FactsThen {
  readonly kernel: string;
  readonly docker: string;
  readonly agent: string;
  readonly bootId: string;
  readonly uptimeS: number;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly nics: readonly string[];
  readonly zone: string;
  readonly rack: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A crash report that belongs to it; the whole of it is in the crash reports. */
export interface ReportBrief {
  readonly id: number;
  readonly firstMs: number;
  readonly atMs: number;
  readonly kind: CrashKind;
  readonly title: string;
  readonly head: string;
  readonly release: string | null;
  readonly fingerprint: string;
}

/** That the host was held for dead, and on what evidence. */
export interface HeldForDead {
  readonly operationId: string;
  readonly atMs: number;
  /** When the last witness heard it; null where none says. */
  readonly lastHeardMs: number | null;
  /** From when on it can answer for nothing. */
  readonly silencedMs: number | null;
  readonly reasons: readonly string[];
}

/** One instance that the host held, and where it went. */
export interface Move {
  readonly id: string;
  readonly instance: string;
  /** Null where it was not one of the fleet any more when this was looked at. */
  readonly tier: Tier | null;
  /** `stays`: nobody moved it. */
  readonly how: 'standby' | 'placed' | 'stays';
  /** Where it is now, or is to be; null for nowhere. */
  readonly to: string | null;
  /** When it answered again; null before that. */
  readonly servedMs: number | null;
  /** True where it is not desired any more. */
  readonly isGone: boolean;
}

/** One instance, or its standby, that gave way to what the host had held. */
export interface Shedding {
  readonly operationId: string;
  readonly id: string;
  readonly instance: string;
  readonly tier: Tier | null;
  readonly role: 'active' | 'standby';
  readonly from: string;
  readonly forInstance: string;
  readonly forTier: Tier;
  readonly state: string;
  readonly atMs: number;
  /** Where it came back, and when it answered there; null before that, and for standbys. */
  readonly to: string | null;
  readonly servedMs: number | null;
}

/** One line of the time line. */
export interface Entry {
  readonly atMs: number;
  readonly from: 'kernel' | 'witnesses' | 'scheduler' | 'operation' | 'service' | 'host';
  readonly text: string;
}
