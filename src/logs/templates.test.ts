import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { minerLimits, TemplateMiner } from './templates.ts';

function mined(lines: readonly string[]) {
  const miner = new TemplateMiner();
  const ids = lines.map((line) => miner.push(line));
  return { ids, texts: miner.templates.map(({ text }) => text), miner };
}

test('lines of one template share it, whatever their numbers and names', () => {
  const { ids, texts } = mined([
    'aufs au_opts_verify:1597:docker[19071]: dirperm1 breaks the protection by the permission bits',
    'device vethf18bb91 entered promiscuous mode',
    'aufs au_opts_verify:1570:docker[474]: dirperm1 breaks the protection by the permission bits',
    'device vetha75e3f4 entered promiscuous mode',
    'docker0: port 5(vethf18bb91) entered forwarding state',
    'docker0: port 8(vetha75e3f4) entered disabled state',
  ]);
  assert.deepEqual(ids, [0, 1, 0, 1, 2, 3]);
  assert.equal(
    texts[0]?.startsWith('aufs au_opts_verify:<*>:docker[<*>]: dirperm<*> breaks'),
    true,
  );
  assert.equal(texts[2], 'docker<*>: port <*>(<*>) entered forwarding state');
});

// The lines of figure 1 and of section III of the paper: "Receiving block <*> src: <*> dest: <*>".
test('the lines of HDFS in the paper come out as its templates', () => {
  const { ids, texts } = mined([
    'Receiving block blk_-1608999687919862906 src: /10.250.19.102:54106 dest: /10.250.19.102:50010',
    'Receiving block blk_-1608999687919862906 src: /10.251.215.16:55695 dest: /10.251.215.16:50010',
    'PacketResponder 0 for block blk_-1608999687919862906 terminating',
    'Received block blk_-1608999687919862906 of size 91178 from /10.250.10.6',
    'PacketResponder 1 for block blk_-1608999687919862906 terminating',
  ]);
  assert.deepEqual(ids, [0, 0, 1, 2, 1]);
  assert.equal(texts[1], 'PacketResponder <*> for block blk_-<*> terminating');
  assert.match(texts[0] ?? '', /^Receiving block blk_-<\*> src: \/<\*> dest: \/<\*>$/);
});

test('a word that differs becomes a wildcard, and the id stays', () => {
  const { ids, texts } = mined([
    'session opened for user anna by sudo on tty',
    'session opened for user tom by sudo on tty',
    'session closed for user tom by sudo on tty',
  ]);
  assert.deepEqual(ids, [0, 0, 1]);
  assert.equal(texts[0], 'session opened for user <*> by sudo on tty');
});

test('a line that begins with a name of many is not led away by it', () => {
  const { ids } = mined(['vethab1: link is up now', 'vethcd2: link is up now']);
  assert.deepEqual(ids, [0, 0]);
});

test('memory is bounded: beyond so many templates a line has none', () => {
  const miner = new TemplateMiner();
  const letters = (n: number) =>
    String(n).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '');
  let without = 0;
  for (let count = 0; count < 3_000; count += 1) {
    const word = letters(count);
    if (miner.push(`${word} ${word}x ${word}y`) === null) without += 1;
  }
  // A hundred first words have a branch of their own, a hundred second ones of the rest too.
  assert.equal(miner.templates.length, 2 * minerLimits.branches + minerLimits.leaf);
  assert.equal(without, 3_000 - miner.templates.length);
  assert.notEqual(miner.push('a ax ay'), null);
});

test('whatever it is fed it answers, and the same line twice is the same template', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 2_000 })), (lines) => {
      const miner = new TemplateMiner();
      for (const line of lines) {
        const id = miner.push(line);
        assert.equal(miner.push(line), id);
      }
    }),
    { numRuns: 200 },
  );
});
