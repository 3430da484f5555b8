// `server` and `agent`: the two services. They take their own options, not those of the API verbs.

import { type Command, Option } from 'commander';
import { BridgeheadError } from '../domain/errors.ts';
import { oidcOptionsOf, withOidcOptions } from './oidc-options.ts';
import { agentDefaults, logLevels, serverDefaults } from './options.ts';
import { type CommandLine, does } from './verb.ts';

const several = (value: string, before: readonly string[] | undefined) => [
  ...(before ?? []),
  value,
];

const logLevel = (level: string) =>
  new Option('--log-level <level>', 'the least that is logged')
    .choices([...logLevels])
    .default(level);

/** Adds the services to the program. */
export function addServiceVerbs(program: Command, line: CommandLine): void {
  const group = program.commandsGroup('Services:');
  const server = group
    .command('server')
    .description('run the scheduler with its API and its store')
    .option('--name <name>', "what it is called (default: the machine's own name)")
    .option('--data-dir <path>', 'where it keeps its state', serverDefaults.dataDir)
    .option(
      '--secret-key-file <path>',
      'what opens the secrets in the database (default: secret.key in the data folder)',
    )
    .option(
      '--certificate-warn-days <days>',
      'how long before a certificate runs out people are told',
      serverDefaults.certificateWarnDays.join(','),
    )
    .option(
      '--listen <address>',
      `HOST:PORT or unix:/path of the API; repeatable (default: ${serverDefaults.listen.join(' ')})`,
      several,
    )
    .option('--api-cert <file>', "PEM chain for the API (default: one by the fleet's own CA)")
    .option('--api-key <file>', 'its key')
    .option('--agent-listen <address>', 'HOST:PORT for agents', serverDefaults.agentListen)
    .option('--agent-address <address>', 'HOST:PORT under which agents reach it')
    .option(
      '--netconsole-listen <address>',
      "HOST:PORT (UDP) for the hosts' kernels, to hear their last words (default: not heard)",
    )
    .option('--syslog-listen <address>', 'HOST:PORT for syslog, UDP and TCP (default: not heard)')
    .option(
      '--syslog-tls-listen <address>',
      'HOST:PORT for syslog by TLS, from hosts with a certificate of this fleet (default: not heard)',
    )
    .option(
      '--known-issues <folder>',
      'known issues of your own that crash reports of incidents are held against; repeatable',
      several,
    )
    .option('--log-days <days>', 'how long messages are kept', String(serverDefaults.logDays))
    .option(
      '--log-messages <count>',
      'how many messages are kept, the newest',
      String(serverDefaults.logMessages),
    )
    .option(
      '--log-bytes <bytes>',
      'how much of messages is kept, without the indexes',
      String(serverDefaults.logBytes),
    )
    .option(
      '--number-hours <hours>',
      "how long instances' numbers are kept as they came, every 5 s",
      String(serverDefaults.numberHours),
    )
    .option(
      '--number-days <days>',
      "how long instances' numbers are kept by the minute",
      String(serverDefaults.numberDays),
    )
    .option(
      '--number-mib <size>',
      'how much is kept of either, MiB',
      String(serverDefaults.numberMib),
    )
    .option(
      '--power-off-command <path>',
      'program that powers a host off whose silence nobody can prove (default: a person is asked)',
    )
    .option('--database-url <url>', 'a PostgreSQL server of your own (default: an embedded one)')
    .addOption(logLevel(serverDefaults.logLevel));
  withOidcOptions(server);
  does(
    line,
    server,
    [
      'server',
      'server --listen 127.0.0.1:7080 --listen unix:/run/bridgehead/api.sock --agent-address lb-control.example.com:7443',
      'server --name scheduler-2 --database-url postgres://bridgehead@db.example.com/bridgehead',
    ],
    async (_, __, given) => {
      const { runServer } = await line.rooms.server();
      const listen = given.texts('listen');
      await runServer({
        name: given.text('name') ?? null,
        dataDir: given.text('dataDir') ?? serverDefaults.dataDir,
        secretKeyFile: given.text('secretKeyFile') ?? null,
        certificateWarnDays: daysOf(given.text('certificateWarnDays') ?? ''),
        listen: listen.length === 0 ? serverDefaults.listen : listen,
        apiCertificate: apiCertificateOf(given.text('apiCert'), given.text('apiKey')),
        oidc: oidcOptionsOf(given),
        agentListen: given.text('agentListen') ?? serverDefaults.agentListen,
        agentAddress: given.text('agentAddress') ?? null,
        netconsoleListen: given.text('netconsoleListen') ?? null,
        syslogListen: given.text('syslogListen') ?? null,
        syslogTlsListen: given.text('syslogTlsListen') ?? null,
        knownIssues: given.texts('knownIssues'),
        logDays: given.whole('logDays', '--log-days', 1, 3_650),
        logMessages: given.whole('logMessages', '--log-messages', 1_000, 1_000_000_000),
        logBytes: given.whole('logBytes', '--log-bytes', 1_000_000, 100_000_000_000_000),
        numberHours: given.whole('numberHours', '--number-hours', 1, 24 * 31),
        numberDays: given.whole('numberDays', '--number-days', 1, 366),
        numberMib: given.whole('numberMib', '--number-mib', 1, 1_048_576),
        powerOffCommand: given.text('powerOffCommand') ?? null,
        databaseUrl: given.text('databaseUrl') ?? null,
        logLevel: given.text('logLevel') ?? serverDefaults.logLevel,
      });
    },
  );

  const agent = group
    .command('agent')
    .description('keep the instances of this host')
    .requiredOption('--server <address>', 'HOST:PORT of a scheduler; repeatable', several)
    .option('--data-dir <path>', 'where it keeps its state', agentDefaults.dataDir)
    .option('--docker-socket <path>', 'socket of the Docker Engine', agentDefaults.dockerSocket)
    .option('--join-token <token>', 'one-time token, the first time: bridgehead token create')
    .option('--join-token-file <path>', 'file that holds it')
    .option('--boot-id-file <path>', 'tells one boot from the next', agentDefaults.bootIdFile)
    .option('--no-kmsg', 'do not send what the kernel says (/dev/kmsg, pstore)')
    .option('--pstore-dir <path>', 'what earlier boots have left', agentDefaults.pstoreDir)
    .option('--remove-pstore', 'remove from there what has been sent')
    .addOption(logLevel(agentDefaults.logLevel));
  does(
    line,
    agent,
    [
      'agent --server lb-control.example.com:7443 --join-token-file /etc/bridgehead/join-token',
      'agent --server scheduler-1:7443 --server scheduler-2:7443',
    ],
    async (_, __, given) => {
      const { runAgent } = await line.rooms.agent();
      await runAgent({
        server: given.texts('server'),
        dataDir: given.text('dataDir') ?? agentDefaults.dataDir,
        dockerSocket: given.text('dockerSocket') ?? agentDefaults.dockerSocket,
        joinToken: given.text('joinToken') ?? null,
        joinTokenFile: given.text('joinTokenFile') ?? null,
        hasKmsg: given.is('kmsg'),
        pstoreDir: given.text('pstoreDir') ?? agentDefaults.pstoreDir,
        isPstoreRemoved: given.is('removePstore'),
        bootIdFile: given.text('bootIdFile') ?? agentDefaults.bootIdFile,
        logLevel: given.text('logLevel') ?? agentDefaults.logLevel,
      });
    },
  );
}

function daysOf(text: string): readonly number[] {
  const days = text.split(',').map((part) => (/^\d{1,4}$/.test(part.trim()) ? Number(part) : 0));
  if (days.every((one) => one > 0)) return days;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `--certificate-warn-days ${text} is no list of days`,
    'Write whole numbers from 1 to 9999 with commas between: 30,14,7,1',
  );
}

function apiCertificateOf(certificate: string | undefined, key: string | undefined) {
  if (certificate === undefined && key === undefined) return null;
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  throw new BridgeheadError(
    'REQUEST_INVALID',
    '--api-cert and --api-key are given together, or not at all',
    "Give both files, or neither to have a certificate made by the fleet's own CA.",
  );
}
