import type pg from 'pg';
import type { LogRetention, LogSize } from './log-store.ts';

/** Deleted in one go at most, so that a limit that was lowered does not hold a lock for an hour. */
const deletedMax = 1_000_000;

interface SizeRow {
  readonly rows: string;
  readonly bytes: string;
  readonly counted_id: string;
  readonly next_id: string;
}

/**
 * Deletes what is beyond the limits, the oldest first. To know how much there is, what has come since
 * the last time is counted, and what is deleted taken off: the table is never read as a whole. Rows
 * are counted a turn later than they are seen, since one of a lower number may not be committed yet.
 *
 * @param client in a transaction of its own
 * @returns how many were deleted
 */
export async function pruneLogs(client: pg.ClientBase, keep: LogRetention): Promise<number> {
  const { rows: found } = await client.query<SizeRow>('select * from log_size for update');
  const known = found[0] ?? { rows: '0', bytes: '0', counted_id: '0', next_id: '0' };
  const { rows: news } = await client.query<{ rows: string; bytes: string; last: string }>(
    `select count(*) as rows, coalesce(sum(pg_column_size(m.*)), 0) as bytes,
      (select coalesce(max(id), 0) from log_messages) as last
    from log_messages m where id > $1 and id <= $2`,
    [known.counted_id, known.next_id],
  );
  const counted = known.next_id;
  let rows = Number(known.rows) + Number(news[0]?.rows ?? 0);
  let bytes = Number(known.bytes) + Number(news[0]?.bytes ?? 0);
  let gone = 0;
  const remove = async (condition: string, value: unknown) => {
    const { rows: removed } = await client.query<{ rows: string; bytes: string }>(
      `with old as (
          select id from log_messages where id <= $1 and ${condition} limit $3),
        gone as (delete from log_messages m using old where m.id = old.id
          returning pg_column_size(m.*) as bytes)
      select count(*) as rows, coalesce(sum(bytes), 0) as bytes from gone`,
      [counted, value, deletedMax],
    );
    rows = Math.max(0, rows - Number(removed[0]?.rows ?? 0));
    bytes = Math.max(0, bytes - Number(removed[0]?.bytes ?? 0));
    gone += Number(removed[0]?.rows ?? 0);
  };
  await remove('received_ms < $2::float8', keep.beforeMs);
  const excess = excessOf(rows, bytes, keep);
  if (excess > 0) {
    const edge =
      'id < coalesce((select id from log_messages order by id offset $2 limit 1), $1 + 1)';
    await remove(edge, Math.min(excess, deletedMax));
  }
  await client.query('update log_size set rows = $1, bytes = $2, counted_id = $3, next_id = $4', [
    ...[rows, bytes, counted, news[0]?.last ?? counted],
  ]);
  return gone;
}

// By size: as many as have it on average. The next turn looks again.
function excessOf(rows: number, bytes: number, keep: LogRetention): number {
  const bytesEach = rows === 0 ? 0 : bytes / rows;
  const bySize = bytes > keep.bytes ? Math.ceil((bytes - keep.bytes) / bytesEach) : 0;
  return Math.max(0, rows - keep.messages, bySize);
}

/** How much there is: what came since it was last counted is taken to be like the rest. */
export async function sizeOfLogs(client: Pick<pg.Pool, 'query'>): Promise<LogSize> {
  const { rows } = await client.query<
    SizeRow & { disk: string; oldest: number | null; more: string }
  >(
    `select s.*, pg_total_relation_size('log_messages') as disk,
      (select received_ms from log_messages order by id limit 1) as oldest,
      (select coalesce(max(id) - greatest(s.counted_id, min(id) - 1), 0) from log_messages) as more
    from log_size s`,
  );
  const [size] = rows;
  const counted = Number(size?.rows ?? 0);
  const bytes = Number(size?.bytes ?? 0);
  const more = Math.max(0, Number(size?.more ?? 0));
  return {
    messages: counted + more,
    bytes: Math.round(counted === 0 ? 0 : (bytes / counted) * (counted + more)),
    diskBytes: Number(size?.disk ?? 0),
    oldestMs: size?.oldest ?? null,
  };
}
