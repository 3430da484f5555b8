// Which processes there are, as /proc shows them (proc(5)), and which of them are a lab's.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** Environment variable that each process of a lab carries: `ID/PART`, such as `1a2b3c4d/dockerd:host-1`. */
export const markVariable = 'BRIDGEHEAD_LAB';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** One letter; `T` is stopped, `D` waits for a device. */
  readonly state: string;
  /** File name of the program it runs. */
  readonly program: string;
  readonly mark: string | null;
  /** All lines of /proc/PID/cgroup. */
  readonly cgroups: string;
  /** Inode of its main thread's network namespace. */
  readonly netns: number;
}

/** Which of a lab's processes are meant: all, or those of one host. */
export interface ProcessScope {
  readonly labId: string;
  readonly host: string | null;
  /** Inodes of the network namespaces whose every process counts. */
  readonly netns: ReadonlySet<number>;
}

/** Name of the cgroup, below each hierarchy's root, that holds a host's containers. */
export function cgroupName(labId: string, host: string): string {
  return `bridgehead-${labId}-${host}`;
}

/**
 * The lab's processes among `table`: those that carry its mark, run in a cgroup of its containers
 * or in one of its namespaces, and whatever descends from them; never `self` or its ancestors, so
 * that a command typed inside a namespace of the lab does not end itself.
 */
export function processesOf(
  table: readonly ProcessEntry[],
  scope: ProcessScope,
  self: number,
): readonly ProcessEntry[] {
  const chosen = new Set(table.filter((entry) => isDirectlyOf(entry, scope)).map(({ pid }) => pid));
  // Parents may stand after their children, so once more until nothing is added.
  for (let before = -1; before !== chosen.size; ) {
    before = chosen.size;
    for (const { pid, parent } of table) if (chosen.has(parent)) chosen.add(pid);
  }
  const byPid = new Map(table.map((entry) => [entry.pid, entry]));
  for (let entry = byPid.get(self); entry !== undefined; entry = byPid.get(entry.parent)) {
    chosen.delete(entry.pid);
    if (entry.parent === entry.pid) break;
  }
  return table.filter(({ pid }) => chosen.has(pid));
}

function isDirectlyOf(entry: ProcessEntry, { labId, host, netns }: ProcessScope): boolean {
  if (netns.has(entry.netns)) return true;
  const prefix = `${labId}/`;
  if (entry.mark?.startsWith(prefix) === true && (host === null || entry.mark.endsWith(`:${host}`)))
    return true;
  const cgroup = `/${cgroupName(labId, host ?? '')}`;
  return entry.cgroups.split('\n').some((line) => {
    const at = line.indexOf(cgroup);
    if (at === -1) return false;
    const next = line[at + cgroup.length];
    return host === null || next === undefined || next === '/';
  });
}

/**
 * The process that is the part itself, not one that it started: it leads its session, as
 * everything the lab starts does, and runs the part's program.
 */
export function mainProcess(
  table: readonly ProcessEntry[],
  mark: string,
  program: string,
): ProcessEntry | null {
  return (
    table.find(
      (entry) => entry.mark === mark && entry.session === entry.pid && entry.program === program,
    ) ?? null
  );
}

/** Parent, session and state from the text of /proc/PID/stat; the name in it may hold anything. */
export function parseStat(text: string): Pick<ProcessEntry, 'parent' | 'session' | 'state'> | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, , session] = fields;
  if (state === undefined || parent === undefined || session === undefined) return null;
  return { state, parent: Number(parent), session: Number(session) };
}

/** Every live process; zombies are dead and left out. */
export function readProcessTable(): readonly ProcessEntry[] {
  return readdirSync('/proc').flatMap((name) => {
    const entry = /^\d+$/.test(name) ? readEntry(Number(name)) : null;
    return entry === null ? [] : [entry];
  });
}

function readEntry(pid: number): ProcessEntry | null {
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    if (stat === null || stat.state === 'Z' || stat.state === 'X') return null;
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const mark = variables.find((variable) => variable.startsWith(`${markVariable}=`));
    const [program = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return {
      pid,
      ...stat,
      program: basename(program),
      mark: mark === undefined ? null : mark.slice(markVariable.length + 1),
      cgroups: readFileSync(`/proc/${pid}/cgroup`, 'utf8'),
      netns: netnsOf(`/proc/${pid}`),
    };
  } catch {
    // It ended while we looked, or is a kernel thread without the files.
    return null;
  }
}

/** Inodes of the network namespaces that the process's threads are in; none once it has ended. */
export function threadNamespaces(pid: number): ReadonlySet<number> {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return new Set(threads.map((thread) => netnsOf(`/proc/${pid}/task/${thread}`)));
  } catch {
    return new Set();
  }
}

function netnsOf(folder: string): number {
  return Number(/\d+/.exec(readlinkSync(`${folder}/ns/net`))?.[0] ?? 0);
}
