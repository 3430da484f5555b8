import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readMounts } from './mounts.ts';
import { cgroupName } from './process-table.ts';

const triesMax = 40;
const pauseMs = 25;

/**
 * Removes the cgroups of a host's containers, or of all the lab's hosts when `host` is null, in
 * every hierarchy, version 1 or 2. Their processes have to be dead: the kernel removes none that
 * holds a process.
 *
 * @returns how many were removed, those inside them not counted
 */
export async function removeCgroups(labId: string, host: string | null): Promise<number> {
  let count = 0;
  const mounts = await readMounts();
  const roots = mounts.filter(({ type }) => type === 'cgroup' || type === 'cgroup2');
  for (const { path } of roots) {
    for (const name of await foldersIn(path)) {
      const isOurs =
        host === null ? name.startsWith(cgroupName(labId, '')) : name === cgroupName(labId, host);
      if (!isOurs) continue;
      await removeTree(join(path, name));
      count += 1;
    }
  }
  return count;
}

async function removeTree(path: string): Promise<void> {
  for (const name of await foldersIn(path)) await removeTree(join(path, name));
  // A process that just died holds its cgroup until it is reaped.
  for (let left = triesMax; ; left -= 1) {
    try {
      await rmdir(path);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || left === 0) throw error;
      await wait(pauseMs);
    }
  }
}

async function foldersIn(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
