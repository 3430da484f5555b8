import type { InstanceId } from '../domain/ids.ts';
import type { NumberChunk, NumberStore, Resolution } from './number-store.ts';
import { PostgresQueries } from './postgres-queries.ts';

interface Row {
  readonly instance_id: string;
  readonly resolution_s: Resolution;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly host: string;
  readonly data: Buffer;
}

/** Numbers of instances in PostgreSQL. */
export class PostgresNumbers extends PostgresQueries implements NumberStore {
  async append(chunks: readonly NumberChunk[]): Promise<void> {
    const of = <Value>(read: (one: NumberChunk) => Value) => chunks.map(read);
    await this.query(
      `insert into numbers (instance_id, resolution_s, from_ms, to_ms, host, data, bytes)
      select *, octet_length(data) from unnest($1::uuid[], $2::int2[], $3::float8[], $4::float8[],
        $5::text[], $6::bytea[]) as given (instance, resolution, from_ms, to_ms, host, data)
      on conflict (instance_id, from_ms) where resolution_s = 60 do nothing`,
      [
        ...[of((one) => one.instance), of((one) => one.resolutionS), of((one) => one.fromMs)],
        ...[of((one) => one.toMs), of((one) => one.host), of((one) => Buffer.from(one.data))],
      ],
    );
  }

  async read({
    instance,
    resolutionS,
    sinceMs,
    untilMs,
    limit,
  }: Parameters<NumberStore['read']>[0]): Promise<readonly NumberChunk[]> {
    const { rows } = await this.query<Row>(
      `select instance_id, resolution_s, from_ms, to_ms, host, data from numbers
      where instance_id = $1 and resolution_s = $2 and to_ms >= $3 and from_ms < $4
      order by to_ms desc limit $5`,
      [instance, resolutionS, sinceMs, untilMs, limit],
    );
    return rows.toReversed().map((row) => ({
      instance: row.instance_id as InstanceId,
      resolutionS: row.resolution_s,
      fromMs: row.from_ms,
      toMs: row.to_ms,
      host: row.host,
      data: row.data,
    }));
  }

  async unfolded(fromMs: number, toMs: number, limit: number): Promise<readonly InstanceId[]> {
    const { rows } = await this.query<{ instance_id: string }>(
      `select distinct instance_id from numbers fine
      where resolution_s = 5 and to_ms > $1 and to_ms <= $2 and not exists (
        select 1 from numbers folded where folded.instance_id = fine.instance_id
          and folded.resolution_s = 60 and folded.to_ms > $1 and folded.to_ms <= $2)
      limit $3`,
      [fromMs, toMs, limit],
    );
    return rows.map((row) => row.instance_id as InstanceId);
  }

  async prune(resolutionS: Resolution, beforeMs: number, bytesMax: number): Promise<number> {
    const old = await this.query('delete from numbers where resolution_s = $1 and to_ms < $2', [
      resolutionS,
      beforeMs,
    ]);
    const many = await this.query(
      `delete from numbers where resolution_s = $1 and id <= (
        select id from (select id, sum(bytes) over (order by id desc) as total
          from numbers where resolution_s = $1) as newest
        where total > $2 order by id desc limit 1)`,
      [resolutionS, bytesMax],
    );
    return (old.rowCount ?? 0) + (many.rowCount ?? 0);
  }
}
