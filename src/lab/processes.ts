import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BridgeheadError } from '../domain/errors.ts';
import { namespaceInode, namespacePath } from './namespaces.ts';
import {
  mainProcess,
  markVariable,
  type ProcessEntry,
  type ProcessScope,
  processesOf,
  readProcessTable,
  threadNamespaces,
} from './process-table.ts';

const pollMs = 20;
const killLimitMs = 10_000;
const logBytesMax = 16 * 1024 * 1024;
const logTailLines = 12;

/** One process of the lab that lives on after the command that started it. */
export interface Part {
  /** `scheduler`, `backend`, `api`, or such as `agent:host-1`. */
  readonly name: string;
  /** Null for the machine's own network namespace. */
  readonly namespace: string | null;
  readonly argv: readonly [string, ...string[]];
  readonly log: string;
  /** Left by an earlier run of it that was killed, and in the way of the next. */
  readonly stale: readonly string[];
  /** True once it does its work. Asked again and again; must not throw. */
  readonly ready: () => Promise<boolean>;
  readonly readyLimitMs: number;
}

/** The part's own process; null where it does not run, or not in its namespace. */
export function findPart(
  labId: string,
  part: Pick<Part, 'name' | 'argv' | 'namespace'>,
  table: readonly ProcessEntry[] = readProcessTable(),
): ProcessEntry | null {
  const found = mainProcess(table, `${labId}/${part.name}`, basename(part.argv[0]));
  return found === null || isElsewhere(found, part) ? null : found;
}

// A namespace that was deleted by hand lives on without its name while processes are inside. One
// thread is not enough to go by: an agent's enters a container's namespace for a moment at times.
function isElsewhere(entry: ProcessEntry, { namespace }: Pick<Part, 'namespace'>): boolean {
  if (namespace === null) return false;
  const home = namespaceInode(namespace);
  return entry.netns !== home && (home === null || !threadNamespaces(entry.pid).has(home));
}

/**
 * Starts the part where it does not run, and waits until it is ready.
 *
 * @returns false where it ran already
 * @throws BridgeheadError LAB_FAILED with the end of its log when it ends or is not ready in time
 */
export async function ensurePart(labId: string, part: Part): Promise<boolean> {
  const isRunning = findPart(labId, part) !== null;
  if (!isRunning) {
    const mark = `${labId}/${part.name}`;
    await killUntilNone(() =>
      readProcessTable().filter((entry) => entry.mark === mark && isElsewhere(entry, part)),
    );
  }
  const isGone = isRunning ? () => findPart(labId, part) === null : launch(labId, part);
  const deadlineMs = performance.now() + part.readyLimitMs;
  while (!(await part.ready())) {
    const isOver = performance.now() > deadlineMs;
    if (isGone()) throw await partFailed(part, 'ended');
    if (isOver) throw await partFailed(part, `was not ready in ${part.readyLimitMs / 1_000} s`);
    await wait(pollMs);
  }
  return !isRunning;
}

/** @returns whether what was started has ended since */
function launch(labId: string, part: Part): () => boolean {
  for (const path of part.stale) rmSync(path, { force: true });
  mkdirSync(dirname(part.log), { recursive: true });
  if ((statSync(part.log, { throwIfNoEntry: false })?.size ?? 0) > logBytesMax) {
    renameSync(part.log, `${part.log}.1`);
  }
  const log = openSync(part.log, 'a', 0o600);
  // nsenter becomes the part itself: with --net alone it does not fork.
  const [file, ...args] =
    part.namespace === null
      ? part.argv
      : (['nsenter', `--net=${namespacePath(part.namespace)}`, '--', ...part.argv] as const);
  const child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
    // Nothing else of the caller's: a DOCKER_HOST or a proxy of the person's shell is not the lab's.
    env: { ...plainEnvironment(), [markVariable]: `${labId}/${part.name}` },
  });
  closeSync(log);
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
  };
  child.once('exit', end);
  child.once('error', end);
  child.unref();
  return () => hasEnded;
}

/** The environment that the lab's processes and tools run with. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    LANG: 'C.UTF-8',
  };
}

/** What a failed part leaves to say: what happened, and the end of its log. */
export async function partFailed(
  part: Pick<Part, 'name' | 'log'>,
  what: string,
): Promise<BridgeheadError> {
  const text = await readFile(part.log, 'utf8').catch(() => '');
  const tail = text.trimEnd().split('\n').slice(-logTailLines).join('\n');
  return new BridgeheadError(
    'LAB_FAILED',
    `${part.name} ${what}${tail === '' ? '' : `; its log ends with:\n${tail}`}`,
    `Read ${part.log}, then run lab up again, or lab down to start over.`,
  );
}

/** Sends a signal to each; one that is gone already is passed over. */
export function signalAll(entries: readonly ProcessEntry[], signal: NodeJS.Signals): void {
  for (const { pid } of entries) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** The scope's processes as they are now. */
export function findProcesses(scope: ProcessScope): readonly ProcessEntry[] {
  return processesOf(readProcessTable(), scope, process.pid);
}

/**
 * Kills every process of the scope, again and again until none is left: one may fork while its
 * parent dies.
 *
 * @returns how many were killed
 * @throws BridgeheadError LAB_FAILED when some live on after ten seconds
 */
export async function killAll(scope: ProcessScope): Promise<number> {
  return killUntilNone(() => findProcesses(scope));
}

async function killUntilNone(find: () => readonly ProcessEntry[]): Promise<number> {
  const deadlineMs = performance.now() + killLimitMs;
  const killed = new Set<number>();
  for (;;) {
    const left = find();
    if (left.length === 0) return killed.size;
    if (performance.now() > deadlineMs) {
      const list = left.map(({ pid, program, state }) => `${pid} (${program}, state ${state})`);
      throw new BridgeheadError(
        'LAB_FAILED',
        `cannot kill ${list.join(', ')}`,
        'State D waits for a device and ends when that answers; then run the same command again.',
      );
    }
    // Engines first, so that none starts a container anew that has just been killed.
    signalAll(left.filter(isPart), 'SIGKILL');
    signalAll(left, 'SIGKILL');
    for (const { pid } of left) killed.add(pid);
    await wait(pollMs);
  }
}

function isPart({ pid, session, mark }: ProcessEntry): boolean {
  return mark !== null && pid === session;
}
