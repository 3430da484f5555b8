// A host's power: off as a power cut is off, and on with everything that has to run.

import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BridgeheadError } from '../domain/errors.ts';
import { type HostView, hostView, joinTokenView } from '../protocol/api.ts';
import { DockerEngine } from '../system/docker-engine.ts';
import { removeCgroups } from './cgroups.ts';
import { writeEngineConfig } from './engine.ts';
import { buildHaproxyTar, importHaproxyImage, installedHaproxy } from './haproxy-image.ts';
import { type Lab, scopeOfHost } from './lab-handle.ts';
import { unmountBelow } from './mounts.ts';
import type { HostParts } from './parts.ts';
import { ensurePart, findPart, killAll, partFailed } from './processes.ts';
import type { LabNode } from './topology.ts';
import { until } from './until.ts';

/** How long an agent may take from its start to its first word to the scheduler. */
const connectLimitMs = 30_000;

/** Where containerd's shims listen: not below its state folder, but under a hash of it. */
const shimSockets = '/run/containerd/s';

/**
 * Ends all of a host's user space at once, and what a reboot would end: its mounts, its cgroups,
 * its run folder. Its disk stays as the kill left it.
 */
export async function cutPower(lab: Lab, node: LabNode): Promise<void> {
  const host = lab.paths.host(node.name);
  const before = await shimSocketsBelow(host.run);
  await killAll(scopeOfHost(lab, node));
  // Asked twice: a container may have been on its way in, or out, while the power went.
  const sockets = new Set([...before, ...(await shimSocketsBelow(host.run))]);
  await unmountBelow(host.folder);
  await removeCgroups(lab.state.id, node.name);
  for (const path of sockets) await rm(path, { force: true });
  await rm(host.run, { recursive: true, force: true });
}

/**
 * Files in /run/containerd/s that belong to shims of the containerd whose state is below `run`:
 * each shim wrote its socket's address into its bundle.
 */
export async function shimSocketsBelow(run: string): Promise<readonly string[]> {
  const tasks = join(run, 'containerd', 'io.containerd.runtime.v2.task');
  const found: string[] = [];
  for (const namespace of await names(tasks)) {
    for (const container of await names(join(tasks, namespace))) {
      const address = join(tasks, namespace, container, 'address');
      const text = await readFile(address, 'utf8').catch(() => '');
      const path = text.trim().replace(/^unix:\/\//, '');
      if (path.startsWith(`${shimSockets}/`) && !path.includes('..')) found.push(path);
    }
  }
  return found;
}

/** Gives a host that has just got its namespace an empty run folder and a boot id of its own. */
export async function freshBoot(lab: Lab, node: LabNode): Promise<void> {
  const host = lab.paths.host(node.name);
  await cutPower(lab, node);
  await mkdir(host.run, { recursive: true, mode: 0o711 });
  await writeFile(host.bootId, `${randomUUID()}\n`);
}

/** Starts the host's containerd and Docker Engine where they do not run. @returns false for none */
export async function startEngine(lab: Lab, parts: HostParts): Promise<boolean> {
  writeEngineConfig(lab.paths.host(parts.node.name));
  const containerd = await ensurePart(lab.state.id, parts.containerd);
  const dockerd = await ensurePart(lab.state.id, parts.dockerd);
  return containerd || dockerd;
}

let tarUnderWay: Promise<string> | null = null;

/** Gives the host's Engine the HAProxy image. @returns false where it had it */
export async function giveImage(lab: Lab, parts: HostParts): Promise<boolean> {
  const version = await installedHaproxy();
  const engine = new DockerEngine(lab.paths.host(parts.node.name).dockerSocket);
  // All hosts at once ask for it; one makes it.
  return importHaproxyImage(engine, version, () => {
    tarUnderWay ??= buildHaproxyTar(lab.paths.image, version);
    return tarUnderWay;
  });
}

/**
 * Starts the host's agent where it does not run, with a join token where the scheduler does not
 * know it yet.
 *
 * @returns when it was started, milliseconds since 1970; null where it ran
 */
export async function startAgent(lab: Lab, { node, agent }: HostParts): Promise<number | null> {
  if (findPart(lab.state.id, agent) !== null) return null;
  const { joinToken } = lab.paths.host(node.name);
  if (await needsToken(lab, node)) {
    const { token } = await lab.api.call(joinTokenView, 'POST', '/v1/join-tokens', {
      host: node.name,
    });
    await writeFile(joinToken, `${token}\n`, { mode: 0o600 });
  }
  const startedMs = Date.now();
  await ensurePart(lab.state.id, agent);
  return startedMs;
}

/**
 * Waits until the scheduler hears the host's agent.
 *
 * @param startedMs when the agent was started, so that what was known of the one before does not
 * count; null where it ran before
 */
export async function awaitConnected(
  lab: Lab,
  { node, agent }: HostParts,
  startedMs: number | null,
): Promise<void> {
  const isReady = await until(connectLimitMs, async () => {
    if (findPart(lab.state.id, agent) === null) throw await partFailed(agent, 'ended');
    const host = await askHost(lab, node);
    return host?.state === 'ready' && (host.lastSeenMs ?? 0) >= (startedMs ?? 0);
  });
  if (!isReady) {
    const limit = `${connectLimitMs / 1_000} s`;
    throw await partFailed(agent, `did not reach the scheduler within ${limit}`);
  }
}

async function needsToken(lab: Lab, node: LabNode): Promise<boolean> {
  // With no scheduler nobody can hand out a token; one that joined before needs none.
  if (!existsSync(lab.paths.adminToken)) return false;
  try {
    const host = await askHost(lab, node);
    return host === null || host.state === 'joining';
  } catch (error) {
    if (error instanceof BridgeheadError && error.code === 'SERVER_UNREACHABLE') return false;
    throw error;
  }
}

async function askHost(lab: Lab, node: LabNode): Promise<HostView | null> {
  const { items } = await lab.api.call(z.object({ items: z.array(hostView) }), 'GET', '/v1/hosts');
  return items.find((host) => (host.name as string) === node.name) ?? null;
}

async function names(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
