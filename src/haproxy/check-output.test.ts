// The samples are what HAProxy 2.6.12 really said (Debian 12), each with its configuration; the
// findings beside them were read by a person. test/unit/haproxy-check.test.ts holds them against
// the HAProxy that is installed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import * as fc from 'fast-check';
import { type CheckFinding, parseCheckOutput } from './check-output.ts';
import { locateFinding } from './locate.ts';

interface Sample {
  readonly name: string;
  readonly config: string;
  readonly exit: number;
  readonly output: readonly string[];
  readonly found: readonly (CheckFinding & { readonly place: string })[];
}

const path = '/etc/haproxy/haproxy.cfg';
const samples = JSON.parse(
  readFileSync(`${import.meta.dirname}/check-output.samples.json`, 'utf8'),
) as readonly Sample[];

for (const { name, config, exit, output, found } of samples) {
  test(`what HAProxy said of ${name}`, () => {
    const findings = parseCheckOutput(output.join('\n'), path);
    const sourceLines = config.split('\n').map((_, index) => index + 1);
    const located = findings.map((finding) => {
      const { line, column } = locateFinding(finding, { sourceLines }, config);
      return { ...finding, place: `${line}:${column}` };
    });
    assert.deepEqual(located, found);
    if (exit !== 0) assert.ok(findings.some(({ severity }) => severity === 'alert'));
  });
}

test('a summary stays where it is all there is', () => {
  const output = '[ALERT]    (1) : config : Fatal errors found in configuration.\n';
  const message = 'Fatal errors found in configuration.';
  assert.deepEqual(parseCheckOutput(output, path), [{ severity: 'alert', line: null, message }]);
});

test('repetitions are told once, and the older log format is read', () => {
  const line = `[ALERT] 326/101112 (7) : parsing [${path}:3] : 'foo' is odd\n`;
  assert.deepEqual(parseCheckOutput(line.repeat(3), path), [
    { severity: 'alert', line: 3, message: "'foo' is odd" },
  ]);
});

test('a path with characters that mean something to a pattern', () => {
  const odd = '/tmp/a+(b)[c].cfg';
  const output = `[ALERT] (7) : config : parsing [${odd}:3] : x, see ${odd}:9 in ${odd}\n`;
  assert.deepEqual(parseCheckOutput(output, odd), [
    { severity: 'alert', line: 3, message: 'x, see line 9 in the configuration' },
  ]);
});

test('any output is read, and no more than 200 findings come of it', () => {
  const piece = fc.constantFrom(
    '[ALERT]    (1) : ',
    '[WARNING]  (1) : ',
    'config : ',
    `parsing [${path}:`,
    '] : ',
    '12',
    '   | ',
    '   ^',
    '\n',
    "'x'",
  );
  const output = fc
    .array(fc.oneof(piece, fc.string()), { maxLength: 60 })
    .map((all) => all.join(''));
  fc.assert(
    fc.property(output, (text) => {
      for (const { line, message } of parseCheckOutput(text, path)) {
        assert.ok(line === null || Number.isInteger(line));
        assert.ok(!message.includes('\n'));
      }
    }),
  );
  const many = Array.from({ length: 500 }, (_, index) => `[ALERT]    (1) : fault ${index}`);
  assert.equal(parseCheckOutput(many.join('\n'), path).length, 200);
});
