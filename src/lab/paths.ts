import { join } from 'node:path';
import { BridgeheadError } from '../domain/errors.ts';
import { namePattern } from '../domain/ids.ts';

/** Longest path of a unix socket, bytes: sun_path without its closing zero (unix(7)). */
const socketPathMax = 107;

/** The longest socket below a host's run folder. HAProxy's are longer, but nobody names them whole. */
const longestSocket = 'docker/libnetwork/000000000000.sock';

/** Where a host of the lab keeps its things. What is below `run` is lost in a crash, as in /run. */
export interface HostPaths {
  readonly folder: string;
  readonly agent: string;
  readonly docker: string;
  readonly containerd: string;
  readonly run: string;
  readonly dockerSocket: string;
  readonly bootId: string;
  readonly joinToken: string;
}

/** Where a scheduler of the lab keeps its things. */
export interface SchedulerPaths {
  readonly folder: string;
  readonly apiSocket: string;
  readonly adminToken: string;
}

export interface LabPaths {
  readonly name: string;
  readonly folder: string;
  readonly journal: string;
  readonly context: string;
  readonly logs: string;
  /** Data folder of the first scheduler. */
  readonly control: string;
  /** The first scheduler's; where there are several, they all have the same. */
  readonly adminToken: string;
  /** Of the PostgreSQL server that several schedulers share. */
  readonly database: string;
  /** What opens the secrets in it. */
  readonly secretKeys: string;
  readonly image: string;
  /** `number` counts from 1. */
  scheduler(number: number): SchedulerPaths;
  host(name: string): HostPaths;
  log(part: string): string;
}

/**
 * Where the lab of that name keeps its state: below /var/lib/bridgehead-lab, or below the folder
 * that BRIDGEHEAD_LAB_DIR names.
 *
 * @throws BridgeheadError REQUEST_INVALID for a name that cannot be one, or is too long for the
 * unix sockets below it
 */
export function labPaths(name: string, env: NodeJS.ProcessEnv = process.env): LabPaths {
  if (!namePattern.test(name)) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${JSON.stringify(name)} cannot be a lab's name`,
      'Use lower-case letters, digits and dashes, such as --name lab-2.',
    );
  }
  const folder = join(env['BRIDGEHEAD_LAB_DIR'] || '/var/lib/bridgehead-lab', name);
  const paths = pathsBelow(name, folder);
  const longest = join(paths.host('host-10').run, longestSocket);
  const excess = Buffer.byteLength(longest) - socketPathMax;
  if (excess > 0) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${folder} is too long by ${excess} bytes for the unix sockets below it`,
      'Use a shorter --name, or a shorter folder in BRIDGEHEAD_LAB_DIR.',
    );
  }
  return paths;
}

/** The file that tells the CLI where the lab's API is: `{url, token}`. There while the lab is up. */
export function labContextPath(name = 'lab', env: NodeJS.ProcessEnv = process.env): string {
  return labPaths(name, env).context;
}

function pathsBelow(name: string, folder: string): LabPaths {
  const logs = join(folder, 'logs');
  const control = join(folder, 'control');
  return {
    name,
    folder,
    journal: join(folder, 'journal'),
    context: join(folder, 'context.json'),
    logs,
    control,
    adminToken: schedulerPaths(control).adminToken,
    database: join(folder, 'database'),
    secretKeys: join(folder, 'secret.key'),
    image: join(folder, 'image'),
    scheduler: (number) => schedulerPaths(number === 1 ? control : `${control}-${number}`),
    host: (host) => hostPaths(join(folder, host)),
    log: (part) => join(logs, `${part.replace(':', '-')}.log`),
  };
}

function schedulerPaths(folder: string): SchedulerPaths {
  return { folder, apiSocket: join(folder, 'api.sock'), adminToken: join(folder, 'admin.token') };
}

// Short names, because the limit of a unix socket's path is soon reached.
function hostPaths(folder: string): HostPaths {
  const run = join(folder, 'run');
  return {
    folder,
    agent: join(folder, 'bh'),
    docker: join(folder, 'docker'),
    containerd: join(folder, 'containerd'),
    run,
    dockerSocket: join(run, 'docker.sock'),
    bootId: join(run, 'boot-id'),
    joinToken: join(folder, 'join-token'),
  };
}
