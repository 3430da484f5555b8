import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../domain/clock.ts';
import { Reconciler } from './reconciler.ts';

/** A clock whose ticks are called by hand. */
function ticking() {
  const ticks: (() => void)[] = [];
  const clock: Clock = {
    ...{ wallMs: () => 0, monotonicMs: () => 0, sleep: async () => undefined },
    every: (_, task) => {
      ticks.push(task);
      return () => undefined;
    },
  };
  return { clock, tick: () => ticks.forEach((one) => one()) };
}

/** Work of which each pass ends when it is told to. */
function passes() {
  const begun: PromiseWithResolvers<void>[] = [];
  const work = async () => {
    const gate = Promise.withResolvers<void>();
    begun.push(gate);
    await gate.promise;
    return 'done';
  };
  return { begun, work };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a caller waits for the pass that began after its call, and for no other', async () => {
  const { clock, tick } = ticking();
  const { begun, work } = passes();
  const reconciler = new Reconciler('work', 1_000, clock, work);
  const ended: string[] = [];
  void reconciler.run().then(() => ended.push('first'));
  await turn();
  void reconciler.run().then(() => ended.push('second'));
  void reconciler.run().then(() => ended.push('third'));
  begun[0]?.resolve();
  await turn();
  assert.deepEqual(ended, ['first']);
  // Ticks come faster than the work ends: they must not put off those who wait.
  tick();
  void reconciler.run().then(() => ended.push('fourth'));
  begun[1]?.resolve();
  await turn();
  assert.deepEqual(ended, ['first', 'second', 'third']);
  begun[2]?.resolve();
  await turn();
  assert.deepEqual(ended, ['first', 'second', 'third', 'fourth']);
  assert.equal(begun.length, 3);
});

test('a tick in the middle of a pass asks for no other', async () => {
  const { clock, tick } = ticking();
  const { begun, work } = passes();
  void new Reconciler('work', 1_000, clock, work).run();
  await turn();
  tick();
  begun[0]?.resolve();
  await turn();
  assert.equal(begun.length, 1);
});
