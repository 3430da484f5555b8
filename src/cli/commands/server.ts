// `bridgehead server`: the scheduler with its store, its API and its listener for agents.

import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import manifest from '../../../package.json' with { type: 'json' };
import { Audit } from '../../access/audit.ts';
import { AccessDesk } from '../../access/desk.ts';
import { IdentityProvider } from '../../access/identity-provider.ts';
import { ProviderDesk } from '../../access/provider-desk.ts';
import { ApiTls, type ApiTlsParts, namesFor } from '../../api/api-tls.ts';
import { type ApiAddress, ApiListeners, isTls } from '../../api/listeners.ts';
import { createApi } from '../../api/server.ts';
import { BridgeheadError } from '../../domain/errors.ts';
import type { Host } from '../../domain/model.ts';
import { readConsole } from '../../logs/message.ts';
import { AgentListener } from '../../scheduler/agent-listener.ts';
import { BootWatch } from '../../scheduler/boot-watch.ts';
import { CertificateDesk } from '../../scheduler/certificate-desk.ts';
import { CrashGroupsBook } from '../../scheduler/crash-groups.ts';
import { CrashWatch } from '../../scheduler/crash-watch.ts';
import { FleetFeed } from '../../scheduler/fleet-feed.ts';
import { instanceLogIntake } from '../../scheduler/instance-log-intake.ts';
import { KernelIntake } from '../../scheduler/kernel-intake.ts';
import { LogIntake, ownMessage } from '../../scheduler/log-intake.ts';
import { Membership } from '../../scheduler/membership.ts';
import { NetconsoleListener } from '../../scheduler/netconsole-listener.ts';
import { pointsAsTheyCame } from '../../scheduler/number-history.ts';
import { NumberIntake } from '../../scheduler/number-intake.ts';
import { NumberUpkeep } from '../../scheduler/number-upkeep.ts';
import { rememberedFleet } from '../../scheduler/remembered-fleet.ts';
import { Scheduler } from '../../scheduler/scheduler.ts';
import { SyslogListener } from '../../scheduler/syslog-listener.ts';
import { KeyFile } from '../../store/key-file.ts';
import { openStore } from '../../store/open-store.ts';
import type { PostgresStore } from '../../store/postgres-store.ts';
import { systemClock } from '../../system/clock.ts';
import { runPowerCommand } from '../../system/power-command.ts';
import { udpDrops } from '../../system/socket-drops.ts';
import { issueServerCertificate } from '../../trust/authority.ts';
import { hashSecret, isSecret, newSecret } from '../../trust/token.ts';
import { issuesWith } from '../known-issue-files.ts';
import type { OidcOptions } from '../oidc-options.ts';
import type { ServerOptions } from '../options.ts';

const stopTimeoutMs = 20_000;
const mib = 1024 * 1024;

