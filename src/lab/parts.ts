// The lab's processes as a list: what each is started with, and how to tell that it works.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { canConnect } from '../system/connect.ts';
import { engineParts } from './engine.ts';
import { LabApi } from './lab-api.ts';
import type { LabPaths } from './paths.ts';
import { findPart, type Part } from './processes.ts';
import {
  addressOf,
  backendPort,
  type LabNode,
  nodesOf,
  schedulerPort,
  type Topology,
} from './topology.ts';

const readyLimitMs = 60_000;

/** How the `bridgehead` command is run: the program and its first arguments. */
export const bridgeheadCommand: readonly [string, ...string[]] = [
  process.execPath,
  resolve(import.meta.dirname, '../cli/main.ts'),
];

/** The words that run one of the lab's own programs, such as `backend`. */
export function programCommand(name: string): readonly [string, string] {
  return [process.execPath, join(import.meta.dirname, 'programs', `${name}.ts`)];
}

export interface LabParts {
  readonly backend: Part;
  readonly scheduler: Part;
  readonly proxy: Part;
  readonly hosts: readonly HostParts[];
}

export interface HostParts {
  readonly node: LabNode;
  readonly containerd: Part;
  readonly dockerd: Part;
  readonly agent: Part;
}

/** Every part of the lab. `port` is the API's on 127.0.0.1. */
export function labParts(
  lab: {
    readonly id: string;
    readonly port: number;
    readonly topology: Topology;
    readonly paths: LabPaths;
  },
  command: readonly [string, ...string[]] = bridgeheadCommand,
): LabParts {
  const { id, port, topology, paths } = lab;
  return {
    backend: backendPart(id, topology.backend, paths),
    scheduler: schedulerPart(topology.control, paths, command),
    proxy: {
      name: 'proxy',
      namespace: null,
      argv: [...programCommand('api-forwarder'), String(port), paths.apiSocket],
      log: paths.log('proxy'),
      stale: [],
      ready: () => canConnect({ host: '127.0.0.1', port }),
      readyLimitMs,
    },
    hosts: topology.hosts.map((node) => {
      const [containerd, dockerd] = engineParts(id, node, paths);
      return { node, containerd, dockerd, agent: agentPart(id, node, topology, paths, command) };
    }),
  };
}

/** All parts in the order they are started. */
export function allParts({ backend, scheduler, proxy, hosts }: LabParts): readonly Part[] {
  const ofHosts = hosts.flatMap(({ containerd, dockerd, agent }) => [containerd, dockerd, agent]);
  return [backend, scheduler, proxy, ...ofHosts];
}

/**
 * The scheduler's own database. The scheduler starts it, under its own mark, and the lab does not;
 * it is here to be looked at and to be killed.
 */
export function postgresOf({ scheduler }: LabParts): Pick<Part, 'name' | 'argv' | 'namespace'> {
  return { name: scheduler.name, argv: ['postgres'], namespace: scheduler.namespace };
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

function schedulerPart(
  node: LabNode,
  paths: LabPaths,
  command: readonly [string, ...string[]],
): Part {
  const api = new LabApi(paths);
  return {
    name: 'scheduler',
    namespace: node.namespace,
    argv: [
      ...command,
      'server',
      ...['--data-dir', paths.control],
      ...['--listen', `unix:${paths.apiSocket}`],
      ...['--agent-listen', `0.0.0.0:${schedulerPort}`],
      ...['--agent-address', `${addressOf(node).v4}:${schedulerPort}`],
    ],
    log: paths.log('scheduler'),
    stale: [],
    ready: () =>
      api.call(z.unknown(), 'GET', '/v1/status', undefined, 2_000).then(
        () => true,
        () => false,
      ),
    readyLimitMs,
  };
}

function agentPart(
  labId: string,
  node: LabNode,
  topology: Topology,
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
      ...['--server', `${addressOf(topology.control).v4}:${schedulerPort}`],
      ...['--data-dir', host.agent],
      ...['--docker-socket', host.dockerSocket],
      ...['--join-token-file', host.joinToken],
      ...['--boot-id-file', host.bootId],
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
