import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastWordsIn } from './last-words.ts';

const panic = 'Kernel panic - not syncing: sysrq triggered crash';

test('a panic is found in plain and extended netconsole', () => {
  assert.equal(lastWordsIn(`[   31.792792] ${panic}\n`), panic);
  assert.equal(lastWordsIn(`0,411,17983687,-;${panic}\n`), panic);
  assert.equal(lastWordsIn(`0,411,17983687,-,caller=T139;${panic}\n SUBSYSTEM=x\n`), panic);
  assert.equal(lastWordsIn(`<0>[   31.792792] ${panic}`), panic);
  assert.equal(lastWordsIn(`6,1,2,-;sysrq: Trigger a crash\n0,2,3,-;${panic}\n`), panic);
});

test('what only speaks of one is none', () => {
  assert.equal(lastWordsIn('6,1,2,-;sysrq: Trigger a crash'), null);
  assert.equal(lastWordsIn(`0,412,1,-;---[ end ${panic} ]---`), null);
  assert.equal(lastWordsIn(`6,413,1,-;myd[7]: saw "${panic}" in a log`), null);
  assert.equal(lastWordsIn(''), null);
});
