import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countedMax, countedOf, keyOf } from './counted.ts';
import { fieldIndex, numberFields, statusNumber, statusWords, valueOf } from './fields.ts';
import { packed, unpacked } from './pack.ts';
import { folded, type Point, rowsBetween } from './point.ts';
import { ratesOf, summaryOf } from './rates.ts';
import { type Reading, readReading } from './reading.ts';
import { type AnswerRow, answer } from './test-answer.ts';

function read(pid: number, rows: readonly AnswerRow[]): Reading {
  const reading = readReading(answer(pid, rows));
  assert.ok(reading !== null);
  return reading;
}

/** A row with some fields, the rest 0. */
function row(values: Partial<Record<keyof typeof fieldIndex, number>>): readonly number[] {
  return numberFields.map(({ name }) => values[name] ?? 0);
}

test('an answer of HAProxy is read by the names of its columns', () => {
  const { rows, process, omitted } = read(12, [
    { name: 'web', type: 0, values: { stot: 5, scur: 2, bin: 410, status: 'OPEN', req_tot: 6 } },
    {
      ...{ name: 'api/s1', type: 2 },
      values: {
        stot: 4,
        status: 'UP 1/3',
        check_desc: '"timeout, ""late"""',
        hrsp_5xx: 3,
        rtime: 9,
      },
    },
  ]);
  assert.deepEqual([...rows.keys()], ['process', 'frontend/web', 'server/api/s1']);
  const web = rows.get('frontend/web') ?? [];
  assert.deepEqual(
    [valueOf(web, 'sessions'), valueOf(web, 'openSessions'), valueOf(web, 'bytesIn')],
    [5, 2, 410],
  );
  assert.equal(statusWords[valueOf(web, 'status')], 'open');
  const server = rows.get('server/api/s1') ?? [];
  // The columns behind a text with commas are still where they belong.
  assert.deepEqual([valueOf(server, 'http5xx'), valueOf(server, 'responseMs')], [3, 9]);
  assert.equal(statusWords[valueOf(server, 'status')], 'up');
  assert.equal(valueOf(rows.get('process') ?? [], 'sessions'), 7);
  assert.deepEqual([process, omitted], ['12 5', 0]);
});

test('what is no answer is none', () => {
  for (const text of ['', 'Unknown command.', '# pxname,svname\n', '\n# pxname,\n']) {
    assert.equal(readReading(text), null, JSON.stringify(text));
  }
});

test('of too many things it is servers that are left out', () => {
  const servers = Array.from({ length: 600 }, (_, index) => ({
    name: `b/s${index}`,
    type: 2 as const,
  }));
  const { rows, omitted } = read(1, [...servers, { name: 'b', type: 1 }]);
  assert.equal(rows.size, countedMax);
  assert.ok(rows.has('backend/b') && rows.has('process'));
  assert.equal(omitted, 600 - (countedMax - 2));
});

test('words of HAProxy for a state, whatever stands behind them', () => {
  const said = ['OPEN', 'UP', 'UP 1/3', 'DOWN', 'DOWN 1/2', 'DRAIN', 'DRAIN (agent)', 'NOLB'];
  const more = ['MAINT', 'MAINT (via b/s)', 'no check', 'NEW WORD'];
  assert.deepEqual(
    [...said, ...more].map((text) => statusWords[statusNumber(text)]),
    [
      ...['open', 'up', 'up', 'down', 'down', 'drain', 'drain', 'nolb'],
      ...['maint', 'maint', 'no check', 'unknown'],
    ],
  );
});

test('a reload, a restart and cleared counters make no count negative, nor a spike', () => {
  const at = (pid: number, stot: number, scur = 0) =>
    read(pid, [{ name: 'web', type: 0, values: { stot, scur } }]);
  const between = (before: Reading, now: Reading) =>
    valueOf(rowsBetween(before, now).get('frontend/web') ?? [], 'sessions');
  assert.equal(between(at(1, 1_000), at(1, 1_010)), 10);
  // A new worker has counted 30 since it started, which was after the reading before.
  assert.equal(between(at(1, 1_000), at(2, 30)), 30);
  // Its counters may already be higher than those of the one before.
  assert.equal(between(at(1, 5), at(2, 8)), 8);
  assert.equal(between(at(1, 1_000), at(1, 4)), 4);
});

