import { sql } from 'kysely';
import type { CrashKind, CrashReport } from '../crash/report.ts';
import type { Incident } from '../incidents/incident.ts';
import type { Cause } from '../incidents/joining.ts';
import {
  type IncidentFilter,
  type IncidentRows,
  incidentsMax,
  type JoinedCrash,
} from './incident-rows.ts';
import { PostgresOperations } from './postgres-operations.ts';

/** The part of a transaction that is about incidents. */
export class PostgresIncidents extends PostgresOperations implements IncidentRows {
  async incidents(filter: IncidentFilter): Promise<readonly Incident[]> {
    const { host, state, fingerprint, fromMs, untilMs, isFollowed, beforeId, limit } = filter;
    let query = this.db
      .selectFrom('incidents')
      .select(['id', 'incident'])
      .orderBy('id', 'desc')
      .limit(limit);
    if (host !== undefined) query = query.where('host', '=', host);
    if (state !== undefined) query = query.where('state', '=', state);
    if (isFollowed !== undefined) query = query.where('is_followed', '=', isFollowed);
    if (beforeId !== undefined) query = query.where('id', '<', String(beforeId));
    if (fromMs !== undefined) query = query.where('first_ms', '>=', fromMs);
    if (untilMs !== undefined) query = query.where('first_ms', '<=', untilMs);
    if (fingerprint !== undefined) {
      query = query.where(sql<boolean>`fingerprints @> ${JSON.stringify([fingerprint])}::jsonb`);
    }
    return (await query.execute()).map(incidentOf);
  }

  async incident(id: number): Promise<Incident | null> {
    const row = await this.db
      .selectFrom('incidents')
      .select(['id', 'incident'])
      .where('id', '=', String(id))
      .executeTakeFirst();
    return row === undefined ? null : incidentOf(row);
  }

  async addIncident(incident: Incident): Promise<number> {
    const row = await this.db
      .insertInto('incidents')
      .values(rowOf(incident))
      .returning('id')
      .executeTakeFirstOrThrow();
    const id = Number(row.id);
    await this.db
      .deleteFrom('incidents')
      .where('id', '<=', String(id - incidentsMax))
      .execute();
    return id;
  }

  async putIncident(incident: Incident): Promise<void> {
    await this.db
      .updateTable('incidents')
      .set(rowOf(incident))
      .where('id', '=', String(incident.id))
      .execute();
  }

  async newCauses(limit: number): Promise<readonly Cause[]> {
    const failovers = await sql<{ id: string; host: string; at_ms: number }>`
      select id, args ->> 'host' as host, requested_ms as at_ms from operations
      where kind = 'failover' and not exists (
        select from incident_causes where cause = 'failover/' || operations.id)
      order by seq limit ${limit}`.execute(this.db);
    const crashes = await sql<{
      id: string;
      host: string;
      at_ms: number;
      kind: CrashKind;
      uptime_s: number | null;
      boot: string;
    }>`
      select id, host, at_ms, report ->> 'kind' as kind, uptime_s, boot from crashes
      where not exists (select from incident_causes where cause = 'crash/' || crashes.id)
      order by id limit ${limit}`.execute(this.db);
    return [
      ...failovers.rows.map(
        ({ id, host, at_ms: atMs }): Cause => ({ kind: 'failover', id, host, atMs }),
      ),
      ...crashes.rows.map(
        ({ id, host, at_ms: atMs, kind, uptime_s: uptimeS, boot }): Cause => ({
          ...{ kind: 'crash', id: Number(id), host, atMs, reportKind: kind, uptimeS, boot },
        }),
      ),
    ];
  }

  async claimCause(key: string, incidentId: number | null): Promise<boolean> {
    const row = await this.db
      .insertInto('incident_causes')
      .values({ cause: key, incident_id: incidentId === null ? null : String(incidentId) })
      .onConflict((conflict) => conflict.doNothing())
      .returning('cause')
      .executeTakeFirst();
    return row !== undefined;
  }

  async forgetCauses(): Promise<void> {
    await sql`delete from incident_causes where not exists (
      select from operations where cause = 'failover/' || operations.id
      union all select from crashes where cause = 'crash/' || crashes.id)`.execute(this.db);
  }

  async crashesOf(incidentId: number, limit: number): Promise<readonly JoinedCrash[]> {
    const { rows } = await sql<{
      id: string;
      first_ms: number;
      at_ms: number;
      report: CrashReport;
    }>`
      select id, coalesce(first_ms, at_ms) as first_ms, at_ms, report
      from crashes join incident_causes on cause = 'crash/' || crashes.id
      where incident_id = ${incidentId} order by id limit ${limit}`.execute(this.db);
    return rows.map(({ id, first_ms: firstMs, at_ms: atMs, report }) => ({
      ...{ id: Number(id), firstMs, atMs, report },
    }));
  }
}

function rowOf(incident: Incident) {
  const { host, state, isFollowed, story } = incident;
  return {
    ...{ host, state, is_followed: isFollowed, first_ms: story.firstMs },
    fingerprints: JSON.stringify([...new Set(story.reports.map((one) => one.fingerprint))]),
    incident: JSON.stringify(incident),
  };
}

function incidentOf({ id, incident }: { readonly id: string; readonly incident: Incident }) {
  return { ...incident, id: Number(id) };
}
