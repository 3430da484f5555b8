// The lab's processes as a list: what each is started with, and how to tell that it works.

import { readFileSync } from 'node:fs';
import { canConnect } from '../system/connect.ts';
import { bridgeheadCommand, programCommand } from './commands.ts';
import { databasePart } from './database.ts';
import { engineParts } from './engine.ts';
import type { LabPaths } from './paths.ts';
import { findPart, type Part } from './processes.ts';
import { agentAddressOf, type SchedulerSite, schedulerPart } from './schedulers.ts';
import { backendPort, type LabNode, nodesOf, type Topology } from './topology.ts';

const readyLimitMs = 60_000;

export interface LabParts {
  readonly backend: Part;
  /** What keeps the database that several schedulers share; null for one, which keeps its own. */
  readonly database: Part | null;
  readonly schedulers: readonly Part[];
  readonly proxy: Part;
  readonly hosts: readonly HostParts[];
}

export interface HostParts {
  readonly node: LabNode;
  readonly containerd: Part;
  readonly dockerd: Part;
  readonly agent: Part;
}

/** Every part of the lab. */
export function labParts(
  lab: {
    readonly id: string;
    readonly sites: readonly SchedulerSite[];
    readonly topology: Topology;
    readonly paths: LabPaths;
  },
  command: readonly [string, ...string[]] = bridgeheadCommand,
): LabParts {
  const { id, sites, topology, paths } = lab;
  const node = topology.control;
  const isSharing = sites.length > 1;
  const servers = sites.map((site) => agentAddressOf(site, node));
  return {
    backend: backendPart(id, topology.backend, paths),
    database: isSharing ? databasePart(node, paths) : null,
    schedulers: sites.map((site) => schedulerPart(site, { node, paths, command, isSharing })),
    proxy: proxyPart(sites, paths),
    hosts: topology.hosts.map((node) => {
      const [containerd, dockerd] = engineParts(id, node, paths);
      return { node, containerd, dockerd, agent: agentPart(id, node, servers, paths, command) };
    }),
  };
}

/** All parts in the order they are started. */
export function allParts(parts: LabParts): readonly Part[] {
  const { backend, database, schedulers, proxy, hosts } = parts;
  const ofHosts = hosts.flatMap(({ containerd, dockerd, agent }) => [containerd, dockerd, agent]);
  return [backend, ...(database === null ? [] : [database]), ...schedulers, proxy, ...ofHosts];
}

/**
 * The PostgreSQL server itself. The part that keeps it starts it, under its own mark, and the lab
 * does not; it is here to be looked at and to be killed.
 */
export function postgresOf({
  database,
  schedulers,
}: LabParts): Pick<Part, 'name' | 'argv' | 'namespace' | 'log'> {
  const keeper = database ?? schedulers[0];
  if (keeper === undefined) throw new Error('a lab without a scheduler');
  return { ...keeper, argv: ['postgres'] };
}

/** Namespaces of all nodes, by the node's name. */
export function namespacesByNode(topology: Topology): ReadonlyMap<string, string> {
  return new Map(nodesOf(topology).map(({ name, namespace }) => [name, namespace]));
}

function backendPart(labId: string, node: LabNode, paths: LabPaths): Part {
  const servers = node.addresses.map(({ v4 }, index) => `backend-${index + 1}=${v4}`);
  const part = {
    name: 'backend',
    namespace: node.namespace,
    argv: [...programCommand('backend'), String(backendPort), ...servers],
  } as const;
  return {
    ...part,
    log: paths.log('backend'),
    stale: [],
    ready: async () => {
      const pid = findPart(labId, part)?.pid;
      return pid !== undefined && listeners(pid, backendPort) === servers.length;
    },
    readyLimitMs,
  };
}

function proxyPart(sites: readonly SchedulerSite[], paths: LabPaths): Part {
  const routes = sites.flatMap(({ port, paths: { apiSocket } }) => [String(port), apiSocket]);
  return {
    name: 'proxy',
    namespace: null,
    argv: [...programCommand('api-forwarder'), ...routes],
    log: paths.log('proxy'),
    stale: [],
    ready: async () => {
      const open = sites.map(({ port }) => canConnect({ host: '127.0.0.1', port }));
      return (await Promise.all(open)).every((isOpen) => isOpen);
    },
    readyLimitMs,
  };
}

function agentPart(
  labId: string,
  node: LabNode,
  servers: readonly string[],
  paths: LabPaths,
  command: readonly [string, ...string[]],
): Part {
  const host = paths.host(node.name);
  const part = {
    name: `agent:${node.name}`,
    namespace: node.namespace,
    argv: [
      ...command,
      'agent',
      ...servers.flatMap((server) => ['--server', server]),
      ...['--data-dir', host.agent],
      ...['--docker-socket', host.dockerSocket],
      ...['--join-token-file', host.joinToken],
      ...['--boot-id-file', host.bootId],
      // All hosts of a lab have the machine's one kernel: each would send the same, as its own.
      '--no-kmsg',
    ] as readonly string[] as readonly [string, ...string[]],
  };
  return {
    ...part,
    log: paths.log(part.name),
    stale: [],
    // An agent does its work with no scheduler too; that it is connected is asked for elsewhere.
    ready: async () => findPart(labId, part) !== null,
    readyLimitMs,
  };
}

/** How many sockets listen on the TCP port in the network namespace of the process. */
function listeners(pid: number, port: number): number {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  try {
    const rows = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n');
    return rows.filter((row) => {
      const [, local = '', , state] = row.trim().split(/\s+/);
      return local.endsWith(wanted) && state === '0A';
    }).length;
  } catch {
    return 0;
  }
}
