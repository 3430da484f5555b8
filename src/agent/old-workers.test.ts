import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import type { InstanceId } from '../domain/ids.ts';
import { OldWorkers } from './old-workers.ts';

const id = '11111111-1111-4111-8111-111111111111' as InstanceId;
const desired = { id, config: 'global\n hard-stop-after 60s\n' } as DesiredInstance;

function scene() {
  let nowMs = 0;
  let pids: readonly number[] = [];
  let asked = 0;
  const told: string[] = [];
  const clock = {
    monotonicMs: () => nowMs,
    wallMs: () => 1_000_000 + nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  } as Clock;
  const workers = async () => {
    asked += 1;
    const rows = pids.map((pid) => `${pid} worker 1 0d00h00m01s 2.6\n`);
    return `1 master 1 [failed: 0] 0d 2.6\n# old workers\n${rows.join('')}# programs\n`;
  };
  const old = new OldWorkers({ workers }, clock, (message) => told.push(message));
  return {
    ...{ old, told, asked: () => asked },
    at: (ms: number, ...now: readonly number[]) => {
      nowMs = ms;
      pids = now;
    },
    now: () => nowMs,
  };
}

test('how many there are and since when; and nobody asks once there are none', async () => {
  const { old, at, asked } = scene();
  at(1_000, 8);
  await old.look(desired);
  at(2_000, 8, 9);
  await old.look(desired);
  assert.deepEqual(old.observed, { count: 2, sinceMs: 1_001_000 });
  at(3_000, 9);
  await old.look(desired);
  assert.deepEqual(old.observed, { count: 1, sinceMs: 1_002_000 });
  at(4_000);
  await old.look(desired);
  assert.deepEqual(old.observed, undefined);
  const before = asked();
  await old.look(desired);
  assert.equal(asked(), before);
  await old.makeRoom(id);
  at(5_000, 10);
  await old.look(desired);
  assert.deepEqual(old.observed, { count: 1, sinceMs: 1_005_000 });
});

test('one that outlives its time is told of once', async () => {
  const { old, at, told } = scene();
  at(0, 8);
  await old.look(desired);
  at(89_000, 8);
  await old.look(desired);
  assert.deepEqual(told, []);
  at(90_000, 8, 9);
  await old.look(desired);
  await old.look(desired);
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /process 8 .* 90 s after a reload.*says 60 s/);
});

test('a load waits while there are too many, and not for ever', async () => {
  const { old, at, now } = scene();
  at(0, 1, 2, 3, 4, 5, 6, 7);
  await old.makeRoom(id);
  assert.equal(now(), 0);
  at(0, 1, 2, 3, 4, 5, 6, 7, 8);
  await old.makeRoom(id);
  assert.equal(now(), 10_000);
});
