// Options of the two services, as the commands hand them on.

import type { OidcOptions } from './oidc-options.ts';

/** What `bridgehead server` runs with. */
export interface ServerOptions {
  /** Under which people see it where several run; null for the machine's own name. */
  readonly name: string | null;
  readonly dataDir: string;
  /** Where the keys are that open the secrets in the database; null for a file in `dataDir`. */
  readonly secretKeyFile: string | null;
  /** Days before a certificate runs out at which people are told. */
  readonly certificateWarnDays: readonly number[];
  /** Where the API listens: `HOST:PORT` or `unix:/path`. */
  readonly listen: readonly string[];
  /** Files of a certificate of one's own for the API; null for one that the fleet's CA makes. */
  readonly apiCertificate: { readonly certificate: string; readonly key: string } | null;
  /** Who vouches for people beside their passwords; null for nobody. */
  readonly oidc: OidcOptions | null;
  /** Where agents connect to, `HOST:PORT`. */
  readonly agentListen: string;
  /** `HOST:PORT` under which agents reach `agentListen`; null to let the server work it out. */
  readonly agentAddress: string | null;
  /** Program that powers a host off; null for none. */
  readonly powerOffCommand: string | null;
  /** Where the kernels of hosts are heard (netconsole, UDP), `HOST:PORT`; null for nowhere. */
  readonly netconsoleListen: string | null;
  /** Where syslog is heard by UDP and TCP, and by TLS, `HOST:PORT`; null for nowhere. */
  readonly syslogListen: string | null;
  readonly syslogTlsListen: string | null;
  /** Folders of known issues beside those of the program. */
  readonly knownIssues: readonly string[];
  /** How long messages of logs are kept, how many, and how much of them. */
  readonly logDays: number;
  readonly logMessages: number;
  /** Of the rows themselves, without the indexes. */
  readonly logBytes: number;
  /** How long the instances' numbers are kept as they came, and by the minute; and how much of each. */
  readonly numberHours: number;
  readonly numberDays: number;
  readonly numberMib: number;
  /** A PostgreSQL server of one's own; null for the embedded one. */
  readonly databaseUrl: string | null;
  readonly logLevel: string;
}

/** What `bridgehead agent` runs with. */
export interface AgentOptions {
  /** Schedulers, `HOST:PORT` each. */
  readonly server: readonly string[];
  readonly dataDir: string;
  readonly dockerSocket: string;
  /** The one-time token by which the host joins; not needed once it has. */
  readonly joinToken: string | null;
  readonly joinTokenFile: string | null;
  readonly bootIdFile: string;
  /** Whether it sends what the kernel says. Several agents on one kernel would all send the same. */
  readonly hasKmsg: boolean;
  /** Where pstore is mounted, and whether what was sent of it is removed. */
  readonly pstoreDir: string;
  readonly isPstoreRemoved: boolean;
  readonly logLevel: string;
}

export const serverDefaults = {
  dataDir: '/var/lib/bridgehead',
  listen: ['127.0.0.1:7080'],
  agentListen: '0.0.0.0:7443',
  certificateWarnDays: [30, 14, 7, 1],
  logDays: 30,
  logMessages: 5_000_000,
  logBytes: 10 * 1024 ** 3,
  numberHours: 6,
  numberDays: 14,
  numberMib: 1_024,
  logLevel: 'info',
} as const;

export const agentDefaults = {
  dataDir: '/var/lib/bridgehead-agent',
  dockerSocket: '/var/run/docker.sock',
  bootIdFile: '/proc/sys/kernel/random/boot_id',
  pstoreDir: '/sys/fs/pstore',
  logLevel: 'info',
} as const;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
