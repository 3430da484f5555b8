import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceName } from '../../domain/ids.ts';
import { type InstanceLogBatch, InstanceLogTail } from './instance-log-tail.ts';

const own = (text: string) => `[WARNING]  (8) : ${text}`;

function scene(sinceUs = 0) {
  let nowMs = 0;
  const receiver = { isDown: false };
  const rest = () => new Promise((done) => setImmediate(done));
  const batches: InstanceLogBatch[] = [];
  const kept: number[] = [];
  const clock = {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    every: () => () => undefined,
    sleep: async () => undefined,
  };
  const stop = new AbortController();
  const until = (signal: AbortSignal) =>
    new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
  const tail = new InstanceLogTail(
    {
      ...{ instance: 'web' as InstanceName, container: 'a'.repeat(12), clock },
      follow: (_since, _onLine, signal) => until(signal),
      deliver: async (batch, signal) => {
        while (receiver.isDown && !signal.aborted) await rest();
        batches.push(batch);
      },
      keep: async (untilUs) => void kept.push(untilUs),
    },
    sinceUs,
  );
  const running = tail.run(stop.signal);
  return {
    ...{ tail, kept, rest },
    texts: () => batches.flatMap(({ records }) => records.map(({ text }) => text)),
    lost: () => batches.flatMap(({ records }) => records.map(({ lost }) => lost ?? 0)),
    sequences: () => batches.flatMap(({ records }) => records.map(({ sequence }) => sequence)),
    setDown: (down: boolean) => {
      receiver.isDown = down;
    },
    wait: (ms: number) => {
      nowMs += ms;
    },
    end: async () => {
      stop.abort();
      await running;
    },
  };
}

test('warnings and what owners log are sent, notices are not; each once, and the position is kept', async () => {
  const { tail, texts, sequences, kept, rest, end } = scene(100);
  tail.take({ atUs: 99, text: own('before') });
  tail.take({ atUs: 101, text: own('one') });
  tail.take({ atUs: 102, text: '[NOTICE]   (1) : New worker (8) forked' });
  tail.take({ atUs: 103, text: 'GET / 503' });
  tail.take({ atUs: 103, text: 'GET / 504' });
  await rest();
  await rest();
  assert.deepEqual(texts(), [own('one'), 'GET / 503', 'GET / 504']);
  assert.deepEqual(sequences(), [101, 103, 104]);
  assert.equal(kept.at(-1), 104);
  await end();
});

test('more than is taken is dropped and counted, and leaves room for what HAProxy says itself', async () => {
  const { tail, texts, lost, wait, rest, end } = scene();
  for (let count = 1; count <= 700; count += 1) tail.take({ atUs: count, text: `GET /${count}` });
  tail.take({ atUs: 701, text: own('down') });
  wait(1_000);
  tail.take({ atUs: 702, text: 'GET /later' });
  for (let turns = 0; turns < 10; turns += 1) await rest();
  assert.equal(texts().filter((text) => text.startsWith('GET')).length, 501);
  assert.ok(texts().includes(own('down')));
  assert.equal(
    lost().reduce((sum, one) => sum + one),
    200,
  );
  await end();
});

test('what waits for a scheduler is bounded, and comes when there is one', async () => {
  const { tail, texts, lost, setDown, wait, rest, end } = scene();
  setDown(true);
  for (let count = 1; count <= 5_000; count += 1) {
    wait(20);
    tail.take({ atUs: count, text: own(String(count)) });
  }
  await rest();
  assert.deepEqual(texts(), []);
  setDown(false);
  for (let turns = 0; turns < 50; turns += 1) await rest();
  assert.equal(texts().length, 2_000);
  tail.take({ atUs: 5_001, text: own('last') });
  for (let turns = 0; turns < 5; turns += 1) await rest();
  assert.equal(texts().at(-1), own('last'));
  assert.equal(lost().at(-2), 3_000);
  await end();
});
