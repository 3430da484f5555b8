import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from './config-lines.ts';
import { idleConnectionLines } from './idle-connections.ts';

const behind = (...lines: readonly string[]) => [
  ...idleConnectionLines(readConfig(lines.join('\n'))).keys(),
];

test('what listens in HTTP mode gets the line, by its own word or that of its defaults', () => {
  assert.deepEqual(behind('defaults', 'mode http', 'frontend a', 'listen b', 'mode tcp'), [3]);
  assert.deepEqual(behind('frontend a', 'listen b', 'mode http', 'backend c', 'mode http'), [2]);
  assert.deepEqual(behind('defaults', 'mode http', 'defaults', 'frontend a'), []);
});

test('named defaults count where they are named', () => {
  const both = ['defaults web', 'mode http', 'defaults plain', 'mode tcp'];
  assert.deepEqual(behind(...both, 'frontend a from web', 'frontend b'), [5]);
  assert.deepEqual(behind(...both, 'defaults more from web', 'frontend a'), [6]);
});

test('an owner who names the option decides; what may not be read is let alone', () => {
  const web = ['defaults', 'mode http', 'frontend a'];
  assert.deepEqual(behind(...web, 'frontend b', 'no option idle-close-on-response'), []);
  assert.deepEqual(behind('.if 1', 'frontend a', 'mode http', '.endif'), []);
  assert.deepEqual(behind('frontend a', '.if 1', 'mode http', '.endif'), []);
});
