// `bridgehead agent`: keeps the instances of one host, on the word of a scheduler.

import { mkdir, readFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { resolve } from 'node:path';
import { pino } from 'pino';
import manifest from '../../../package.json' with { type: 'json' };
import { Agent, type AgentParts } from '../../agent/agent.ts';
import { portPrefix } from '../../agent/facts.ts';
import { fetchAttachment } from '../../agent/fetch-attachment.ts';
import { type Identity, loadIdentity, saveIdentity } from '../../agent/identity.ts';
import { InstanceLogs } from '../../agent/instance-logs/instance-logs.ts';
import { type Endpoint, join, renew } from '../../agent/join.ts';
import { KmsgDevice } from '../../agent/kernel-log/kernel-ring.ts';
import { InstanceLogSender, KernelSender } from '../../agent/kernel-log/kernel-sender.ts';
import { KernelTail, readPosition } from '../../agent/kernel-log/kernel-tail.ts';
import { sendPstore } from '../../agent/kernel-log/pstore.ts';
import { Lapses } from '../../agent/lapses.ts';
import { LinuxMachine } from '../../agent/linux-machine.ts';
import { mountMemoryFolder } from '../../agent/memory-folder.ts';
import { LeaseTable } from '../../agent/pulse/lease-table.ts';
import { Pulse } from '../../agent/pulse/pulse.ts';
import { SchedulerLinks } from '../../agent/scheduler-links.ts';
import { SchedulerLink } from '../../agent/stream.ts';
import { BridgeheadError } from '../../domain/errors.ts';
import type { InstanceId } from '../../domain/ids.ts';
import { systemClock } from '../../system/clock.ts';
import { DockerEngine } from '../../system/docker-engine.ts';
import { isRenewalDue } from '../../trust/authority.ts';
import type { AgentOptions } from '../options.ts';
import { parseEndpoint } from './server.ts';

const renewalCheckMs = 3_600_000;
const joinRetryMs = 2_000;
/** The least of the real-time priorities: a busy machine must not look like a silent neighbour. */
const probePriority = 1;

type Log = (message: string, details?: Readonly<Record<string, unknown>>) => void;

/** Runs until SIGTERM or SIGINT; what it keeps goes on running. @throws BridgeheadError */
export async function runAgent(options: AgentOptions): Promise<void> {
  const logger = pino({ level: options.logLevel });
  const log: Log = (message, details = {}) => logger.info(details, message);
  if (process.getuid?.() !== 0) {
    throw new BridgeheadError(
      'PREREQUISITE_MISSING',
      'the agent is not running as root, so it cannot make bridge ports',
      'Start it as root.',
    );
  }
  const servers = distinct(options.server.map(parseEndpoint));
  const dataFolder = resolve(options.dataDir);
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  let identity = await becomeMember(options, servers, dataFolder, log);
  const engine = new DockerEngine(options.dockerSocket);
  const clock = systemClock;
  const links = new SchedulerLinks(
    servers.map(
      (server) =>
        new SchedulerLink({ server, identity: () => identity, clock, random: Math.random, log }),
    ),
  );
  const tell = (kind: string, object: string, message: string) => {
    log(message, { kind, object });
    // To one of them: they share the store.
    links.peers.some((peer) => peer.send({ type: 'event', kind, object, message }));
  };
  const machine = await LinuxMachine.open({
    engine,
    dataFolder,
    clock,
    agentVersion: manifest.version,
    bootIdFile: options.bootIdFile,
    fetchAttachment: (sha256) => fetchAttachment(servers, identity, sha256),
    ...{ tell, log },
  });
  // A disk at work would keep the prober waiting, whose promise a failover waits for.
  const memory = resolve(dataFolder, 'memory');
  await mountMemoryFolder(memory);
  const facts = await machine.readFacts();
  const table = new LeaseTable('bridgehead');
  const pulse = await Pulse.start({
    ...{ clock, table },
    ...{ portPrefix, priority: probePriority },
    promisesFile: resolve(memory, 'promises.json'),
    bootId: facts.bootId,
    bridges: facts.bridges.map(({ name }) => name),
    onWarning: (message) => log(message),
    // Its host's neighbours miss a witness from here on: better all of it begins anew.
    onFailure: (error) => {
      log('the thread that probes other hosts has failed', { error: String(error) });
      process.exit(1);
    },
  });
  const readCounters = (id: InstanceId, timeoutMs: number) => machine.readCounters(id, timeoutMs);
  const stopped = new AbortController();
  const kernelLog = options.hasKmsg ? new KernelSender(() => links.peers, clock) : null;
  const instanceLog = new InstanceLogSender(() => links.peers, clock);
  const senders = [instanceLog, ...(kernelLog === null ? [] : [kernelLog])];
  const heard: Pick<AgentParts, 'kernelLog'> = {
    kernelLog: {
      greet: (peer) => senders.forEach((one) => one.greet(peer)),
      hear: (frame, peer) => senders.forEach((one) => one.hear(frame, peer)),
    },
  };
  const agent = await Agent.start({
    ...{ machine, clock, links, witness: pulse, readCounters, log, ...heard },
    certificates: machine.certificates,
  });
  links.start();
  const instanceLogs = new InstanceLogs({
    ...{ engine, files: machine, clock },
    deliver: (batch, signal) => instanceLog.deliver(batch, signal),
  });
  void instanceLogs.run(stopped.signal);
  const markUp = (withinMs: number) => machine.markUp(withinMs);
  void new Lapses({ clock, read: () => table.read(), markUp, tell }).run(stopped.signal);
  if (kernelLog !== null) {
    const tail = new KernelTail({
      ...{ ring: new KmsgDevice(), sender: kernelLog, files: machine, clock, log },
      ...{ boot: facts.bootId, uptimeMs: () => uptime() * 1_000 },
    });
    const bootedMs = clock.wallMs() - uptime() * 1_000;
    const before = await readPosition(machine).catch(() => null);
    const starts = [{ boot: facts.bootId, bootedMs }, ...(before === null ? [] : [before])];
    // What an earlier boot left goes first: its end is older than all that is said now.
    const left = sendPstore(
      {
        ...{ folder: options.pstoreDir, isRemoving: options.isPstoreRemoved, starts },
        ...{ sender: kernelLog, files: machine, log },
      },
      stopped.signal,
    );
    void left
      .catch((error: unknown) => log('cannot send what is in pstore', { error: String(error) }))
      .then(() => tail.run(stopped.signal));
  }
  log('keeps this host', { host: identity.host, version: manifest.version });

  const renewNow = async () => {
    try {
      const fresh = await renewAt(servers, identity);
      await saveIdentity(dataFolder, fresh);
      identity = fresh;
      log('certificate renewed');
    } catch (error) {
      log('cannot renew the certificate yet', { error: String(error) });
    }
  };
  const stopRenewing = clock.every(renewalCheckMs, () => {
    if (!isRenewalDue(identity.certificate, new Date(clock.wallMs()))) return;
    void renewNow();
  });
  // The links hold no handle open while they wait to connect again; this does.
  const stay = setInterval(() => undefined, renewalCheckMs);
  const signal = await new Promise<string>((done) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => done(name));
  });
  log('stopping', { signal });
  stopped.abort();
  await pulse[Symbol.asyncDispose]();
  clearInterval(stay);
  stopRenewing();
  links.stop();
  agent[Symbol.dispose]();
  machine[Symbol.dispose]();
}

