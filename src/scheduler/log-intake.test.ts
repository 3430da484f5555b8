import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Clock } from '../domain/clock.ts';
import { readQuery } from '../logs/query.ts';
import type { LogStore, StoredMessage, UnstoredMessage } from '../store/log-store.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { LogIntake } from './log-intake.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

function intakeOf(store: LogStore, clock: Clock = systemClock): LogIntake {
  return new LogIntake({
    ...{ store, clock },
    limits: { days: 1, messages: 1_000, bytes: 1e9 },
    hostOf: (address, hostname) =>
      address === '198.18.0.11' || hostname === 'lb-1' ? 'lb-1' : null,
    bootOf: (host) => (host === 'lb-1' ? 'boot-1' : ''),
    log: () => undefined,
  });
}

async function found(store: PostgresStore, query: string): Promise<readonly StoredMessage[]> {
  const terms = readQuery(query);
  return store.logs.search({ terms, sinceMs: null, untilMs: null, afterId: null, limit: 100 });
}

async function textsOf(store: PostgresStore, query: string): Promise<readonly string[]> {
  return (await found(store, query)).map(({ text }) => text);
}

test('what is stored is found by words, phrases, fields, and what is not in it', async () => {
  await using store = await databases.fresh();
  const intake = intakeOf(store.logs);
  const take = (text: string, address = '198.18.0.11') =>
    intake.take(Buffer.from(text), address, null);
  take('<0>[  12.000001] Kernel panic - not syncing: Fatal exception');
  take('<4>[  11.000001] aufs au_opts_verify: dirperm1 breaks 100% the protection');
  take('<14>Jan  1 00:00:00 lb-1 app[7]: 50_ways', '198.18.0.99');
  take('<14>Jan  1 00:00:00 lb-2 app[7]: 50 ways', '198.18.0.99');
  take('not syslog at all', '198.18.0.99');
  await intake.store();
  assert.deepEqual(await textsOf(store, '"panic - NOT syncing"'), [
    '[  12.000001] Kernel panic - not syncing: Fatal exception',
  ]);
  assert.equal((await textsOf(store, 'host:lb-1 facility:kernel')).length, 2);
  assert.equal((await textsOf(store, 'host:lb-1 -panic')).length, 2);
  assert.equal((await textsOf(store, 'severity:error')).length, 1);
  assert.equal((await textsOf(store, '-severity:error')).length, 4, 'also what has none');
  // What LIKE takes for a pattern is taken as it stands.
  assert.deepEqual(await textsOf(store, '50_ways'), ['50_ways']);
  assert.equal((await textsOf(store, '100%')).length, 1);
  assert.deepEqual(await textsOf(store, 'app:app host:lb-2'), ['50 ways']);
  const [raw] = await found(store, '"at all"');
  assert.deepEqual([raw?.form, raw?.host, raw?.source], ['raw', '', '198.18.0.99']);
  assert.deepEqual(intake.counts, { received: 5, stored: 5, waiting: 0, dropped: 0, unread: 1 });
});

test('repeats are folded, and kept apart by what comes between and by sender', async () => {
  await using store = await databases.fresh();
  const intake = intakeOf(store.logs);
  for (const [text, address] of [
    ...[
      ['<6>a', '1'],
      ['<6>a', '1'],
      ['<6>a', '2'],
      ['<6>a', '1'],
    ],
    ...[
      ['<6>b', '1'],
      ['<6>a', '1'],
    ],
  ]) {
    intake.take(Buffer.from(text ?? ''), address ?? '', null);
  }
  await intake.store();
  const stored = await found(store, '');
  const lines = stored.map(({ text, source, repeats }) => `${text} of ${source}: ${repeats}`);
  assert.deepEqual(lines.toSorted(), ['a of 1: 1', 'a of 1: 3', 'a of 2: 1', 'b of 1: 1']);
});

test('the oldest goes: by age, beyond the number that is kept, and beyond the bytes', async () => {
  await using store = await databases.fresh();
  const intake = intakeOf(store.logs);
  for (let count = 0; count < 10; count += 1) intake.take(Buffer.from(`<6>m ${count}`), 'x', null);
  await intake.store();
  const all = { beforeMs: 0, messages: 100, bytes: 1e9 };
  // What has come since the last time is counted the next time.
  assert.equal(await store.logs.prune({ ...all, messages: 4 }), 0);
  assert.equal(await store.logs.prune({ ...all, messages: 4 }), 6);
  assert.deepEqual(await textsOf(store, ''), ['m 6', 'm 7', 'm 8', 'm 9']);
  const { messages, bytes, diskBytes, oldestMs } = await store.logs.size();
  assert.deepEqual([messages, oldestMs], [4, (await found(store, ''))[0]?.receivedMs]);
  assert.ok(bytes > 4 * 50 && bytes < 4 * 500 && diskBytes > bytes);
  assert.equal(await store.logs.prune({ ...all, bytes: (bytes * 3) / 4 }), 1);
  assert.deepEqual(await textsOf(store, ''), ['m 7', 'm 8', 'm 9']);
  intake.take(Buffer.from('<6>m 10'), 'x', null);
  await intake.store();
  assert.equal((await store.logs.size()).messages, 4, 'and what is not counted yet');
  assert.equal(await store.logs.prune({ ...all, beforeMs: systemClock.wallMs() + 1 }), 3);
  assert.deepEqual(await textsOf(store, ''), ['m 10']);
});

