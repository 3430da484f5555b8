import type { CrashDecision, DecisionKind, DecisionStore } from './decision-store.ts';
import { PostgresQueries } from './postgres-queries.ts';

/** More than people decide in years; the oldest that were taken back go. */
const decisionsMax = 10_000;

interface Row {
  readonly id: string;
  readonly at_ms: number;
  readonly who: string;
  readonly reason: string;
  readonly kind: DecisionKind;
  readonly subject: string;
  readonly target: string;
  readonly undone_ms: number | null;
  readonly undone_by: string | null;
  readonly undone_reason: string | null;
}

/** Decisions about groups of crash reports in PostgreSQL. */
export class PostgresDecisions extends PostgresQueries implements DecisionStore {
  async add(decision: Omit<CrashDecision, 'id' | 'undone'>): Promise<number | null> {
    const { atMs, who, reason, kind, subject, target } = decision;
    const { rows } = await this.query<{ id: string }>(
      `insert into crash_decisions (at_ms, who, reason, kind, subject, target)
      values ($1, $2, $3, $4, $5, $6)
      on conflict (kind, subject) where undone_ms is null do nothing returning id`,
      [atMs, who, reason, kind, subject, target],
    );
    const id = rows[0]?.id;
    if (id === undefined) return null;
    await this.query(
      'delete from crash_decisions where undone_ms is not null and id <= $1::bigint - $2::bigint',
      [id, decisionsMax],
    );
    return Number(id);
  }

  async undo(id: number, { atMs, who, reason }: Parameters<DecisionStore['undo']>[1]) {
    const { rowCount } = await this.query(
      `update crash_decisions set undone_ms = $2, undone_by = $3, undone_reason = $4
      where id = $1 and undone_ms is null`,
      [id, atMs, who, reason],
    );
    return rowCount === 1;
  }

  async list({ withUndone }: Parameters<DecisionStore['list']>[0]) {
    const { rows } = await this.query<Row>(
      'select * from crash_decisions where undone_ms is null or $1 order by id',
      [withUndone],
    );
    return rows.map(decisionOf);
  }
}

function decisionOf(row: Row): CrashDecision {
  const { id, at_ms: atMs, who, reason, kind, subject, target } = row;
  const { undone_ms: undoneMs, undone_by: undoneBy, undone_reason: undoneReason } = row;
  return {
    ...{ id: Number(id), atMs, who, reason, kind, subject, target },
    undone:
      undoneMs === null
        ? null
        : { atMs: undoneMs, who: undoneBy ?? '', reason: undoneReason ?? '' },
  };
}
