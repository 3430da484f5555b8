import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationText, parseDurationMs } from './duration.ts';

test('durations are read with their units', () => {
  const cases: Readonly<Record<string, number>> = {
    '500ms': 500,
    '10s': 10_000,
    '1.5m': 90_000,
    '1h30m': 5_400_000,
    '2d': 172_800_000,
    '90': 90_000,
  };
  for (const [text, ms] of Object.entries(cases)) assert.equal(parseDurationMs(text, '--ttl'), ms);
});

test('what is no duration is refused', () => {
  for (const text of ['', 's', '-1s', '1 h', '1y', '1h30', 'NaN'])
    assert.throws(() => parseDurationMs(text, '--ttl'), { code: 'REQUEST_INVALID' });
});

test('durations are shown in units that say enough', () => {
  const cases: readonly (readonly [number, string])[] = [
    [-5, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [59_999, '59.9 s'],
    [60_000, '1 min 0 s'],
    [3_661_000, '1 h 1 min'],
    [90_000_000, '25 h 0 min'],
    [200_000_000, '2 d 7 h'],
  ];
  for (const [ms, text] of cases) assert.equal(durationText(ms), text);
});