/** Runs until SIGTERM or SIGINT. @throws BridgeheadError when a part of it cannot start */
export async function runServer(options: ServerOptions): Promise<void> {
  const logger = pino({ level: options.logLevel });
  const log = (message: string, details: Readonly<Record<string, unknown>> = {}) =>
    logger.info(details, message);
  const clock = systemClock;
  const directory = resolve(options.dataDir);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const { store, kind } = await openStore({
    databaseUrl: options.databaseUrl,
    directory,
    clock,
    random: Math.random,
    log,
    keys: new KeyFile(resolve(options.secretKeyFile ?? join(directory, 'secret.key'))),
  });
  const name = options.name ?? hostname();
  const { powerOffCommand } = options;
  const power =
    powerOffCommand === null
      ? {}
      : { powerOff: (host: Host) => runPowerCommand(powerOffCommand, host) };
  const kernels = new KernelIntake({
    store: store.logs,
    ...{ clock, log },
    onMessage: (message) => crashes.take(message),
  });
  const numbers = new NumberIntake({ store: store.numbers, clock, log });
  const upkeep = new NumberUpkeep({
    ...{ store: store.numbers, clock, log },
    limits: {
      fineHours: options.numberHours,
      coarseDays: options.numberDays,
      bytesMax: options.numberMib * mib,
    },
  });
  const boots = new BootWatch({ store, clock, log });
  const certificates = new CertificateDesk({
    ...{ store, certificates: store.certificates, clock, log },
    agents: () => scheduler.agents,
    warnDays: options.certificateWarnDays,
    event: (kind, object, message) => scheduler.note(kind, object, message),
  });
  const scheduler: Scheduler = new Scheduler({
    ...{ store, clock, name, newId: randomUUID, log, certificates, ...power },
    readFleet: rememberedFleet(store.changes, clock),
    onNumbers: (host, counted) => numbers.take(host, counted),
    numbersOf: (instance, sinceMs, untilMs) =>
      pointsAsTheyCame(store.numbers, numbers.tail(instance), { instance, sinceMs, untilMs }),
    takeKernel: (host, frame) => kernels.take(host, frame),
    takeInstanceLog: instanceLogIntake({ store: store.logs, clock, log }),
    onNews: () => feed.wake(),
  });
  const feed = new FleetFeed({
    ...{ store, marks: store.changes, scheduler, clock, log },
    run: randomUUID(),
  });
  const membership = await Membership.open(store, clock);
  const agentListen = parseEndpoint(options.agentListen);
  const agentAddress = parseEndpoint(options.agentAddress ?? `${hostname()}:${agentListen.port}`);
  const names = new Set([agentAddress.host, hostname(), 'localhost', '127.0.0.1']);
  const server = await issueServerCertificate(
    membership.authority,
    [...names],
    new Date(clock.wallMs()),
  );
  const listener = new AgentListener({
    tls: { ...server, ca: membership.authority.certificate },
    clock,
    admit: (id, secret, csr) => membership.admit(id, secret, csr),
    renew: (shown, csr) => membership.renew(shown, csr),
    revokedOf: (shown) => store.agentCertificates.revokedOf(shown),
    give: (host, sha256) => scheduler.attachments.give(host, sha256),
    onStream: (stream) => {
      certificates.attach(stream);
      scheduler.attach(stream);
    },
    log,
  });
  const adminHash = hashSecret(await adminToken(directory));
  const isAdmin = (token: string) => isSecret(token, adminHash);
  const access = new AccessDesk({ store: store.access, clock, isAdmin });
  const provider = options.oidc === null ? null : await openProvider(options.oidc, store, access);
  const { logDays: days, logMessages: messages, logBytes: bytes } = options;
  const limits = { days, messages, bytes };
  const crashes = new CrashWatch({
    store: store.crashes,
    ...{ clock, log },
    event: (kind, object, message) => scheduler.note(kind, object, message),
  });
  const intake = new LogIntake({
    store: store.logs,
    ...{ clock, log, limits },
    onMessage: (message) => crashes.take(message),
    hostOf: (address, called) => scheduler.detection.hostOf(address, called),
    bootOf: (host) => scheduler.agents.bootOf(host),
  });
  const api = await createApi({
    store,
    clock,
    certificates,
    rotateSecrets: async (who) => {
      const count = await store.rotateSecrets();
      scheduler.note(
        'secrets.rotated',
        'fleet',
        `${count} secrets sealed with a new key by ${who}`,
      );
      return count;
    },
    crashes: store.crashes,
    crashGroups: new CrashGroupsBook({ store, clock }),
    crashesKept: () => crashes.kept,
    feed,
    numbers: { store: store.numbers, intake: numbers },
    issues: await issuesWith(options.knownIssues),
    logs: {
      ...{ store: store.logs, limits, counts: () => intake.counts },
      kernelCounts: () => kernels.counts,
    },
    storeKind: kind,
    scheduler,
    version: manifest.version,
    ...{ access, provider, audit: new Audit({ store: store.audit, clock, log }) },
    revokeHost: async (host, reason, who) => {
      await membership.revoke(host, reason, who);
      await listener.closeRevoked();
    },
    newJoinToken: (host, ttlS, who) => membership.newToken(host, ttlS, who),
    log,
  });

  const addresses = options.listen.map(apiAddress);
  const { authority } = membership;
  // For those who are to believe what this CA vouches for: the API's certificate among them.
  await writeFile(join(directory, 'ca.pem'), `${authority.certificate}\n`, { mode: 0o644 });
  const apiTls = await openApiTls(options, addresses, { authority, clock, log });
  const listeners = new ApiListeners({
    serve: (request, response) => api.routing(request, response),
    tls: apiTls,
    isTlsEverywhere: options.apiCertificate !== null,
  });

  await scheduler.start();
  intake.start();
  crashes.start();
  boots.start();
  numbers.start();
  const stopUpkeep = upkeep.start();
  const stopCertificates = certificates.start();
  await listening(options.agentListen, () => listener.listen(agentListen.host, agentListen.port));
  const netconsole = new NetconsoleListener({
    onLastWords: (address, words) => scheduler.detection.lastWords(address, words),
    onHeard: ({ kind, address, text }) =>
      intake.keep(kind === 'loss' ? ownMessage(text) : readConsole(text), address, null),
    ...{ clock, log },
  });
  const syslog = new SyslogListener({
    onMessage: (bytes, address, host) => intake.take(bytes, address, host),
    whenRoom: () => intake.whenRoom(),
    clock,
    dropsAt: udpDrops,
    onUnread: (count) => intake.keep(ownMessage(unreadText(count)), '', null),
    revokedOf: (shown) => store.agentCertificates.revokedOf(shown),
    ...{ tls: { ...server, ca: membership.authority.certificate }, log },
  });
  const { netconsoleListen, syslogListen, syslogTlsListen } = options;
  if (netconsoleListen !== null) {
    const { host, port } = parseEndpoint(netconsoleListen);
    await listening(netconsoleListen, () => netconsole.listen(host, port));
  }
  if (syslogListen !== null) {
    const { host, port } = parseEndpoint(syslogListen);
    await listening(syslogListen, () => syslog.listen(host, port));
  }
  if (syslogTlsListen !== null) {
    const { host, port } = parseEndpoint(syslogTlsListen);
    await listening(syslogTlsListen, () => syslog.listenTls(host, port));
  }
  await api.ready();
  for (const [index, address] of addresses.entries()) {
    await listening(options.listen[index] ?? '', () => listeners.listen(address));
  }
  await inviteFirst(access);
  log('ready', {
    store: kind,
    api: options.listen,
    fingerprint: apiTls?.fingerprint ?? null,
    agents: options.agentListen,
    netconsole: options.netconsoleListen,
    syslog: [syslogListen, syslogTlsListen],
    version: manifest.version,
  });

  const signal = await new Promise<string>((done) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => done(name));
  });
  log('stopping', { signal });
  // A second signal, or a part that does not end, must not keep the process for ever.
  setTimeout(() => process.exit(1), stopTimeoutMs).unref();
  apiTls?.[Symbol.dispose]();
  netconsole.close();
  syslog.close();
  await intake.stop();
  crashes.stop();
  boots.stop();
  stopUpkeep();
  stopCertificates();
  await numbers.stop();
  listeners.close();
  await api.close();
  await listener.close();
  await scheduler[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  log('stopped');
}

