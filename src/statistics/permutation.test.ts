import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oddsRatio } from './odds-ratio.ts';
import { type GroupedBoot, permuteHosts } from './permutation.ts';

function near(actual: number | null | undefined, expected: number, digits = 6): void {
  const isNear = Math.abs((actual ?? Number.NaN) - expected) <= Math.abs(expected) * 10 ** -digits;
  assert.ok(isNear, `${actual} is not ${expected}`);
}

function random(): () => number {
  let seed = 42;
  return () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
}

function boot(host: string, group: string, untilDays: number, crashed: boolean): GroupedBoot {
  return { host, group, boot: { fromDays: 0, untilDays, crashed } };
}

test("odds ratios of R's manual: Fisher's twins, his tea, and a table without overlap", () => {
  // help(fisher.test): criminal convictions of like-sex twins (Fisher 1962).
  const twins = oddsRatio({ withHit: 2, withOut: 15, othersHit: 10, othersOut: 3 });
  near(twins.ratio, 0.046_936_61);
  // R looks for the ends with a tolerance of 1.2e-4, so that small ones are right to 1 % there.
  near(twins.low, 0.003_325_764, 2);
  near(twins.high, 0.363_182_271, 3);
  const tea = oddsRatio({ withHit: 3, withOut: 1, othersHit: 1, othersOut: 3 });
  near(tea.ratio, 6.408_309, 5);
  near(tea.low, 0.211_732_9, 3);
  near(tea.high, 621.933_750_5, 1);
  const apart = oddsRatio({ withHit: 3, withOut: 0, othersHit: 0, othersOut: 5 });
  assert.deepEqual([apart.ratio, apart.high], [null, null]);
  assert.ok(apart.low > 1);
  assert.deepEqual(oddsRatio({ withHit: 0, withOut: 5, othersHit: 3, othersOut: 0 }).ratio, 0);
});

test('three hosts that crash and three that do not: all twenty ways are tried', () => {
  const boots = [
    ...[boot('a', 'old', 1, true), boot('b', 'old', 2, true), boot('c', 'old', 3, true)],
    ...['d', 'e', 'f'].map((host) => boot(host, 'new', 9, false)),
  ];
  // Nothing but this way and the one with its groups exchanged is as extreme.
  assert.deepEqual(permuteHosts(boots, random()), { p: 0.1, rounds: 20, isExact: true });
});

test('one host that crashes all the time proves nothing of its kernel', () => {
  const boots = [
    ...Array.from({ length: 20 }, (_, index) => boot('a', 'old', 2 + index / 100, true)),
    boot('b', 'old', 50, false),
    ...['c', 'd'].flatMap((host) => Array.from({ length: 9 }, () => boot(host, 'new', 50, false))),
  ];
  const { p = 0, rounds } = permuteHosts(boots, random()) ?? {};
  assert.equal(rounds, 6);
  assert.ok(p >= 1 / 3, String(p));
});

test('by chance as far as by all ways: the leukaemia trial, each patient a host', () => {
  const treated = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32];
  const placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];
  const of = (group: string, weeks: readonly number[]) =>
    weeks.map((week, index) => boot(`${group}-${index}`, group, Math.abs(week), week > 0));
  const boots = [...of('treated', [...treated, -34, -35]), ...of('placebo', placebo)];
  const result = permuteHosts(boots, random());
  // The log-rank test has 4.2e-5 (see the survival tests): less than one of ten thousand ways.
  assert.deepEqual([result?.rounds, result?.isExact], [10_000, false]);
  assert.ok((result?.p ?? 1) <= 0.001, String(result?.p));
  const none = permuteHosts(
    boots.map((one, index) => ({ ...one, group: index % 2 ? 'x' : 'y' })),
    random(),
  );
  assert.ok((none?.p ?? 0) > 0.05, String(none?.p));
});

test('a host that changed its group cannot be dealt out', () => {
  const boots = [boot('a', 'old', 3, true), boot('a', 'new', 9, false), boot('b', 'new', 9, false)];
  assert.equal(permuteHosts(boots, random()), null);
  assert.equal(permuteHosts(boots.slice(1), random()), null);
  assert.equal(permuteHosts([], random()), null);
});
