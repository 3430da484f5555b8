import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
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

function intakeOf(store: LogStore): LogIntake {
  return new LogIntake({
    store,
    clock: systemClock,
    limits: { days: 1, messages: 1_000 },
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

test('the oldest goes: by age, and beyond the number that is kept', async () => {
  await using store = await databases.fresh();
  const intake = intakeOf(store.logs);
  for (let count = 0; count < 10; count += 1) intake.take(Buffer.from(`<6>m ${count}`), 'x', null);
  await intake.store();
  assert.equal(await store.logs.prune(0, 4), 6);
  assert.deepEqual(await textsOf(store, ''), ['m 6', 'm 7', 'm 8', 'm 9']);
  assert.equal(await store.logs.prune(systemClock.wallMs() + 1, 4), 4);
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
    ...{ received: 20_002, stored: 20_000, waiting: 0, dropped: 2, unread: 20_001 },
  });
  assert.ok(stored.some(({ text }) => text.includes('BUG')));
  assert.ok(!stored.some(({ text }) => text === '0' || text === 'one too many'));
  const loss = stored.filter(({ app }) => app === 'bridgehead').map(({ text }) => text);
  assert.deepEqual(loss, ['2 messages from noisy were dropped: more came than could be stored']);
});