function unreadText(count: number): string {
  const what = `${count} datagrams of syslog were dropped by the kernel of the scheduler's host`;
  return `${what}: they came faster than they were read (net.core.rmem_max limits how many wait)`;
}

/** `HOST:PORT` or `[IPV6]:PORT`. @throws BridgeheadError REQUEST_INVALID */
export function parseEndpoint(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `"${text}" is not an address to listen on or connect to`,
    'Write it as HOST:PORT, an IPv6 address in brackets.',
  );
}

function apiAddress(address: string): ApiAddress {
  if (address.startsWith('unix:')) return { path: resolve(address.slice(5)) };
  return parseEndpoint(address);
}

async function openProvider(
  { issuer, clientId, clientSecretFile: file, publicUrl, scopes, ...options }: OidcOptions,
  { access: store }: Pick<PostgresStore, 'access'>,
  desk: AccessDesk,
): Promise<ProviderDesk> {
  const secret = file === null ? null : (await readFile(file, 'utf8')).trim();
  const callback = new URL('/v1/session/callback', publicUrl);
  const provider = new IdentityProvider(
    { ...{ issuer, clientId, scopes, callback }, clientSecret: secret },
    systemClock,
  );
  return new ProviderDesk({
    ...{ store, clock: systemClock, desk, provider, rules: options, name: options.name },
  });
}

/** The API's TLS; null where it listens on loopback and socket files alone. */
async function openApiTls(
  { apiCertificate: files }: Pick<ServerOptions, 'apiCertificate'>,
  addresses: readonly ApiAddress[],
  parts: Pick<ApiTlsParts, 'authority' | 'clock' | 'log'>,
): Promise<ApiTls | null> {
  if (!addresses.some((one) => isTls(one, files !== null))) return null;
  const hosts = addresses.flatMap((one) => ('host' in one ? one.host : []));
  const names = namesFor(hosts, [hostname(), 'localhost', '127.0.0.1']);
  return ApiTls.open({ ...parts, files, names });
}

async function listening<Result>(address: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isTaken = code === 'EADDRINUSE';
    throw new BridgeheadError(
      'PREREQUISITE_MISSING',
      `cannot listen on ${address}: ${isTaken ? 'the port is in use' : message}`,
      'Give a free address with --listen (API), --agent-listen (agents), --netconsole-listen or --syslog-listen.',
      { cause },
    );
  }
}

// Not in the log, which is kept and sent elsewhere.
async function inviteFirst(access: AccessDesk): Promise<void> {
  const first = await access.inviteFirst();
  if (first === null) return;
  const command = `bridgehead login --invitation ${first.word} --user NAME`;
  process.stderr.write(`no user yet: within an hour, ${command}\n`);
}

/** The token that may do everything: made at the first start, readable for its owner only. */
async function adminToken(directory: string): Promise<string> {
  const path = join(directory, 'admin.token');
  const known = await readFile(path, 'utf8').catch(() => null);
  if (known !== null && known.trim() !== '') return known.trim();
  const token = newSecret();
  await writeFile(path, `${token}\n`, { mode: 0o600 });
  return token;
}
