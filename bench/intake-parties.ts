// Who takes part in the intake bench: each hears syslog at one port by UDP and TCP and stores it in
// the same table. The peers' settings are what their manuals advise for much traffic.

import { join, resolve } from 'node:path';

/** Messages that each of them may hold while the database works. */
const queued = 20_000;
/** Messages that each of them commits at once. */
const batch = 2_000;

export interface Place {
  /** Of its own, empty. */
  readonly folder: string;
  readonly port: number;
  readonly database: {
    readonly url: string;
    readonly socketFolder: string;
    readonly user: string;
    readonly name: string;
  };
}

export interface Party {
  readonly name: 'bridgehead' | 'rsyslog' | 'syslog-ng';
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  /** Files that it reads, by name in its folder. */
  readonly files: Readonly<Record<string, string>>;
}

const root = resolve(import.meta.dirname, '..');
const peers = join(root, '.toolchain/peers');

/** The whole server, as people run it. */
export function bridgehead({ folder, port, database }: Place): Party {
  return {
    name: 'bridgehead',
    command: [
      ...([process.execPath, join(root, 'src/cli/main.ts'), 'server'] as const),
      ...['--data-dir', folder, '--database-url', database.url],
      ...['--listen', `unix:${join(folder, 'api')}`, '--agent-listen', '127.0.0.1:0'],
      ...['--syslog-listen', `127.0.0.1:${port}`],
    ],
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled') },
    files: {},
  };
}

/** imptcp and imudp, one queue in memory, ompgsql: one transaction a batch, one INSERT a message. */
export function rsyslog({ folder, port, database }: Place): Party {
  const home = join(peers, 'rsyslog');
  const said = '%timereported:::date-unixtimestamp%000';
  const values = [
    ...['%timegenerated:::date-unixtimestamp%000', said, '%hostname%', '%fromhost-ip%'],
    ...['%hostname%', '%app-name%', '%procid%', '%syslogfacility%', '%syslogseverity%'],
    ...['rfc3164', '1', '%msg%'],
  ];
  return {
    name: 'rsyslog',
    command: [
      ...([join(home, 'usr/sbin/rsyslogd'), '-n', '-C', '-i', join(folder, 'pid')] as const),
      ...['-f', join(folder, 'conf'), '-M', join(home, 'usr/lib/x86_64-linux-gnu/rsyslog')],
    ],
    env: { LD_LIBRARY_PATH: libraries(home, []), PATH: '/usr/bin:/bin' },
    files: {
      conf: `global(workDirectory="${folder}" net.enableDNS="off")
main_queue(queue.type="FixedArray" queue.size="${queued}" queue.dequeueBatchSize="${batch}")
module(load="imudp")
module(load="imptcp")
module(load="ompgsql")
input(type="imudp" address="127.0.0.1" port="${port}" rcvbufSize="8m")
input(type="imptcp" address="127.0.0.1" port="${port}")
template(name="row" type="string" option.stdsql="on" string="${insertOf(values)}")
action(type="ompgsql" server="${database.socketFolder}" user="${database.user}" pass="-"
  db="${database.name}" template="row")
`,
    },
  };
}

/** network() by both, sql() with explicit commits: one transaction a batch, one INSERT a message. */
export function syslogNg({ folder, port, database }: Place): Party {
  const home = join(peers, 'syslog-ng');
  const value = (macro: string) => `$\{${macro}}`;
  const values = [
    ...[`${value('R_UNIXTIME')}000`, `${value('S_UNIXTIME')}000`, '$HOST', '$SOURCEIP', '$HOST'],
    ...[value('PROGRAM:--'), value('PID:--'), '$FACILITY_NUM', '$LEVEL_NUM'],
    ...['rfc3164', '1', '$MESSAGE'],
  ];
  const list = (items: readonly string[]) => items.map((item) => `"${item}"`).join(', ');
  const source = `ip("127.0.0.1") port(${port}) flags(syslog-protocol) use-dns(no) keep-hostname(yes)
    log-fetch-limit(1000)`;
  return {
    name: 'syslog-ng',
    command: [
      ...([join(home, 'usr/sbin/syslog-ng'), '-F', '--no-caps'] as const),
      ...['-f', join(folder, 'conf'), '-R', join(folder, 'persist')],
      ...['-p', join(folder, 'pid'), '-c', join(folder, 'control')],
      `--module-path=${join(home, 'usr/lib/syslog-ng/3.38')}`,
    ],
    env: {
      LD_LIBRARY_PATH: libraries(home, ['usr/lib/syslog-ng']),
      PATH: '/usr/bin:/bin',
    },
    files: {
      conf: `@version: 3.35
options { stats-freq(0); time-reopen(1); };
source s {
  network(transport("tcp") ${source} max-connections(8) log-iw-size(${queued}));
  network(transport("udp") ${source} so-rcvbuf(8388608));
};
destination d {
  sql(type(pgsql) host("${database.socketFolder}") username("${database.user}") password("-")
    database("${database.name}") table("log_messages")
    columns(${list(columns.map((column) => `${column} text`))})
    values(${list(values)})
    indexes() log-fifo-size(${queued}) batch-lines(${batch})
    flags(explicit-commits, dont-create-tables));
};
log { source(s); destination(d); flags(flow-control); };
`,
    },
  };
}

const columns = [
  ...['received_ms', 'said_ms', 'host', 'source', 'hostname', 'app', 'pid', 'facility'],
  ...['severity', 'form', 'repeats', 'text'],
];

function insertOf(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`).join(', ');
  return `insert into log_messages (${columns.join(', ')}) values (${quoted})`;
}

function libraries(home: string, more: readonly string[]): string {
  const folders = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu', ...more];
  return folders.map((folder) => join(home, folder)).join(':');
}
