import type { HostWindow, LogWindowStore } from './log-window-store.ts';
import { PostgresQueries } from './postgres-queries.ts';

interface Row {
  readonly host: string;
  readonly app: string;
  readonly text: string;
  readonly repeats: number;
  readonly lines: string;
}

const called = "coalesce(nullif(host, ''), nullif(hostname, ''), source)";

/** Windows of logs in PostgreSQL. */
export class PostgresLogWindows extends PostgresQueries implements LogWindowStore {
  async windows({
    sinceMs,
    untilMs,
    host,
    hostsMax,
    linesMax,
  }: Parameters<LogWindowStore['windows']>[0]): Promise<readonly HostWindow[]> {
    const { rows } = await this.query<Row>(
      `with inside as (
        select ${called} as host, app, text, repeats, id,
          row_number() over (partition by ${called} order by id desc) as back
        from log_messages where received_ms >= $1 and received_ms < $2),
      chosen as (
        select host, count(*) as lines from inside group by host
        order by host = $3 desc, count(*) desc, host limit $4)
      select host, app, text, repeats, lines from inside join chosen using (host)
      where back <= $5 order by host, id`,
      [sinceMs, untilMs, host, hostsMax, linesMax],
    );
    return [...Map.groupBy(rows, (row) => row.host)].map(([name, own]) => ({
      host: name,
      lines: own.map(({ app, text, repeats }) => ({ app, text, repeats })),
      leftOut: Math.max(0, Number(own[0]?.lines ?? 0) - own.length),
    }));
  }
}
