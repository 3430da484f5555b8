import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../system/clock.ts';
import { afterLook, type LapseMemory, Lapses, type LeaseReading } from './lapses.ts';

const nothing: LapseMemory = { looked: null, lapse: null };

/** Looks one after another. @returns the lapse that is over, after each of them */
function looks(...all: readonly (readonly [atMs: number, frames: number, isHeld: boolean])[]) {
  let memory = nothing;
  return all.map(([atMs, stoppedFrames, isHeld]) => {
    const { back, ...after } = afterLook(memory, { stoppedFrames, isHeld }, atMs);
    memory = after;
    return back;
  });
}

test('a lapse is over when the grants are back, and stays so until no check of its time can fail', () => {
  const lapse = { sinceMs: 1_000, lastMs: 3_000 };
  assert.deepEqual(
    looks(
      [0, 7, true],
      [1_000, 7, true],
      [2_000, 9, false],
      [2_500, 9, false],
      [3_000, 9, false],
      [3_250, 9, true],
      [5_990, 9, true],
      [6_010, 9, true],
      [7_000, 9, true],
    ),
    [null, null, null, null, null, lapse, lapse, lapse, null],
  );
});

test('one between two looks is told by the frames alone, and one that comes again begins anew', () => {
  assert.deepEqual(looks([0, 0, true], [9_000, 4, true]).at(-1), { sinceMs: 0, lastMs: 9_000 });
  const again = looks(
    ...([
      [0, 0, true],
      [1_000, 1, true],
      [2_000, 1, true],
    ] as const),
    ...([
      [3_000, 5, false],
      [4_000, 6, true],
      [5_000, 6, true],
    ] as const),
  );
  assert.deepEqual(again.slice(1), [
    { sinceMs: 0, lastMs: 1_000 },
    { sinceMs: 0, lastMs: 1_000 },
    null,
    { sinceMs: 2_000, lastMs: 4_000 },
    { sinceMs: 2_000, lastMs: 4_000 },
  ]);
});

test('what was stopped before the first look, or while nothing was sent, is no lapse', () => {
  assert.deepEqual(looks([0, 400, false], [1_000, 400, true]), [null, null]);
  assert.deepEqual(looks([0, 0, true], [1_000, 0, false], [2_000, 0, true]).at(-1), null);
});

test('servers that failed since are marked up in each look, and it is told once', async () => {
  const clock = { atMs: 0, monotonicMs: (): number => clock.atMs };
  const marked: number[] = [];
  const told: string[] = [];
  let reading: LeaseReading | null = null;
  const lapses = new Lapses({
    clock: { ...systemClock, monotonicMs: clock.monotonicMs },
    read: async () => reading ?? Promise.reject(new Error('nft is away')),
    markUp: async (withinMs) => {
      marked.push(withinMs);
    },
    tell: (kind, object, message) => told.push(`${kind} ${object} ${message}`),
  });
  const at = async (atMs: number, now: LeaseReading | null) => {
    [clock.atMs, reading] = [atMs, now];
    await lapses.look();
  };
  await at(0, { stoppedFrames: 0, isHeld: true });
  await at(1_000, null);
  await at(2_000, { stoppedFrames: 3, isHeld: false });
  await at(4_000, { stoppedFrames: 3, isHeld: true });
  await at(4_500, { stoppedFrames: 3, isHeld: true });
  assert.deepEqual([marked, told], [[4_000, 4_500], []]);
  await at(5_000, { stoppedFrames: 3, isHeld: true });
  await at(6_000, { stoppedFrames: 3, isHeld: true });
  assert.deepEqual(marked, [4_000, 4_500, 5_000]);
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /^host\.lapsed host this host .* for 2\.0 s at most, /);
});
