import type { Incident } from '../src/incidents/incident.ts';
import { type Cause, keyOf } from '../src/incidents/joining.ts';
import {
  type IncidentFilter,
  type IncidentRows,
  incidentsMax,
  type JoinedCrash,
} from '../src/store/incident-rows.ts';
import type { Draft } from './tables.ts';

/** How a transaction meets the world between two of its statements. */
export interface Surroundings {
  /** Resolves before each statement; never where the process has died, rejects where it is cut. */
  pass(): Promise<void>;
  nowMs(): number;
  /** Grows outside of all transactions, as a sequence does. */
  nextToken(): number;
}

/** The statements about incidents. Kernels say nothing in the simulation: there are no reports. */
export class SimIncidentTransaction implements IncidentRows {
  readonly draft: Draft;
  protected readonly around: Surroundings;

  constructor(draft: Draft, around: Surroundings) {
    this.draft = draft;
    this.around = around;
  }

  async incidents(filter: IncidentFilter): Promise<readonly Incident[]> {
    await this.around.pass();
    const { host, state, fingerprint, fromMs, untilMs, isFollowed, beforeId, limit } = filter;
    return [...this.draft.tables.incidents.values()]
      .filter(
        (one) =>
          (host === undefined || one.host === host) &&
          (state === undefined || one.state === state) &&
          (isFollowed === undefined || one.isFollowed === isFollowed) &&
          (beforeId === undefined || one.id < beforeId) &&
          (fromMs === undefined || one.story.firstMs >= fromMs) &&
          (untilMs === undefined || one.story.firstMs <= untilMs) &&
          (fingerprint === undefined ||
            one.story.reports.some((report) => report.fingerprint === fingerprint)),
      )
      .toSorted((a, b) => b.id - a.id)
      .slice(0, limit);
  }

  async incident(id: number): Promise<Incident | null> {
    await this.around.pass();
    return this.draft.tables.incidents.get(id) ?? null;
  }

  async addIncident(incident: Incident): Promise<number> {
    await this.around.pass();
    const id = (this.draft.tables.counters.get('incident') ?? 0) + 1;
    this.draft.put('counters', 'incident', id);
    this.draft.put('incidents', id, { ...incident, id });
    this.draft.delete('incidents', id - incidentsMax);
    return id;
  }

  async putIncident(incident: Incident): Promise<void> {
    await this.around.pass();
    if (!this.draft.tables.incidents.has(incident.id)) return;
    this.draft.put('incidents', incident.id, incident);
  }

  async newCauses(limit: number): Promise<readonly Cause[]> {
    await this.around.pass();
    return [...this.draft.tables.operations.values()]
      .toSorted((a, b) => a.seq - b.seq)
      .flatMap(({ operation: { kind, id, args, requestedMs: atMs } }): readonly Cause[] =>
        kind === 'failover' ? [{ kind, id, host: String(args['host']), atMs }] : [],
      )
      .filter((cause) => !this.draft.tables.causes.has(keyOf(cause)))
      .slice(0, limit);
  }

  async claimCause(key: string, incidentId: number | null): Promise<boolean> {
    await this.around.pass();
    if (this.draft.tables.causes.has(key)) return false;
    this.draft.put('causes', key, { incidentId });
    return true;
  }

  async forgetCauses(): Promise<void> {
    await this.around.pass();
    const { causes, operations } = this.draft.tables;
    const known = new Set([...operations.keys()].map((id) => keyOf({ kind: 'failover', id })));
    for (const key of causes.keys()) if (!known.has(key)) this.draft.delete('causes', key);
  }

  async crashesOf(): Promise<readonly JoinedCrash[]> {
    await this.around.pass();
    return [];
  }
}
