import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { greetingLength, MessageCutter } from './peers-protocol.ts';

/** A message as the protocol's document has it, its length written by the document's own rule. */
function message(length: number): Buffer {
  const digits: number[] = [];
  if (length < 240) digits.push(length);
  else {
    digits.push((length & 0x0f) | 0xf0);
    let rest = (length - 0xf0) >> 4;
    for (; rest >= 0x80; rest = (rest - 0x80) >> 7) digits.push((rest & 0x7f) | 0x80);
    digits.push(rest);
  }
  return Buffer.concat([Buffer.from([10, 128, ...digits]), Buffer.alloc(length, 7)]);
}

test('what HAProxy sent is cut where its messages end', () => {
  // Of HAProxy 2.6.12: an entry of a table; then control messages, and the beginning of one more.
  const entry = Buffer.from('0a800e000000030263300101fba4000100', 'hex');
  const cutter = new MessageCutter();
  const cut = cutter.push(Buffer.concat([entry, Buffer.from('00010003000400020a', 'hex')]));
  assert.deepEqual(
    cut.map(({ kind, bytes }) => `${kind} ${bytes.length}`),
    ['other 17', 'lesson-end 2', 'lesson-confirmation 2', 'other 2', 'lesson-end 2'],
  );
  assert.equal(cutter.isAtBoundary, false);
});

test('messages come out whole and in order, wherever the stream is torn', () => {
  const control = fc.constantFrom(0, 1, 2, 3, 4).map((type) => Buffer.from([0, type]));
  const data = fc.oneof(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 2_200, max: 70_000 }));
  const messages = fc.array(fc.oneof(control, data.map(message)), { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.nat(1_000), { maxLength: 20 }), (sent, tears) => {
      const stream = Buffer.concat(sent);
      const cutter = new MessageCutter();
      const got: Buffer[] = [];
      let at = 0;
      for (const length of [...tears, stream.length]) {
        const piece = stream.subarray(at, at + length);
        got.push(...cutter.push(piece).map(({ bytes }) => bytes));
        at += piece.length;
      }
      assert.ok(cutter.isAtBoundary);
      assert.deepEqual(
        got.map((one) => one.toString('hex')),
        sent.map((one) => one.toString('hex')),
      );
    }),
    { numRuns: 60 },
  );
});

test('a message that no HAProxy sends is refused before it is kept', () => {
  const cutter = new MessageCutter();
  assert.throws(() => cutter.push(Buffer.from([10, 128, 255, 255, 255, 255, 1])), /a message of/);
});

test('a greeting is three lines of version 2, and nothing else', () => {
  const greeting = Buffer.from('HAProxyS 2.1\nbridgehead.migration\nweb 12 1\n');
  assert.equal(greetingLength(greeting), greeting.length);
  assert.equal(greetingLength(Buffer.concat([greeting, Buffer.from([0, 0])])), greeting.length);
  assert.equal(greetingLength(greeting.subarray(0, -1)), null);
  assert.throws(() => greetingLength(Buffer.from('GET / HTTP/1.1\na\nb\n')), /not a greeting/);
  assert.throws(() => greetingLength(Buffer.alloc(2_000)), /without an end/);
});
