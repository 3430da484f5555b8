import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { InstanceName } from '../domain/ids.ts';
import { rolloutDefaults } from '../domain/rollout.ts';
import {
  batchesOf,
  nextStep,
  notServingMaxMs,
  numbersLateMaxMs,
  type RolloutState,
  type Shown,
  type Tally,
} from './rollout-decision.ts';

const settings = { ...rolloutDefaults, watchS: 60, errorPercent: 1 };
const watchMs = settings.watchS * 1_000;

const calm: Tally = {
  ...{ requests: 1_000, failed: 2, sessions: 1_000, errors: 0 },
  ...{ servers: 4, serversUp: 4, untilMs: 0 },
};

function loaded(name: string, batch: number, since: Partial<Tally>, more: Partial<Shown> = {}) {
  const shown = { before: calm, since: { ...calm, ...since }, notServingMs: 0, ...more };
  return { name: name as InstanceName, batch, state: 'loaded', loadedMs: 0, shown } as const;
}

function waiting(name: string, batch: number) {
  return { name: name as InstanceName, batch, state: 'waiting' } as const;
}

function next(targets: RolloutState['targets'], nowMs: number, isPaused = false) {
  return nextStep({ settings, isPaused, targets }, nowMs);
}

test('the canaries come first, and are the least important', () => {
  const candidates = [0, 1, 2, 3, 3].map((tier, i) => ({ name: `i${i}` as InstanceName, tier }));
  const batches = batchesOf(candidates, { ...settings, canaries: 1, batchSize: 2 });
  assert.deepEqual(
    batches.map(({ one, batch }) => `${one.name} ${batch}`),
    ['i3 0', 'i4 1', 'i2 1', 'i1 2', 'i0 2'],
  );
});

test('the next batch waits until the one before was watched, and its numbers are there', () => {
  const after = waiting('b', 1);
  const wait = { kind: 'wait', why: 'watching' };
  assert.deepEqual(next([loaded('a', 0, { untilMs: watchMs }), after], watchMs - 1), wait);
  assert.deepEqual(next([loaded('a', 0, { untilMs: watchMs - 1 }), after], watchMs), wait);
  const change = { kind: 'change', batch: 1, names: ['b'] };
  assert.deepEqual(next([loaded('a', 0, { untilMs: watchMs }), after], watchMs), change);
  const late = next([loaded('a', 0, { untilMs: 0 }), after], watchMs + numbersLateMaxMs + 1);
  assert.match(late.kind === 'go-back' ? late.why : '', /numbers are not heard/);
});

test('what has no host is not watched, and what was left is not changed', () => {
  const unplaced = { ...loaded('a', 0, {}), shown: null };
  const left = { name: 'b' as InstanceName, batch: 0, state: 'left' } as const;
  assert.deepEqual(next([unplaced, left], 0), { kind: 'done' });
});

for (const [what, since, more, why] of [
  ['requests that fail', { failed: 40 }, {}, /40 of 1000 \(before 2 of 1000\) requests.*5xx/],
  ['every one of few requests', { requests: 9, failed: 9 }, {}, /9 of 9/],
  ['sessions that fail', { errors: 50 }, {}, /50 of 1000 .*sessions/],
  ['servers that go down', { serversUp: 3 }, {}, /3 of its 4 servers/],
  ['an instance that does not serve', {}, { notServingMs: notServingMaxMs + 1 }, /not served/],
] as const) {
  test(`${what} have all go back, also while it is paused`, () => {
    const targets = [loaded('a', 0, since, more), waiting('b', 1)];
    for (const isPaused of [true, false]) {
      const step = next(targets, 1, isPaused);
      assert.equal(step.kind, 'go-back');
      assert.match(step.kind === 'go-back' ? step.why : '', why);
    }
  });
}

