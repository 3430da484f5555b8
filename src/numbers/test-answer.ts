// For tests: what a HAProxy 2.6 answers to `readingCommand`, cut to what is read of it.

export interface AnswerRow {
  readonly name: string;
  readonly type: 0 | 1 | 2;
  readonly values?: Readonly<Record<string, number | string>>;
}

const columns = [
  ...[
    'pxname',
    'svname',
    'qcur',
    'scur',
    'slim',
    'stot',
    'bin',
    'bout',
    'econ',
    'status',
    'weight',
  ],
  ...['type', 'check_desc', 'hrsp_2xx', 'hrsp_5xx', 'req_tot', 'rtime'],
];

/** `name` is that of a proxy, or `proxy/server`. */
export function answer(pid: number, rows: readonly AnswerRow[]): string {
  const lines = rows.map(({ name, type, values = {} }) => {
    const [pxname = '', server] = name.split('/');
    const svname = server ?? (type === 0 ? 'FRONTEND' : 'BACKEND');
    const cells: Readonly<Record<string, number | string>> = { pxname, svname, type, ...values };
    return `${columns.map((column) => String(cells[column] ?? '')).join(',')},`;
  });
  const info = `Name: HAProxy\nPid: ${pid}\nMaxconn: 900\nCumConns: 7\nIdle_pct: 98\nStart_time_sec: 5`;
  return `${info}\n\n# ${columns.join(',')},\n${lines.join('\n')}\n\n`;
}