test('a store that is away loses nothing that fits, and kernels go first in what does not', async () => {
  const stored: UnstoredMessage[] = [];
  let isAway = true;
  const store = {
    append: async (messages: readonly UnstoredMessage[]) => {
      if (isAway) throw new Error('away');
      stored.push(...messages);
    },
  } as unknown as LogStore;
  const intake = intakeOf(store);
  for (let count = 0; count < 20_000; count += 1) {
    intake.take(Buffer.from(`<14>m ${count}`), 'noisy', null);
  }
  intake.take(Buffer.from('[ 1.000000] BUG: unable to handle'), '198.18.0.11', null);
  intake.take(Buffer.from('<14>one too many'), 'noisy', null);
  await intake.store();
  assert.equal(intake.counts.waiting, 20_000);
  isAway = false;
  await intake.store();
  assert.deepEqual(intake.counts, {
    ...{ received: 20_002, stored: 20_000, waiting: 0, dropped: 2, unread: 20_000 },
  });
  assert.ok(stored.some(({ text }) => text.includes('BUG')));
  assert.ok(!stored.some(({ text }) => text === '0' || text === 'one too many'));
  const loss = stored.filter(({ app }) => app === 'bridgehead').map(({ text }) => text);
  assert.deepEqual(loss, ['2 messages from noisy were dropped: more came than could be stored']);
});

/** A store that takes a batch each time it is let. */
class SlowStore {
  readonly stored: UnstoredMessage[] = [];
  #next = Promise.withResolvers<void>();
  readonly store = {
    append: async (messages: readonly UnstoredMessage[]) => {
      await this.#next.promise;
      this.stored.push(...messages);
    },
  } as unknown as LogStore;

  async takeOne(): Promise<void> {
    const before = this.stored.length;
    this.#next.resolve();
    this.#next = Promise.withResolvers<void>();
    for (let looks = 0; looks < 500 && this.stored.length === before; looks += 1) {
      await systemClock.sleep(1);
    }
  }

  takeAll(): void {
    this.#next.resolve();
  }
}

test('a flood while the store takes: each message is stored or counted, kernels all stored, in order', async () => {
  const slow = new SlowStore();
  const intake = intakeOf(slow.store);
  let sent = 0;
  const flood = (count: number) => {
    for (const end = sent + count; sent < end; sent += 1) {
      const isKernel = sent % 20 === 0;
      const text = isKernel ? `<4>[ 1.000000] #${sent};` : `<14>1 - lb-1 app - - - #${sent};`;
      intake.take(Buffer.from(text), '198.18.0.11', null);
    }
  };
  flood(1_000);
  const storing = intake.store();
  for (let turn = 0; turn < 10; turn += 1) {
    flood(15_000);
    // What is being stored is no more to be dropped, or it would be counted twice.
    await slow.takeOne();
  }
  slow.takeAll();
  await storing;
  const { received, stored, waiting, dropped } = intake.counts;
  assert.deepEqual({ received, waiting }, { received: 151_000, waiting: 0 });
  assert.equal(stored + dropped, received);
  const own = slow.stored.filter(({ app }) => app !== 'bridgehead');
  assert.equal(own.length, stored);
  const numbers = own.map(({ text }) => Number(/#(\d+);/.exec(text)?.[1]));
  assert.equal(new Set(numbers).size, stored, 'none twice');
  assert.equal(numbers.filter((number) => number % 20 === 0).length, sent / 20, 'all of kernels');
  for (const isOfKernel of [true, false]) {
    const kind = numbers.filter((number) => (number % 20 === 0) === isOfKernel);
    assert.deepEqual(
      kind,
      kind.toSorted((a, b) => a - b),
    );
  }
  const told = slow.stored.filter(({ app }) => app === 'bridgehead').map(({ text }) => text);
  const sum = told.reduce((all, text) => all + Number.parseInt(text, 10), 0);
  assert.equal(sum, dropped);
});

test('senders that can wait are held while much waits, and let go when half of it is stored', async () => {
  const slow = new SlowStore();
  const intake = intakeOf(slow.store);
  const fill = (count: number) => {
    for (let index = 0; index < count; index += 1) intake.take(Buffer.from('<6>m'), 'x', null);
  };
  await intake.store();
  fill(9_999);
  assert.equal(intake.whenRoom(), null);
  fill(1);
  const letGo = intake.whenRoom()?.then(() => intake.counts.waiting);
  const storing = intake.store();
  await slow.takeOne();
  slow.takeAll();
  await storing;
  // The batch of 2,000 with which half of them were stored.
  assert.equal(await letGo, 4_000);
});

test('nobody is held for a store that takes nothing', async () => {
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  const append = async () => {
    throw new Error('away');
  };
  const intake = intakeOf({ append } as unknown as LogStore, clock);
  for (let index = 0; index < 15_000; index += 1) intake.take(Buffer.from('<6>m'), 'x', null);
  assert.notEqual(intake.whenRoom(), null);
  for (nowMs = 0; nowMs < 6_000; nowMs += 250) await intake.store();
  assert.equal(intake.whenRoom(), null);
});

test('senders whose losses are told of by address are a thousand, the others one sum', async () => {
  const slow = new SlowStore();
  const intake = intakeOf(slow.store);
  for (let index = 0; index < 20_000; index += 1) intake.take(Buffer.from('<14>m'), 'x', null);
  for (let index = 0; index < 1_500; index += 1)
    intake.take(Buffer.from('<14>m'), `a${index}`, null);
  slow.takeAll();
  await intake.store();
  const told = slow.stored.filter(({ app }) => app === 'bridgehead');
  assert.equal(told.length, 1_001);
  assert.match(told.at(-1)?.text ?? '', /^500 messages from other addresses were dropped/);
});