test('chance, and what was so before, are no breach', () => {
  const quiet: readonly (readonly [Partial<Tally>, Partial<Shown>])[] = [
    [{ requests: 2, failed: 2 }, {}],
    [{ failed: 12 }, {}],
    [{ failed: 300 }, { before: { ...calm, failed: 300 } }],
    [{ servers: 2, serversUp: 1 }, { before: { ...calm, servers: 2, serversUp: 1 } }],
    [{ requests: 0, failed: 0, sessions: 0, servers: 0, serversUp: 0 }, {}],
    [{}, { before: { ...calm, untilMs: null, servers: 0, serversUp: 0 } }],
  ];
  for (const [since, more] of quiet) {
    assert.equal(next([loaded('a', 0, since, more)], 1).kind, 'wait', JSON.stringify(since));
  }
});

const tally = fc.record({
  requests: fc.nat(5_000),
  failed: fc.nat(100),
  sessions: fc.nat(5_000),
  errors: fc.nat(100),
  servers: fc.nat(5),
  serversUp: fc.nat(5),
  untilMs: fc.option(fc.nat(200_000)),
});
const anyTarget = fc.oneof(
  fc.record({ state: fc.constantFrom('waiting' as const, 'loading' as const, 'left' as const) }),
  fc.record({ state: fc.constant('failed' as const), why: fc.string() }),
  fc.record({
    state: fc.constant('loaded' as const),
    loadedMs: fc.nat(100_000),
    shown: fc.option(fc.record({ before: tally, since: tally, notServingMs: fc.nat(20_000) })),
  }),
);
const anyTargets = fc
  .array(fc.tuple(anyTarget, fc.nat(3)), { minLength: 1, maxLength: 8 })
  .map((list) =>
    list.map(([state, batch], i) => ({ ...state, batch, name: `i${i}` as InstanceName })),
  );

test('whatever is seen: nothing is changed while anything is under way, failed or paused', () => {
  fc.assert(
    fc.property(anyTargets, fc.boolean(), fc.nat(300_000), (targets, isPaused, nowMs) => {
      const step = next(targets, nowMs, isPaused);
      if (targets.some(({ state }) => state === 'failed')) assert.equal(step.kind, 'go-back');
      if (step.kind === 'done') assert.ok(!targets.some(({ state }) => state === 'waiting'));
      if (step.kind !== 'change') return;
      assert.equal(isPaused, false);
      assert.ok(!targets.some(({ state }) => state === 'loading' || state === 'failed'));
      const left = targets.filter(({ state }) => state === 'waiting');
      assert.ok(left.every(({ batch }) => batch >= step.batch));
      assert.deepEqual(
        step.names,
        left.flatMap(({ name, batch }) => (batch === step.batch ? name : [])),
      );
      const first = next(targets.toReversed(), nowMs, isPaused);
      assert.equal(first.kind, 'change');
    }),
  );
});

test('whatever the sizes: with nothing amiss each is changed once, batch by batch, to the end', () => {
  const sizes = fc.record({
    canaries: fc.integer({ min: 1, max: 4 }),
    batchSize: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 15 }), (wanted, count) => {
      const all = { ...settings, ...wanted };
      const names = Array.from({ length: count }, (_, i) => ({
        name: `i${i}` as InstanceName,
        tier: i % 4,
      }));
      let targets: RolloutState['targets'] = batchesOf(names, all).map(({ one, batch }) =>
        waiting(one.name, batch),
      );
      const sizesSeen: number[] = [];
      for (let nowMs = 0; ; nowMs += watchMs) {
        const step = nextStep({ settings: all, isPaused: false, targets }, nowMs);
        if (step.kind === 'done') break;
        assert.equal(step.kind, 'change');
        if (step.kind !== 'change') return;
        sizesSeen.push(step.names.length);
        const begun = new Set(step.names);
        targets = targets.map((one) =>
          begun.has(one.name)
            ? { ...loaded(one.name, one.batch, { untilMs: nowMs + watchMs }), loadedMs: nowMs }
            : one,
        );
      }
      assert.equal(
        sizesSeen.reduce((sum, size) => sum + size, 0),
        count,
      );
      assert.equal(sizesSeen[0], Math.min(count, all.canaries));
      assert.ok(sizesSeen.slice(1).every((size) => size <= all.batchSize));
    }),
  );
});