// Two streams to one scheduler would be two agents of one host.
function distinct(servers: readonly Endpoint[]): readonly Endpoint[] {
  return [...new Map(servers.map((one) => [`${one.host}:${one.port}`, one])).values()];
}

async function becomeMember(
  options: AgentOptions,
  servers: readonly Endpoint[],
  dataFolder: string,
  log: Log,
): Promise<Identity> {
  const known = await loadIdentity(dataFolder);
  if (known !== null) return known;
  const token =
    options.joinToken ??
    (options.joinTokenFile === null ? null : await readFile(options.joinTokenFile, 'utf8'));
  if (token === null) {
    throw new BridgeheadError(
      'JOIN_REFUSED',
      'this host has not joined a fleet yet, and no join token was given',
      'Make one (bridgehead token create --host NAME) and give it with --join-token or --join-token-file.',
    );
  }
  const identity = await joinAt(servers, token, log);
  await saveIdentity(dataFolder, identity);
  log('joined the fleet', { host: identity.host });
  return identity;
}

// A scheduler that is not up yet is waited for; one that refuses is final.
async function joinAt(servers: readonly Endpoint[], token: string, log: Log): Promise<Identity> {
  for (let attempt = 0; ; attempt += 1) {
    const server = servers[attempt % servers.length];
    if (server === undefined) throw new Error('no scheduler was given');
    try {
      return await join(server, token);
    } catch (error) {
      if (!(error instanceof BridgeheadError) || error.code !== 'SERVER_UNREACHABLE') throw error;
      log(error.message, { next: error.next });
      await systemClock.sleep(joinRetryMs);
    }
  }
}

async function renewAt(servers: readonly Endpoint[], identity: Identity): Promise<Identity> {
  let last: unknown = new Error('no scheduler was given');
  for (const server of servers) {
    try {
      return await renew(server, identity);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}
