import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { announcement, duplicateQuestion, resolveQuestion } from '../../src/agent/wire/frames.ts';
import { ArpTally, numberedQuestion, readFrame } from '../lab/arp-tally.ts';

const address = '198.18.10.10';
const mac = '02:11:22:33:44:55';

/** What a Linux host answers to an ARP request (net/ipv4/arp.c): to the message's sender. */
function answerTo(question: Uint8Array): Uint8Array {
  const asked = Buffer.from(question);
  const answer = Buffer.from(question);
  const own = Buffer.from(mac.replaceAll(':', ''), 'hex');
  asked.copy(answer, 0, 22, 28);
  own.copy(answer, 6);
  answer.writeUInt16BE(2, 20);
  own.copy(answer, 22);
  asked.copy(answer, 28, 38, 42);
  asked.copy(answer, 32, 22, 32);
  return answer;
}

test('an answer is counted for the question it belongs to; all questions come from one MAC', () => {
  fc.assert(
    fc.property(fc.nat({ max: 0xffff_fffe }), (number) => {
      const question = numberedQuestion(address, number);
      const heard = readFrame(answerTo(question), address);
      assert.deepEqual(heard, { kind: 'answer', question: number, mac });
      assert.equal(readFrame(answerTo(question), '198.18.10.11'), null);
      assert.equal(readFrame(question, address), null);
      assert.deepEqual(question.subarray(0, 12), numberedQuestion(address, 0).subarray(0, 12));
    }),
  );
});

test('gratuitous ARP is heard in both forms, and the ARP of others is not ours', () => {
  const heard = announcement(address, mac, '198.18.0.1').map((frame) => readFrame(frame, address));
  const gratuitous = { kind: 'gratuitous', mac };
  assert.deepEqual(heard, [{ ...gratuitous, op: 'request' }, { ...gratuitous, op: 'reply' }, null]);
  assert.equal(readFrame(duplicateQuestion(address, mac), address), null);
  assert.equal(readFrame(answerTo(resolveQuestion(address, mac, '198.18.0.2')), address), null);
});

test('no frame, however broken, makes reading fail', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void readFrame(bytes, address)),
  );
});

test('two answers to one question are two owners; answers to two questions are not', () => {
  const tally = new ArpTally(1_000);
  for (const atMs of [0, 10, 20, 300]) tally.asked(atMs);
  tally.heard({ kind: 'answer', question: 0, mac }, 1);
  tally.heard({ kind: 'answer', question: 1, mac }, 11);
  assert.equal(tally.summary(310).maxRepliesToOne, 1);
  tally.heard({ kind: 'answer', question: 1, mac }, 12);
  tally.heard({ kind: 'answer', question: 9, mac }, 12);
  tally.heard({ kind: 'answer', question: 3, mac }, 301);
  tally.heard({ kind: 'gratuitous', op: 'reply', mac }, 15);
  assert.deepEqual(tally.summary(310), {
    startedMs: 1_000,
    requests: 4,
    answered: 3,
    maxRepliesToOne: 2,
    doubleAnswered: [{ question: 1, atMs: 10, macs: [mac, mac] }],
    longestSilenceMs: 290,
    gratuitous: [{ atMs: 15, op: 'reply', mac }],
  });
});

test('an address that nobody answers for is silent from start to end', () => {
  const tally = new ArpTally(0);
  tally.asked(5);
  const { answered, maxRepliesToOne, longestSilenceMs } = tally.summary(400);
  assert.deepEqual([answered, maxRepliesToOne, longestSilenceMs], [0, 0, 400]);
});
