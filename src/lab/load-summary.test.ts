import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LoadSample, summarizeLoad } from './load-summary.ts';

const good = (endedMs: number, latencyMs = 1): LoadSample => ({
  sentMs: endedMs - latencyMs,
  endedMs,
  error: null,
});
const bad = (sentMs: number, error: string): LoadSample => ({ sentMs, endedMs: sentMs + 1, error });

test('answers are counted, errors by what they were', () => {
  const result = summarizeLoad([
    good(10, 3),
    bad(20, 'ECONNREFUSED'),
    bad(30, 'status 503'),
    bad(40, 'ECONNREFUSED'),
    good(50),
  ]);
  assert.equal(result.sent, 5);
  assert.equal(result.ok, 2);
  assert.equal(result.failed, 3);
  assert.deepEqual({ ...result.errors }, { ECONNREFUSED: 2, 'status 503': 1 });
});

test('latencies are nearest-rank percentiles of the good answers alone', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => good(1_000 + index, index + 1));
  const { latencyMs } = summarizeLoad([...hundred, bad(5, 'TIMEOUT')]);
  assert.deepEqual({ ...latencyMs }, { p50: 50, p99: 99, max: 100 });
});

test('the longest gap is between good answers in the order of time', () => {
  const samples = [good(900), good(100), bad(500, 'TIMEOUT'), good(200), bad(950, 'TIMEOUT')];
  assert.equal(summarizeLoad(samples).longestGapMs, 700);
});

test('a service that did not come back is one gap until the end', () => {
  const samples = [good(100), ...[200, 300, 2_100].map((sentMs) => bad(sentMs, 'TIMEOUT'))];
  assert.equal(summarizeLoad(samples).longestGapMs, 2_000);
});

test('a service that never answered is one gap from the first request to the last', () => {
  assert.equal(summarizeLoad([bad(0, 'TIMEOUT'), bad(1_500, 'TIMEOUT')]).longestGapMs, 1_500);
  assert.equal(summarizeLoad([]).longestGapMs, 0);
});
