import { sql } from 'kysely';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import type { Lock, Operation, Session } from '../domain/operation.ts';
import { operationOf } from './postgres-rows.ts';
import { PostgresSettings } from './postgres-settings.ts';
import type { KeptAnswer, OperationFilter } from './store.ts';

/** Operations that have ended are let go beyond the newest so many. */
export const operationsMax = 20_000;

/** The part of a transaction that is about operations, their locks, and who runs them. */
export class PostgresOperations extends PostgresSettings {
  async putOperation(operation: Operation): Promise<void> {
    const { id, state, observed, error } = operation;
    const changing = {
      args: JSON.stringify(operation.args),
      state,
      observed: observed === null ? null : JSON.stringify(observed),
      steps: JSON.stringify(operation.steps),
      is_forward: operation.isForward,
      session_id: operation.session,
      token: operation.token,
      cancelled_by: operation.cancelledBy,
      started_ms: operation.startedMs,
      ended_ms: operation.endedMs,
      error: error === null ? null : JSON.stringify(error),
    };
    const { seq } = await this.db
      .insertInto('operations')
      .values({
        ...{ id, kind: operation.kind, who: operation.who, reason: operation.reason },
        objects: JSON.stringify(operation.objects),
        parent_id: operation.parentId,
        requested_ms: operation.requestedMs,
        ...changing,
      })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(changing))
      .returning('seq')
      .executeTakeFirstOrThrow();
    if (operation.endedMs === null) return;
    await this.db
      .deleteFrom('operations')
      .where('seq', '<=', String(Number(seq) - operationsMax))
      .where('ended_ms', 'is not', null)
      .execute();
  }

  async operation(id: string): Promise<Operation | null> {
    const row = await this.db
      .selectFrom('operations')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? null : operationOf(row);
  }

  async lockOperation(id: string): Promise<Operation | null> {
    const row = await this.db
      .selectFrom('operations')
      .selectAll()
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    return row === undefined ? null : operationOf(row);
  }

  async openOperations(): Promise<readonly Operation[]> {
    const rows = await this.db
      .selectFrom('operations')
      .selectAll()
      .where('ended_ms', 'is', null)
      .orderBy('seq')
      .execute();
    return rows.map(operationOf);
  }

  async operations(filter: OperationFilter): Promise<readonly Operation[]> {
    const { object, among, isOpen, kinds, sinceMs, beforeId, limit } = filter;
    let query = this.db.selectFrom('operations').selectAll().orderBy('seq', 'desc').limit(limit);
    if (object !== undefined) {
      query = query.where(sql<boolean>`objects @> ${JSON.stringify([object])}::jsonb`);
    }
    if (among !== undefined) {
      query = query.where(sql<boolean>`objects <@ ${JSON.stringify(among)}::jsonb`);
    }
    if (isOpen !== undefined) query = query.where('ended_ms', isOpen ? 'is' : 'is not', null);
    if (kinds !== undefined) query = query.where('kind', 'in', kinds);
    if (sinceMs !== undefined) query = query.where('requested_ms', '>=', sinceMs);
    if (beforeId !== undefined) {
      const before = this.db.selectFrom('operations').select('seq').where('id', '=', beforeId);
      query = query.where('seq', '<', before);
    }
    return (await query.execute()).map(operationOf);
  }

  async locks(): Promise<readonly Lock[]> {
    const rows = await this.db.selectFrom('locks').selectAll().orderBy('object').execute();
    return rows.map((row) => ({
      object: row.object,
      operationId: row.operation_id,
      sinceMs: row.since_ms,
    }));
  }

  async putLock({ object, operationId, sinceMs }: Lock): Promise<void> {
    const holder = await this.db
      .selectFrom('locks')
      .select('operation_id')
      .where('object', '=', object)
      .executeTakeFirst();
    if (holder !== undefined && holder.operation_id !== operationId) {
      throw new BridgeheadError(
        'BUSY',
        `${object} is held by operation ${holder.operation_id}`,
        `Wait until it has ended: bridgehead ops watch ${holder.operation_id}`,
      );
    }
    await this.db
      .insertInto('locks')
      .values({ object, operation_id: operationId, since_ms: sinceMs })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async deleteLocks(operationId: string): Promise<void> {
    await this.db.deleteFrom('locks').where('operation_id', '=', operationId).execute();
  }

  async nextToken(): Promise<number> {
    const { rows } = await sql<{
      value: string;
    }>`select nextval('fencing_tokens') as value`.execute(this.db);
    return Number(rows[0]?.value);
  }

  async nextRevision(): Promise<number> {
    const { value } = await this.db
      .updateTable('revisions')
      .set((row) => ({ value: sql<string>`${row.ref('value')} + 1` }))
      .returning('value')
      .executeTakeFirstOrThrow();
    return Number(value);
  }

  async sessions(): Promise<readonly Session[]> {
    const rows = await this.db
      .selectFrom('sessions')
      .select(['id', 'name', 'started_ms'])
      .select(sql<boolean>`expires_at > clock_timestamp()`.as('is_alive'))
      .orderBy('started_ms')
      .execute();
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      startedMs: row.started_ms,
      isAlive: row.is_alive,
    }));
  }

  async addSession(session: Omit<Session, 'isAlive'>, ttlMs: number): Promise<void> {
    const { id, name, startedMs } = session;
    const row = { id, name, started_ms: startedMs, expires_at: leaseEnd(ttlMs) };
    await this.db.insertInto('sessions').values(row).execute();
  }

  async renewSession(id: string, ttlMs: number): Promise<boolean> {
    const { numUpdatedRows } = await this.db
      .updateTable('sessions')
      .set({ expires_at: leaseEnd(ttlMs) })
      .where('id', '=', id)
      .where('expires_at', '>', sql<Date>`clock_timestamp()`)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async deleteSession(id: string): Promise<void> {
    await this.db.deleteFrom('sessions').where('id', '=', id).execute();
  }

  async setConnected(sessionId: string, host: HostName, isConnected: boolean): Promise<void> {
    const row = { session_id: sessionId, host };
    if (!isConnected) {
      await this.db
        .deleteFrom('connections')
        .where('session_id', '=', sessionId)
        .where('host', '=', host)
        .execute();
      return;
    }
    await this.db
      .insertInto('connections')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async keptAnswer(key: string): Promise<KeptAnswer | null> {
    const row = await this.db
      .selectFrom('requests')
      .selectAll()
      .where('key', '=', key)
      .executeTakeFirst();
    if (row === undefined) return null;
    return { key, fingerprint: row.fingerprint, answer: row.answer, atMs: row.at_ms };
  }

  async keepAnswer(kept: KeptAnswer, dropBeforeMs: number): Promise<void> {
    const { key, fingerprint, answer, atMs } = kept;
    await this.db.deleteFrom('requests').where('at_ms', '<', dropBeforeMs).execute();
    await this.db
      .insertInto('requests')
      .values({ key, fingerprint, answer: JSON.stringify(answer), at_ms: atMs })
      .execute();
  }
}

function leaseEnd(ttlMs: number) {
  return sql<Date>`clock_timestamp() + ${ttlMs} * interval '1 millisecond'`;
}
