// The lab's schedulers: one with a database of its own, or several that share one.

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { sharedDatabaseUrl } from './database.ts';
import { LabApi } from './lab-api.ts';
import type { LabPaths, SchedulerPaths } from './paths.ts';
import type { Part } from './processes.ts';
import { addressOf, type LabNode, schedulerPort } from './topology.ts';

export const schedulersMax = 3;
export const schedulersDefault = 1;

const readyLimitMs = 60_000;
const tokenBytes = 32;
/** Of the kernel's own documentation (networking/netconsole.rst). */
const firstNetconsolePort = 6666;
/** RFC 5426 3.3. */
const firstSyslogPort = 514;

/** One scheduler, as the rest of the lab knows it. */
export interface SchedulerSite {
  /** `scheduler` where it is the only one, else `scheduler-1` and so on. */
  readonly name: string;
  readonly paths: SchedulerPaths;
  /** TCP port of the API on 127.0.0.1 of the machine. */
  readonly port: number;
  readonly url: string;
  /** TCP port for agents at the control node. */
  readonly agentPort: number;
  /** UDP port for the hosts' kernels at the control node. */
  readonly netconsolePort: number;
  /** UDP and TCP port for syslog at the control node. */
  readonly syslogPort: number;
}

/** The schedulers of a lab; `port` is that of the first one's API, and the others follow it. */
export function schedulerSites(
  { schedulers, port }: { readonly schedulers: number; readonly port: number },
  paths: LabPaths,
): readonly SchedulerSite[] {
  return Array.from({ length: schedulers }, (_, index) => ({
    name: schedulers === 1 ? 'scheduler' : `scheduler-${index + 1}`,
    paths: paths.scheduler(index + 1),
    port: port + index,
    url: `http://127.0.0.1:${port + index}`,
    agentPort: schedulerPort + index,
    netconsolePort: firstNetconsolePort + index,
    syslogPort: firstSyslogPort + index,
  }));
}

export function schedulerPart(
  site: SchedulerSite,
  lab: {
    readonly node: LabNode;
    readonly paths: LabPaths;
    readonly command: readonly [string, ...string[]];
    /** Whether it uses the lab's database; else it runs its own. */
    readonly isSharing: boolean;
  },
): Part {
  const { node, paths, command, isSharing } = lab;
  const log = paths.log(site.name);
  const api = new LabApi([site], paths.logs);
  return {
    name: site.name,
    namespace: node.namespace,
    argv: [
      ...command,
      'server',
      ...['--data-dir', site.paths.folder],
      ...['--listen', `unix:${site.paths.apiSocket}`],
      ...['--agent-listen', `0.0.0.0:${site.agentPort}`],
      ...['--netconsole-listen', `0.0.0.0:${site.netconsolePort}`],
      ...['--syslog-listen', `0.0.0.0:${site.syslogPort}`],
      ...['--agent-address', agentAddressOf(site, node)],
      ...(isSharing ? ['--name', site.name, '--database-url', sharedDatabaseUrl(paths)] : []),
      ...(isSharing ? ['--secret-key-file', paths.secretKeys] : []),
    ],
    log,
    stale: [],
    ready: () =>
      api.call(z.unknown(), 'GET', '/v1/status', undefined, 2_000).then(
        () => true,
        () => false,
      ),
    readyLimitMs,
  };
}

/** Where agents reach the scheduler, `HOST:PORT`. */
export function agentAddressOf({ agentPort }: SchedulerSite, control: LabNode): string {
  return `${addressOf(control).v4}:${agentPort}`;
}

/**
 * Gives several schedulers one admin token, before any of them runs for the first time and makes
 * its own. May be interrupted and run again.
 */
export async function shareAdminToken(sites: readonly SchedulerSite[]): Promise<void> {
  const tokens = await Promise.all(
    sites.map(({ paths }) => readFile(paths.adminToken, 'utf8').catch(() => '')),
  );
  const kept = tokens[0]?.trim() ?? '';
  const token = kept === '' ? randomBytes(tokenBytes).toString('base64url') : kept;
  for (const [index, { paths }] of sites.entries()) {
    if (tokens[index]?.trim() === token) continue;
    await mkdir(paths.folder, { recursive: true, mode: 0o755 });
    await writeFile(paths.adminToken, `${token}\n`, { mode: 0o600 });
  }
}
