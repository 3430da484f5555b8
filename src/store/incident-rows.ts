// What a transaction does with incidents, and with what belongs to them.

import type { CrashReport } from '../crash/report.ts';
import type { Incident, IncidentState } from '../incidents/incident.ts';
import type { Cause } from '../incidents/joining.ts';

/** Incidents are let go beyond the newest so many. */
export const incidentsMax = 2_000;

export interface IncidentFilter {
  readonly host?: string;
  readonly state?: IncidentState;
  /** Only those with a crash report of this group. */
  readonly fingerprint?: string;
  /** Only those whose first symptom was in this time, wall-clock milliseconds. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** Only those that are followed. */
  readonly isFollowed?: boolean;
  /** Only those with a lower id. */
  readonly beforeId?: number;
  /** At most this many, the newest, newest first. */
  readonly limit: number;
}

/** A crash report with when its first and its last line came, wall-clock milliseconds. */
export interface JoinedCrash {
  readonly id: number;
  readonly firstMs: number;
  readonly atMs: number;
  readonly report: CrashReport;
}

export interface IncidentRows {
  incidents(filter: IncidentFilter): Promise<readonly Incident[]>;
  incident(id: number): Promise<Incident | null>;
  /** @returns its id; the one that it carries is left alone */
  addIncident(incident: Incident): Promise<number>;
  putIncident(incident: Incident): Promise<void>;
  /** What belongs to no incident yet and was looked at by nobody: the oldest so many. */
  newCauses(limit: number): Promise<readonly Cause[]>;
  /**
   * Says that a cause belongs to an incident, or, by null, to none.
   *
   * @returns false where that was said before; nothing is changed then
   */
  claimCause(key: string, incidentId: number | null): Promise<boolean>;
  /**
   * Lets go of claims on what is itself let go of. It looks at operations, so it is for a transaction
   * of its own at the level of rows: no failover may have to be repeated for it.
   */
  forgetCauses(): Promise<void>;
  /** The crash reports that belong to an incident, the oldest so many. */
  crashesOf(incidentId: number, limit: number): Promise<readonly JoinedCrash[]>;
}
