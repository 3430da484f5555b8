import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isIn, matches, parsePattern, patternLimits } from './pattern.ts';

test('a pattern is text with placeholders, anywhere in a line', () => {
  const pattern = 'aufs au_opts_verify:{number}:{name}[{number}]: dirperm1';
  assert.ok(
    matches(pattern, 'Feb  2 kernel: [1.0] aufs au_opts_verify:1570:docker[22]: dirperm1 breaks'),
  );
  assert.ok(!matches(pattern, 'aufs au_opts_verify:abc:docker[22]: dirperm1'));
  assert.ok(!matches(pattern, 'aufs au_opts_verify:1:two words[22]: dirperm1'));
});

test('placeholders take what they are named for', () => {
  assert.ok(matches('stuck for {number}s!', 'stuck for 17163091988s!'));
  assert.ok(matches('entered {disabled|blocking} state', 'port 1(veth0) entered disabled state'));
  assert.ok(!matches('entered {disabled|blocking} state', 'entered forwarding state'));
  assert.ok(matches('from {hex} to', 'from 0xdeadBEEF to'));
  assert.ok(matches('begin{any}end', 'begin, and at the end'));
  assert.ok(!matches('begin{any}end', `begin${'x'.repeat(300)}end`));
  // A placeholder gives back what the text after it needs.
  assert.ok(matches('port {word}: down', 'port eth0:: down'));
});

test('a pattern that could be anything, or that cannot be read, is refused', () => {
  assert.throws(() => parsePattern('{any}'), /plain text/);
  assert.throws(() => parsePattern('a{any}b'), /plain text/);
  assert.throws(() => parsePattern('text {regexp}'), /none of number/);
  assert.throws(() => parsePattern('x'.repeat(patternLimits.length + 1)), /longer/);
  assert.throws(() => parsePattern(`text ${'{any}'.repeat(13)}`), /placeholders/);
  assert.equal(matches('text {regexp}', 'text {regexp}'), false);
});

test('the worst pattern on the worst line costs a bounded number of steps', () => {
  const pattern = parsePattern(`aaaa${'{any}a'.repeat(patternLimits.placeholders)}b`);
  // Exponential for a matcher that tries one way after the other.
  assert.equal(isIn(pattern, 'a'.repeat(patternLimits.lineLength)), false);
  assert.equal(isIn(pattern, `${'a'.repeat(200)}b`), true);
});
