// What is held and what is done for a line is bounded, whatever comes. Counted, not timed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cutter, cutterLimits } from './cutter.ts';
import { kernelLines, maxLineLength, openEnvelope } from './envelope.ts';

const head = 'BUG: kernel NULL pointer dereference, address: 0000000000000008';

function line(host: string, text: string): string {
  return `<4>Nov 23 01:02:03 ${host} kernel: ${text}`;
}

test('ten thousand hosts with a report open each: none is lost, few are held', () => {
  const cutter = new Cutter();
  const found: string[] = [];
  for (let host = 0; host < 10_000; host += 1) {
    for (const text of [head, ' tcp_ack+0x5c5/0x1460']) {
      for (const report of cutter.push(line(`h${host}`, text))) found.push(report.host ?? '');
    }
    assert.ok(cutter.heldCharacters <= cutterLimits.hosts * 100);
  }
  found.push(...cutter.flush().map(({ host }) => host ?? ''));
  assert.equal(new Set(found).size, 10_000);
  assert.equal(found.length, 10_000);
  assert.equal(cutter.heldCharacters, 0);
});

test('reports that never end, of many hosts, are ended at the bound on characters', () => {
  const cutter = new Cutter();
  const long = ` fault+0x1/0x2 ${'x'.repeat(1_000)}`;
  let ended = 0;
  for (let host = 0; host < 16; host += 1) {
    ended += cutter.push(line(`h${host}`, head)).length;
    for (let count = 0; count < cutterLimits.linesPerReport - 2; count += 1) {
      ended += cutter.push(line(`h${host}`, long)).length;
    }
    assert.ok(cutter.heldCharacters <= cutterLimits.characters);
  }
  assert.ok(ended > 0);
  assert.equal(ended + cutter.flush().length, 16);
});

test('of a line of 64 KiB no more is read than of a line that is long', () => {
  const begins = ['', '<4>', '192.0.2.1:6665 ', '<4>1 2026-11-23T01:02:03Z lb-1 kernel - - - '];
  for (const begin of [...begins, line('lb-1', ''), '6,1,2,-;', '__CURSOR=', '{"MESSAGE":"']) {
    for (const fill of ['x', ' ', '[', '\\x0a', '#012', '"', '\n', '/', '=', 'BUG: ']) {
      const long = begin + fill.repeat(65_536 / fill.length);
      const lines = openEnvelope(long);
      assert.ok(lines.length <= maxLineLength);
      assert.ok(lines.reduce((sum, { text }) => sum + text.length, 0) <= maxLineLength);
      const cutter = new Cutter();
      for (let count = 0; count < 20; count += 1) cutter.push(long);
      cutter.flush();
    }
  }
  assert.equal(kernelLines('y'.repeat(65_536))[0]?.text.length, 1_024);
});
