import type { SearchTerm } from '../logs/query.ts';
import type {
  LogRetention,
  LogSize,
  LogStore,
  StoredMessage,
  UnstoredMessage,
  Wanted,
} from './log-store.ts';
import { translate } from './postgres-errors.ts';
import { pruneLogs, sizeOfLogs } from './postgres-log-retention.ts';
import { PostgresQueries } from './postgres-queries.ts';

interface Row {
  readonly id: string;
  readonly received_ms: number;
  readonly said_ms: number | null;
  readonly host: string;
  readonly source: string;
  readonly hostname: string;
  readonly app: string;
  readonly pid: string;
  readonly facility: number | null;
  readonly severity: number | null;
  readonly form: StoredMessage['form'];
  readonly repeats: number;
  readonly text: string;
  readonly boot: string;
  readonly sequence: string | null;
  readonly instance: string;
}

const columns = `received_ms, said_ms, host, source, hostname, app, pid, facility, severity, form,
  repeats, text, boot, sequence, instance`;
const types = [
  ...['float8', 'float8', 'text', 'text', 'text', 'text', 'text', 'int2', 'int2', 'text'],
  ...['int4', 'text', 'text', 'int8', 'text'],
];

/** Messages of logs in PostgreSQL. Every value is a parameter; none is made part of a statement. */
export class PostgresLogs extends PostgresQueries implements LogStore {
  async append(messages: readonly UnstoredMessage[]): Promise<void> {
    await this.#insert(messages, '');
  }

  async appendOnce(messages: readonly UnstoredMessage[]): Promise<number> {
    return this.#insert(
      messages,
      'on conflict (host, source, boot, sequence) where sequence is not null do nothing',
    );
  }

  async #insert(messages: readonly UnstoredMessage[], conflict: string): Promise<number> {
    const of = <Value>(read: (one: UnstoredMessage) => Value) => messages.map(read);
    const arrays = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ');
    const insert = `insert into log_messages (${columns}) select * from unnest(${arrays}) ${conflict}`;
    const { rowCount } = await this.query(insert, [
      ...[of((one) => one.receivedMs), of((one) => one.saidMs), of((one) => one.host)],
      ...[of((one) => one.source), of((one) => one.hostname), of((one) => one.app)],
      ...[of((one) => one.pid), of((one) => one.facility), of((one) => one.severity)],
      ...[of((one) => one.form), of((one) => one.repeats), of((one) => one.text)],
      ...[of((one) => one.boot), of((one) => one.sequence), of((one) => one.instance ?? '')],
    ]);
    return rowCount ?? 0;
  }

  async search({
    terms,
    sinceMs,
    untilMs,
    afterId,
    beforeId,
    limit,
  }: Wanted): Promise<readonly StoredMessage[]> {
    const values: unknown[] = [];
    const value = (one: unknown) => `$${values.push(one)}`;
    const conditions = terms.map((term) => conditionOf(term, value));
    if (sinceMs !== null) conditions.push(`received_ms >= ${value(sinceMs)}`);
    if (untilMs !== null) conditions.push(`received_ms < ${value(untilMs)}`);
    if (beforeId !== null && beforeId !== undefined) conditions.push(`id < ${value(beforeId)}`);
    if (afterId !== null) conditions.push(`id > ${value(afterId)}`);
    const order = afterId === null ? 'desc' : 'asc';
    const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
    const { rows } = await this.query<Row>(
      `select id, ${columns} from log_messages ${where} order by id ${order} limit ${value(limit)}`,
      values,
    );
    const found = rows.map(messageOf);
    return afterId === null ? found.toReversed() : found;
  }

  async around(id: number, lines: number): Promise<readonly StoredMessage[]> {
    const { rows } = await this.query<Row>(
      `with it as (select host, source from log_messages where id = $1),
      own as (select m.* from log_messages m, it where
        case when it.host <> '' then m.host = it.host else m.host = '' and m.source = it.source end)
      select * from ((select id, ${columns} from own where id <= $1 order by id desc limit $2 + 1)
        union all (select id, ${columns} from own where id > $1 order by id limit $2)) as near
      order by id`,
      [id, lines],
    );
    return rows.map(messageOf);
  }

  async prune(keep: LogRetention): Promise<number> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw translate(error);
    });
    let fault: Error | undefined;
    try {
      await client.query('begin');
      const gone = await pruneLogs(client, keep);
      await client.query('commit');
      return gone;
    } catch (error) {
      fault = translate(error) as Error;
      throw fault;
    } finally {
      // With its transaction open it is of no use to anybody else.
      client.release(fault);
    }
  }

  async size(): Promise<LogSize> {
    try {
      return await sizeOfLogs(this.pool);
    } catch (error) {
      throw translate(error);
    }
  }
}

function conditionOf(term: SearchTerm, value: (one: unknown) => string): string {
  const not = term.isWanted ? '' : 'not ';
  switch (term.kind) {
    case 'text':
      return `${not}text ilike ${value(`%${term.text.replace(/[\\%_]/g, '\\$&')}%`)}`;
    case 'field': {
      const one = value(term.value);
      return term.field === 'app' || term.field === 'instance'
        ? `${not}${term.field} = ${one}`
        : `${not}(host = ${one} or hostname = ${one} or source = ${one})`;
    }
    case 'boot':
      return `${not}(boot <> '' and boot like ${value(`${term.prefix.replace(/_/g, '\\_')}%`)})`;
    case 'boot-back': {
      const boots = `select boot_id from boots where host = ${value(term.host)}`;
      const one = `${boots} order by started_ms desc offset ${value(term.back)} limit 1`;
      return `${not}coalesce(boot = (${one}), false)`;
    }
    case 'level': {
      const compared = term.field === 'severity' ? '<=' : '=';
      return `${not}coalesce(${term.field} ${compared} ${value(term.value)}, false)`;
    }
  }
}

function messageOf(row: Row): StoredMessage {
  const { id, received_ms: receivedMs, said_ms: saidMs, sequence, ...rest } = row;
  const number = sequence === null ? null : Number(sequence);
  return { id: Number(id), receivedMs, saidMs, ...rest, sequence: number };
}
