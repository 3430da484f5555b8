// A HAProxy's configuration on disk, what judges it, and the sockets that HAProxy answers on.

import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { parseCheckOutput } from '../haproxy/check-output.ts';
import { hashInDescription } from '../haproxy/config-hash.ts';
import { serverStatesFile } from '../haproxy/kept-servers.ts';
import { readWorkers } from '../haproxy/workers.ts';
import { readingCommand } from '../numbers/reading.ts';
import type { ValidateResult } from '../protocol/frames.ts';
import type { DockerEngine } from '../system/docker-engine.ts';
import { replaceFile } from './disk.ts';
import {
  askHaproxy,
  descriptionOf,
  parseCheckedServers,
  parseFailedServers,
} from './haproxy-socket.ts';
import { imageMissing } from './instance-errors.ts';
import { standInMounts } from './stand-ins.ts';

/** The user that HAProxy runs as in its container; Debian's and the official image both use it. */
export const haproxyUser = 99;

/** Where the configuration and the sockets are inside the container. */
export const configFolder = '/etc/haproxy';
export const runFolder = '/run/haproxy';
export const configFile = 'haproxy.cfg';
export const runtimeSocket = 'stats.sock';
export const masterSocket = 'master.sock';

const validateLabel = 'bridgehead.purpose';
const validateTimeoutMs = 20_000;
/** Keeps a joined command well below HAProxy's buffer of 16 KiB (tune.bufsize). */
const serversACommand = 50;
/** Reading a large configuration takes its time. */
const masterAwayMs = 10_000;
const masterPollMs = 10;

/** Folders of one instance below the agent's data folder. */
export interface InstanceFolders {
  readonly etc: string;
  readonly run: string;
  /** In memory, with the instance's certificates. */
  readonly certificates: string;
}

/** Makes the folders, with the rights that HAProxy's user needs and nobody else. */
export async function makeFolders(folders: InstanceFolders): Promise<void> {
  for (const folder of [folders.etc, folders.run]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chown(folder, haproxyUser, haproxyUser);
  }
}

/**
 * Runs `haproxy -c` on the text in a throwaway container of the image.
 *
 * @param provide puts what the configuration needs beside it into its folder
 * @throws BridgeheadError IMAGE_MISSING, ENGINE_DOWN or ATTACHMENT_MISSING; a refused text is a result, not an error
 */
