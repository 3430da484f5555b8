// Held against R 4.2.2 (survival 3.5) on the same numbers, and against examples that were published.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fisherTest, holm } from './fisher.ts';
import { chiSquareTail, logGamma } from './gamma.ts';
import { isShown, soak } from './soak.ts';
import { type Boot, kaplanMeier, logRank } from './survival.ts';

function near(actual: number, expected: number, digits = 9): void {
  const isNear = Math.abs(actual - expected) <= Math.abs(expected) * 10 ** -digits;
  assert.ok(isNear, `${actual} is not ${expected}`);
}

/** Remission in weeks of 42 patients (Freireich and others 1963); a minus sign: still in remission. */
const treated = [
  6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35,
];
const placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];

function boots(weeks: readonly number[]): Boot[] {
  return weeks.map((week) => ({ fromDays: 0, untilDays: Math.abs(week), crashed: week > 0 }));
}

test('the distributions are those of R', () => {
  near(logGamma(0.5), 0.572_364_942_924_700_1, 13);
  near(logGamma(3.7), 1.428_072_326_665_388, 13);
  near(logGamma(150.25), 601.261_504_032_499_7, 13);
  near(chiSquareTail(0.1, 1), 0.751_829_634_045_849_35, 12);
  near(chiSquareTail(3.84, 1), 0.050_043_521_248_705_22, 12);
  near(chiSquareTail(16.79, 3), 0.000_780_614_586_024_66, 12);
});

test('Kaplan-Meier and log-rank of the leukaemia trial', () => {
  const steps = kaplanMeier(boots(treated));
  assert.deepEqual(
    steps.map(({ days, atRisk, crashes }) => [days, atRisk, crashes]),
    [
      [6, 21, 3],
      [7, 17, 1],
      [10, 15, 1],
      [13, 12, 1],
      [16, 11, 1],
      [22, 7, 1],
      [23, 6, 1],
    ],
  );
  const last = steps.at(-1);
  near(last?.share ?? 0, 0.448_179_27, 7);
  near(last?.low ?? 0, 0.188_052_01, 7);
  near(last?.high ?? 0, 0.680_142_63, 7);
  const groups = new Map([
    ['treated', boots(treated)],
    ['placebo', boots(placebo)],
  ]);
  const { chiSquare, p, groups: tallies } = logRank(groups);
  near(chiSquare, 16.792_940_989_2);
  near(p ?? 0, 4.168_809_109_34e-5);
  near(tallies[0]?.expected ?? 0, 19.250_500_948);
});

test('boots that were not watched from their start are at risk from then on only', () => {
  const late: [number, number, boolean][] = [
    [0, 60, true],
    [0, 30, true],
    [30, 75, true],
    [10, 70, false],
    [0, 7, true],
    [50, 90, true],
    [5, 60, false],
    [0, 100, false],
    [20, 45, true],
    [0, 30, false],
  ];
  const steps = kaplanMeier(
    late.map(([fromDays, untilDays, crashed]) => ({ fromDays, untilDays, crashed })),
  );
  assert.deepEqual(
    steps.map(({ days, atRisk }) => [days, atRisk]),
    [
      [7, 6],
      [30, 7],
      [45, 6],
      [60, 6],
      [75, 3],
      [90, 2],
    ],
  );
  near(steps.at(-1)?.share ?? 0, 0.165_343_915_3);
  near(steps.at(-1)?.low ?? 0, 0.008_745_102_172);
  near(steps.at(-1)?.high ?? 0, 0.504_875_231_6);
});

test('three groups, and a group that nothing can be said of', () => {
  const times = [
    9, 13, -13, 18, 23, -28, 31, 34, -45, 48, -161, 5, 5, 8, 8, 12, -16, 23, 27, 30, 33, 43, 45,
  ];
  const of = (rest: number) => boots(times.filter((_, index) => index % 3 === rest));
  const groups = new Map([
    ['a', of(0)],
    ['b', of(1)],
    ['c', of(2)],
  ]);
  const { chiSquare, p } = logRank(groups);
  near(chiSquare, 0.856_465_545_236);
  near(p ?? 0, 0.651_659_708_606);
  assert.equal(
    logRank(
      new Map([
        ['a', of(0)],
        ['b', []],
      ]),
    ).p,
    null,
  );
  assert.deepEqual(kaplanMeier([]), []);
});