test('whatever HAProxy counts, no change is negative', () => {
  const reading = fc.record({
    pid: fc.integer({ min: 1, max: 2 }),
    stot: fc.nat(),
    bin: fc.nat(),
  });
  fc.assert(
    fc.property(reading, reading, (first, second) => {
      const of = ({ pid, ...values }: typeof first) => read(pid, [{ name: 'w', type: 0, values }]);
      for (const changed of rowsBetween(of(first), of(second)).values()) {
        assert.ok(changed.every((value) => value >= 0));
      }
    }),
  );
});

test('points come out of their chunk as they went in', () => {
  const rows = fc.dictionary(
    fc.constantFrom('process', 'frontend/web', 'backend/api', 'server/api/s1'),
    fc.array(fc.nat(), { minLength: numberFields.length, maxLength: numberFields.length }),
  );
  const point = fc.record({
    laterMs: fc.integer({ min: 1, max: 9_000 }),
    spanMs: fc.nat(9_000),
    rows,
  });
  fc.assert(
    fc.property(fc.array(point, { maxLength: 15 }), (list) => {
      let atMs = 1_790_000_000_000;
      const points = list.map(({ laterMs, spanMs, rows: given }): Point => {
        atMs += laterMs;
        return { atMs, spanMs, rows: new Map(Object.entries(given)) };
      });
      const sorted = (all: readonly Point[]) =>
        all.map((one) => ({ ...one, rows: Object.fromEntries(one.rows) }));
      assert.deepEqual(sorted(unpacked(packed(points))), sorted(points));
    }),
  );
});

test('folding sums counts, keeps peaks, and weighs times by the traffic they are of', () => {
  const at = (atMs: number, values: Parameters<typeof row>[0]): Point => ({
    ...{ atMs, spanMs: 5_000 },
    rows: new Map([['backend/b', row(values)]]),
  });
  const points = [
    at(5_000, { sessions: 10, openSessions: 7, responseMs: 20, weight: 3 }),
    at(10_000, { sessions: 30, openSessions: 2, responseMs: 40, weight: 5 }),
    at(15_000, { sessions: 1, responseMs: 1 }),
  ];
  const [first, second] = folded(points, 10_000);
  const values = (point: Point | undefined) => point?.rows.get('backend/b') ?? [];
  assert.deepEqual(
    (['sessions', 'openSessions', 'responseMs', 'weight'] as const).map((name) =>
      valueOf(values(first), name),
    ),
    [40, 7, 35, 5],
  );
  assert.deepEqual(
    [first?.atMs, first?.spanMs, second?.atMs, second?.spanMs],
    [10_000, 10_000, 20_000, 5_000],
  );
});

test('rates are by the second, and only of what a thing has', () => {
  const rows = new Map([
    ['frontend/web', row({ sessions: 50, requests: 100, http5xx: 5, status: 1 })],
    ['backend/api', row({ sessions: 50, connectErrors: 5, responseMs: 12, queue: 2, status: 2 })],
    ['server/api/s1', row({ status: 2 })],
    ['server/api/s2', row({ status: 4 })],
  ]);
  const point: Point = { atMs: 0, spanMs: 5_000, rows };
  const [frontend] = ratesOf(point);
  assert.equal(frontend?.perSecond['requests'], 20);
  assert.equal(frontend?.status, 'open');
  assert.equal(frontend?.levels['responseMs'], undefined);
  const sum = summaryOf(point);
  assert.deepEqual(
    [sum.requests, sum.http5xx, sum.errors, sum.queue, sum.responseMs, sum.serversUp, sum.servers],
    [20, 1, 1, 2, 12, 1, 2],
  );
  assert.equal(ratesOf({ ...point, spanMs: 0 })[0]?.perSecond['requests'], 0);
});

test('names of things', () => {
  for (const key of ['process', 'frontend/a', 'backend/b.c:1', 'server/b/s-1']) {
    const counted = countedOf(key);
    assert.ok(counted !== null);
    assert.equal(keyOf(counted), key);
  }
  for (const key of ['', 'frontend/a/b', 'server/b', 'listener/x', 'server/a/b/c']) {
    assert.equal(countedOf(key), null, key);
  }
});
