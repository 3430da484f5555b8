import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashesIn } from '../crash/cutter.ts';
import { samples } from '../crash/test-reports.ts';
import { phraseOf, queriesOf } from './queries.ts';

const lines: readonly (readonly [line: string, phrase: string | null])[] = [
  [
    'BUG: unable to handle kernel NULL pointer dereference at 0000000000000078',
    'BUG: unable to handle kernel NULL pointer dereference at',
  ],
  [
    'watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [haproxy:4120]',
    'watchdog: BUG: soft lockup - CPU',
  ],
  ['INFO: task haproxy:812 blocked for more than 120 seconds.', 'blocked for more than'],
  [
    'unregister_netdevice: waiting for veth12ab34c to become free. Usage count = 2',
    'unregister_netdevice: waiting for',
  ],
  ['kernel BUG at net/core/skbuff.c:4219!', 'kernel BUG at'],
  ['0x12345678', null],
];

for (const [line, phrase] of lines) {
  test(`what stays the same in: ${line}`, () => assert.equal(phraseOf(line), phrase));
}

test('queries hold no address, offset, device or number of a process', () => {
  let some = 0;
  for (const sample of samples) {
    for (const report of crashesIn(sample.text)) {
      for (const query of queriesOf(report)) {
        some++;
        assert.match(query, /^(?:"[^"]+" ?)+$/, sample.name);
        assert.doesNotMatch(
          query,
          /\+0x|[0-9a-f]{12,}(?<!0{8}[0-9a-f]{0,8})|\.isra|\.constprop|veth\w*\d/,
          sample.name,
        );
      }
      assert.ok(queriesOf(report).length <= 4);
    }
  }
  assert.ok(some > 10);
});
