import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchedTest } from './matched.ts';
import { type LogWindow, precursorsOf } from './precursors.ts';

function near(actual: number, expected: number, allowed: number): void {
  assert.ok(Math.abs(actual - expected) <= allowed, `${actual} is not ${expected}`);
}

test("the rabbits of Agresti's Categorical Data Analysis (1990, table 7.5), as R's manual has them", () => {
  // Cured and died, of those whose penicillin was given at once and an hour and a half later, by dose.
  const doses = [
    [0, 6, 0, 5],
    [3, 3, 0, 6],
    [6, 0, 2, 4],
    [5, 1, 6, 0],
    [2, 0, 5, 0],
  ] as const;
  const strata = doses.map(([cured, died, lateCured, lateDied]) => ({
    ...{ cases: cured + died, casesWith: cured },
    ...{ controls: lateCured + lateDied, controlsWith: lateCured },
  }));
  // help(mantelhaen.test): exact, one-sided p = 0.020; two-sided 0.040, which is twice that.
  near(matchedTest(strata).p, 0.02, 0.0005);
});

test('with one control each it is the exact test of McNemar', () => {
  // Cancer of the endometrium and oestrogens (Mack 1976; Breslow and Day 1980, section 5.2): of 63
  // pairs, in 29 only the case took them, in 3 only the control; 27 both, 4 neither.
  const pair = (casesWith: number, controlsWith: number) => ({
    ...{ cases: 1, controls: 1, casesWith, controlsWith },
  });
  const strata = [
    ...Array.from({ length: 29 }, () => pair(1, 0)),
    ...Array.from({ length: 3 }, () => pair(0, 1)),
    ...Array.from({ length: 27 }, () => pair(1, 1)),
    ...Array.from({ length: 4 }, () => pair(0, 0)),
  ];
  // P(at least 29 of 32 heads) = (C(32,3) + C(32,2) + 32 + 1) / 2^32
  near(matchedTest(strata).p, (4_960 + 496 + 32 + 1) / 2 ** 32, 1e-15);
  near(matchedTest(strata).expected, 27 + 16, 1e-9);
});

test('what the numbers could have shown at best is said, and nothing says nothing', () => {
  const { p, least } = matchedTest([{ cases: 1, casesWith: 1, controls: 4, controlsWith: 0 }]);
  near(p, 0.2, 1e-12);
  near(least, 0.2, 1e-12);
  assert.deepEqual(matchedTest([]), { p: 1, expected: 0, least: 1 });
  near(matchedTest([{ cases: 2, casesWith: 0, controls: 3, controlsWith: 3 }]).p, 1, 1e-12);
});

const [noise, sign, rare, twin] = [0, 1, 2, 3];

function windowsOf(strata: number, controls: number): LogWindow[] {
  return Array.from({ length: strata }, (_, stratum) => {
    const crashed = new Map([
      [noise, 10],
      [sign, 2],
      [twin, 1],
    ]);
    if (stratum === 0) crashed.set(rare, 1);
    const healthy = Array.from({ length: controls }, () => ({
      ...{ stratum, isBeforeCrash: false, counts: new Map([[noise, 12]]) },
    }));
    return [{ stratum, isBeforeCrash: true, counts: crashed }, ...healthy];
  }).flat();
}

test('what healthy hosts print as often is noise, and what only dying ones print is not', () => {
  const { found, questions, least } = precursorsOf(windowsOf(3, 9));
  assert.equal(questions, 3);
  near(least, 3 * 0.001, 1e-12);
  assert.deepEqual(
    found.map(({ template, verdict }) => [template, verdict]),
    [
      [sign, 'before-crashes'],
      [twin, 'before-crashes'],
      [rare, 'undecided'],
      [noise, 'noise'],
    ],
  );
  const [first] = found;
  assert.deepEqual(
    [first?.crashed, first?.crashedAll, first?.healthy, first?.healthyAll],
    [3, 3, 0, 27],
  );
  assert.equal(first?.lift, null);
  near(first?.p ?? 0, 0.001, 1e-12);
  near(first?.adjusted ?? 0, 0.003, 1e-12);
  const last = found.at(-1);
  assert.deepEqual([last?.lift, last?.linesCrashed, last?.linesHealthy, last?.p], [1, 10, 12, 1]);
});

test('a line of a bad day is no sign: only hosts of the same time are compared', () => {
  // On the day of the crash all printed it, on a quiet day nobody did, and nobody crashed.
  const said = new Map([[sign, 1]]);
  const windows: LogWindow[] = [
    { stratum: 0, isBeforeCrash: true, counts: said },
    ...Array.from({ length: 9 }, () => ({ stratum: 0, isBeforeCrash: false, counts: said })),
    ...Array.from({ length: 90 }, () => ({ stratum: 1, isBeforeCrash: false, counts: new Map() })),
  ];
  assert.equal(precursorsOf(windows).found[0]?.p, 1);
  assert.equal(precursorsOf(windows).found[0]?.verdict, 'noise');
});

test('without a healthy host nothing is told, and one crash among few tells little', () => {
  assert.ok(precursorsOf(windowsOf(3, 0)).found.every(({ verdict }) => verdict === 'undecided'));
  const one = precursorsOf(windowsOf(1, 2));
  assert.ok(one.least > 0.05);
  assert.equal(one.found.find(({ template }) => template === sign)?.verdict, 'undecided');
  assert.deepEqual(precursorsOf([]).found, []);
});