test("Fisher's tea tasting, and two of R's", () => {
  const table = (withHit: number, othersHit: number, withOut: number, othersOut: number) =>
    fisherTest({ withHit, withOut, othersHit, othersOut });
  near(table(3, 1, 1, 3), 0.485_714_285_714, 11);
  near(table(7, 2, 13, 178), 1.081_879_192_65e-6);
  near(table(10, 15, 2, 30), 0.002_820_551_016_97);
  near(table(0, 0, 5, 9), 1);
});

test("Holm's correction keeps the order given", () => {
  const adjusted = holm([0.01, 0.04, 0.03, 0.005]).map((p) => Number(p.toFixed(6)));
  assert.deepEqual(adjusted, [0.03, 0.06, 0.06, 0.02]);
});

test('quiet after a change is as likely as R says', () => {
  const none = soak({ crashes: 3, hostDays: 97 }, { crashes: 0, hostDays: 120 }, 0.95);
  near(none.ifUnchanged, 0.089_317_385_364_9);
  const some = soak({ crashes: 11, hostDays: 160 }, { crashes: 2, hostDays: 100 }, 0.95);
  near(some.ifUnchanged, 0.071_867_557_888_9);
});

test('ten clean hours after a failure an hour say little of a rate that fell tenfold', () => {
  // McKenney, "Why ten hours?": with the old rate known, 4.5e-5 and 37 %.
  const known = { crashes: 1e5, hostDays: 1e5 };
  const { ifUnchanged, ifTenfoldLess } = soak(known, { crashes: 0, hostDays: 10 }, 0.95);
  near(ifUnchanged, Math.exp(-10), 2);
  near(ifTenfoldLess, Math.exp(-1), 3);
});

test('the days needed are those of the exact test at half the error, and more after each crash', () => {
  const before = { crashes: 3, hostDays: 97 };
  const needed = [0, 1, 2].map(
    (crashes) => soak(before, { crashes, hostDays: 1 }, 0.95).neededHostDays ?? 0,
  );
  near(needed[0] ?? 0, 97 * (0.025 ** (-1 / 3) - 1));
  assert.ok((needed[1] ?? 0) > (needed[0] ?? 0) * 2 && (needed[2] ?? 0) > (needed[1] ?? 0));
  const at = (hostDays: number) => soak(before, { crashes: 0, hostDays }, 0.95).isShown;
  assert.deepEqual([at((needed[0] ?? 0) - 1e-6), at((needed[0] ?? 0) + 1e-6)], [false, true]);
  assert.match(
    soak({ crashes: 0, hostDays: 9 }, before, 0.95).lack ?? '',
    /no crash was seen before/,
  );
});

test('looked at after every day, a change that is none is called one in less than 5 of 100', () => {
  let seed = 42;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return (seed + 0.5) / 2 ** 31;
  };
  const gap = () => -Math.log(random()) * 20;
  const runs = 2_000;
  let mistakes = 0;
  for (let run = 0; run < runs; run += 1) {
    let crashes = 0;
    for (let at = gap(); at < 100; at += gap()) crashes += 1;
    if (crashes === 0) continue;
    const before = { crashes, hostDays: 100 };
    let seen = 0;
    // Between two crashes more days only help: it is looked at just before each.
    for (let at = gap(); at < 1_000; at += gap()) {
      if (isShown(before, { crashes: seen, hostDays: at }, 0.95)) {
        mistakes += 1;
        break;
      }
      seen += 1;
    }
  }
  assert.ok(mistakes > runs * 0.005, `${mistakes}: it claims something now and then`);
  assert.ok(mistakes < runs * 0.05, `${mistakes} of ${runs}`);
});
