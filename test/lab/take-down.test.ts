// Whatever state a lab is in, taking it down leaves nothing of it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { labPaths } from '../../src/lab/paths.ts';
import { systemClock } from '../../src/system/clock.ts';
import { commandOutput } from '../../src/system/command.ts';
import { bridgehead, LabUnderTest } from './lab-under-test.ts';

const launcher = resolve(import.meta.dirname, '../../bridgehead');

/** Everything on the machine that bears the lab's name or folder. */
async function remains(name: string): Promise<readonly string[]> {
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

/** Starts `lab up` and kills it without warning once its journal has come so far. */
async function killedUp(lab: LabUnderTest, isFarEnough: () => boolean): Promise<void> {
  const args = ['lab', 'up', '--name', lab.name, '--port', String(lab.port)];
  const child = spawn(launcher, args, { stdio: 'ignore' });
  const ended = new Promise((done) => child.once('close', done));
  for (let tries = 0; !isFarEnough() && child.exitCode === null && tries < 3_000; tries += 1) {
    await systemClock.sleep(10);
  }
  child.kill('SIGKILL');
  await ended;
}

test('an up that is killed at any moment leaves nothing after down, and up can go on', async () => {
  await using lab = await LabUnderTest.named('k', 7185);
  const paths = labPaths(lab.name);
  const moments: readonly (readonly [string, () => boolean])[] = [
    ['journal begun', () => existsSync(paths.journal)],
    ['a Docker Engine is there', () => existsSync(paths.host('host-2').dockerSocket)],
    ['the scheduler is there', () => existsSync(paths.adminToken)],
    ['an agent has joined', () => existsSync(join(paths.host('host-1').agent, 'identity.json'))],
  ];
  for (const [moment, isFarEnough] of moments) {
    await killedUp(lab, isFarEnough);
    assert.notDeepEqual(await remains(lab.name), [], `${moment}: nothing had been made yet`);
    const down = await bridgehead(['lab', 'down', '--name', lab.name]);
    assert.equal(down.code, 0, `${moment}: ${down.stderr}`);
    assert.deepEqual(await remains(lab.name), [], moment);
  }
  await killedUp(lab, () => existsSync(paths.adminToken));
  const up = await lab.bringUp();
  assert.equal(up.code, 0, up.stderr);
  await lab.allServing();
});

test('a down with nothing there says so and is no failure', async () => {
  const down = await bridgehead(['lab', 'down', '--name', 'nothere']);
  assert.equal(down.code, 0, down.stderr);
});

test('a lab with a crashed, a hung and a partitioned host goes without remains', async () => {
  const lab = await LabUnderTest.up('b', 7186);
  await lab.lab('crash', 'host-1');
  await lab.lab('hang', 'host-2');
  await lab.lab('partition', 'host-3');
  await lab[Symbol.asyncDispose]();
  assert.deepEqual(await remains(lab.name), []);
});