export async function validate(
  engine: DockerEngine,
  dataFolder: string,
  image: string,
  config: string,
  provide: (etc: string) => Promise<void>,
): Promise<ValidateResult> {
  if (!(await engine.hasImage(image))) throw imageMissing(image);
  const folder = await mkdtemp(join(dataFolder, 'validate-'));
  let container: string | null = null;
  try {
    await chown(folder, haproxyUser, haproxyUser);
    const path = `${configFolder}/${configFile}`;
    await provide(folder);
    await writeConfig(folder, config);
    container = await engine.create(`bridgehead-${folder.split('/').at(-1)}`, {
      image,
      command: ['haproxy', '-c', '-f', path],
      user: `${haproxyUser}:${haproxyUser}`,
      hostname: 'validate',
      labels: { [validateLabel]: 'validate' },
      mounts: [
        { source: folder, target: configFolder, writable: false },
        ...(await standInMounts(folder, config)),
      ],
      sysctls: {},
      memoryMib: 256,
      cpus: 1,
      pids: 64,
      openFiles: 65_536,
      restart: false,
    });
    await engine.start(container);
    const code = await engine.wait(container, validateTimeoutMs);
    return {
      valid: code === 0,
      findings: [...parseCheckOutput(await engine.logs(container), path)],
    };
  } finally {
    if (container !== null) await engine.remove(container);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes validation containers that an agent which was killed left behind. */
export async function removeStaleValidations(engine: DockerEngine): Promise<void> {
  const left = await engine.containers([`${validateLabel}=validate`]);
  for (const container of left) await engine.remove(container.id);
}

/** Writes the configuration where the container's HAProxy finds it at its next start or reload. */
export async function writeConfig(folder: string, config: string): Promise<void> {
  const path = join(folder, configFile);
  await replaceFile(path, config, 0o400);
  await chown(path, haproxyUser, haproxyUser);
}

/** Writes what HAProxy reads of its servers at its next load; see `haproxy/kept-servers.ts`. */
export async function writeServerStates(folders: InstanceFolders, text: string): Promise<void> {
  const path = join(folders.run, serverStatesFile);
  await replaceFile(path, text, 0o400);
  await chown(path, haproxyUser, haproxyUser);
}

/** What the master says of its processes. @throws Error where it does not answer */
export function workers(folders: InstanceFolders): Promise<string> {
  return askHaproxy(folders.run, masterSocket, 'show proc');
}

/** Hash of the configuration that HAProxy runs, as it says itself; null while it says nothing. */
export async function loadedHash(folders: InstanceFolders): Promise<string | null> {
  try {
    const info = await askHaproxy(folders.run, runtimeSocket, 'show info');
    return hashInDescription(descriptionOf(info));
  } catch {
    return null;
  }
}

/** What HAProxy has counted: its answer to `readingCommand`. */
export function readCounters(folders: InstanceFolders, timeoutMs: number): Promise<string> {
  return askHaproxy(folders.run, runtimeSocket, readingCommand, timeoutMs);
}

/** One command of the runtime API. @throws Error where HAProxy does not answer */
export function command(folders: InstanceFolders, text: string): Promise<string> {
  return askHaproxy(folders.run, runtimeSocket, text);
}

/**
 * Has the master load the configuration that is on disk. While it loads one it closes its socket, and
 * what reached it a moment before is lost without a word: so it is asked until it counts one load more.
 * A master that is not there is no fault, and neither is a load that fails.
 */
export async function reload(folders: Pick<InstanceFolders, 'run'>, clock: Clock): Promise<void> {
  const endMs = clock.monotonicMs() + masterAwayMs;
  const counted = async () => {
    while (clock.monotonicMs() < endMs) {
      const answer = await askHaproxy(folders.run, masterSocket, 'show proc').catch(() => '');
      const { loads } = readWorkers(answer);
      if (loads !== '') return loads;
      await clock.sleep(masterPollMs);
    }
    return '';
  };
  const before = await counted();
  for (let now = before; now === before && clock.monotonicMs() < endMs; now = await counted()) {
    await askHaproxy(folders.run, masterSocket, 'reload').catch(() => undefined);
  }
}

/**
 * Holds or resumes all health checks. Without a network every backend would be taken for dead, and
 * clients would get 503 from the addresses' coming until the backends have passed their checks anew.
 * HAProxy checks the first server as soon as it starts, and one check that fails then is enough to
 * mark it down, so what is held is also marked up.
 */
export async function setHealthChecks(folders: InstanceFolders, on: boolean): Promise<void> {
  const state = await askHaproxy(folders.run, runtimeSocket, 'show servers state');
  const servers = parseCheckedServers(state);
  await commandEach(folders, servers, (server) =>
    on
      ? [`enable health ${server}`]
      : [`disable health ${server}`, `set server ${server} health up`],
  );
}

/**
 * Has the servers count as up that their checks took for dead in the last so many milliseconds. Of
 * those that are dead the next check says so again.
 */
export async function markUp(folders: InstanceFolders, withinMs: number): Promise<void> {
  const state = await askHaproxy(folders.run, runtimeSocket, 'show servers state');
  // HAProxy counts whole seconds.
  const servers = parseFailedServers(state, Math.ceil(withinMs / 1_000));
  await commandEach(folders, servers, (server) => [`set server ${server} health up`]);
}

async function commandEach(
  folders: InstanceFolders,
  servers: readonly string[],
  commands: (server: string) => readonly string[],
): Promise<void> {
  for (let first = 0; first < servers.length; first += serversACommand) {
    const part = servers.slice(first, first + serversACommand).flatMap(commands);
    await askHaproxy(folders.run, runtimeSocket, part.join(';'));
  }
}
