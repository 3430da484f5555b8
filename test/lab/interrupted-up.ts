// A `lab up` that is cut off, and what a lab leaves on the machine.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { labPaths } from '../../src/lab/paths.ts';
import { systemClock } from '../../src/system/clock.ts';
import { commandOutput } from '../../src/system/command.ts';
import type { LabUnderTest } from './lab-under-test.ts';

const launcher = resolve(import.meta.dirname, '../../bridgehead');

/** Everything on the machine that bears the lab's name or folder. */
export async function remains(name: string): Promise<readonly string[]> {
  const { folder } = labPaths(name);
  const namespaces = (await commandOutput(['ip', 'netns', 'list']))
    .split('\n')
    .filter((line) => line.startsWith(`bh-${name}-`));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`${folder}/`));
  const processes = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => readOrEmpty(`/proc/${pid}/cmdline`).includes(`${folder}/`));
  return [...namespaces, ...mounts, ...processes, ...(existsSync(folder) ? [folder] : [])];
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Starts `lab up` and kills it without warning once it has come so far. */
export async function killedUp(
  lab: LabUnderTest,
  isFarEnough: () => boolean,
  ...more: readonly string[]
): Promise<void> {
  const args = ['lab', 'up', '--name', lab.name, '--port', String(lab.port), ...more];
  const child = spawn(launcher, args, { stdio: 'ignore' });
  const ended = new Promise((done) => child.once('close', done));
  for (let tries = 0; !isFarEnough() && child.exitCode === null && tries < 3_000; tries += 1) {
    await systemClock.sleep(10);
  }
  child.kill('SIGKILL');
  await ended;
}
