import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import {
  mainProcess,
  type ProcessEntry,
  parseStat,
  processesOf,
  readProcessTable,
} from './process-table.ts';

const id = '1a2b3c4d';

function entry(pid: number, rest: Partial<ProcessEntry> = {}): ProcessEntry {
  return {
    ...{ pid, parent: 1, session: pid, state: 'S', program: 'x', mark: null },
    ...{ cgroups: '0::/', netns: 1 },
    ...rest,
  };
}

function pidsOf(table: readonly ProcessEntry[], host: string | null, netns: number[] = []) {
  const scope = { labId: id, host, netns: new Set(netns) };
  return processesOf(table, scope, 1_000_000).map(({ pid }) => pid);
}

test('the mark, the cgroup, the namespace and the parent each make a process the lab’s', () => {
  const table = [
    entry(10, { mark: `${id}/dockerd:host-1` }),
    entry(11, { cgroups: `5:memory:/bridgehead-${id}-host-1/abc\n0::/` }),
    entry(12, { netns: 77 }),
    entry(14, { parent: 13 }),
    entry(13, { parent: 10 }),
    entry(20),
  ];
  assert.deepEqual(pidsOf(table, null, [77]), [10, 11, 12, 14, 13]);
});

test("another lab's processes are never chosen, nor those of the machine", () => {
  const table = [
    entry(10, { mark: 'ffffffff/dockerd:host-1' }),
    entry(11, { cgroups: '0::/bridgehead-ffffffff-host-1/abc' }),
    entry(12, { mark: `${id}0/scheduler` }),
    entry(13, { cgroups: '0::/system.slice/docker.service' }),
    entry(14),
  ];
  assert.deepEqual(pidsOf(table, null), []);
});

test('host-1 is not host-10, by mark or by cgroup', () => {
  const table = [
    entry(10, { mark: `${id}/agent:host-1` }),
    entry(11, { mark: `${id}/agent:host-10` }),
    entry(12, { cgroups: `0::/bridgehead-${id}-host-1/a` }),
    entry(13, { cgroups: `0::/bridgehead-${id}-host-10/a` }),
    entry(14, { mark: `${id}/scheduler` }),
  ];
  assert.deepEqual(pidsOf(table, 'host-1'), [10, 12]);
  assert.deepEqual(pidsOf(table, 'host-10'), [11, 13]);
  assert.deepEqual(pidsOf(table, null), [10, 11, 12, 13, 14]);
});

test('a command typed inside a namespace of the lab does not end itself or its shell', () => {
  const table = [
    entry(1, { parent: 0 }),
    entry(50, { netns: 77 }),
    entry(51, { netns: 77, parent: 50 }),
    entry(52, { netns: 77, parent: 50 }),
  ];
  const scope = { labId: id, host: null, netns: new Set([77]) };
  assert.deepEqual(
    processesOf(table, scope, 51).map(({ pid }) => pid),
    [52],
  );
});

test('the main process leads its session and runs the program', () => {
  const mark = `${id}/scheduler`;
  const table = [
    entry(10, { mark, session: 9, program: 'node' }),
    entry(11, { mark, program: 'postgres' }),
    entry(12, { mark, program: 'node' }),
  ];
  assert.equal(mainProcess(table, mark, 'node')?.pid, 12);
  assert.equal(mainProcess(table, mark, 'postgres')?.pid, 11);
  assert.equal(mainProcess(table, `${id}/backend`, 'node'), null);
});

test('stat is read behind a name that looks like its fields', () => {
  assert.deepEqual(parseStat('7 (a) S 9 (b)) T 1 7 6 0 -1'), { state: 'T', parent: 1, session: 6 });
  assert.equal(parseStat(''), null);
});

test('a real process is found by the mark in its environment', async () => {
  const mark = `${id}/unit-${process.pid}`;
  const child = spawn('sleep', ['60'], { env: { BRIDGEHEAD_LAB: mark }, detached: true });
  try {
    await new Promise((started) => child.once('spawn', started));
    let found: ProcessEntry | null = null;
    // Between its fork and its exec the child is still us.
    for (let tries = 0; tries < 500 && found === null; tries += 1) {
      found = mainProcess(readProcessTable(), mark, 'sleep');
    }
    assert.equal(found?.pid, child.pid);
  } finally {
    child.kill('SIGKILL');
  }
});
