import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { HostName } from '../domain/ids.ts';
import { readQuery } from '../logs/query.ts';
import type { KernelFrame } from '../protocol/kernel-frames.ts';
import type { LogStore } from '../store/log-store.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { KernelIntake } from './kernel-intake.ts';
import { modelFacts } from './model-agent.ts';

const host = 'lb-1' as HostName;

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

function intakeOf(store: Pick<LogStore, 'appendOnce'>): { intake: KernelIntake; told: string[] } {
  const told: string[] = [];
  const onMessage = ({ text }: { text: string }) => told.push(text);
  const log = () => undefined;
  return { intake: new KernelIntake({ store, clock: systemClock, onMessage, log }), told };
}

function frameOf(records: KernelFrame['records'], source = 'kmsg', boot = 'boot-1'): KernelFrame {
  return { type: 'kernel', batch: 1, boot, source, records };
}

const record = (sequence: number, text: string) => ({
  ...{ sequence, saidMs: 5 },
  text: `3,${sequence},${sequence}000000,-;${text}`,
});

async function stored(store: PostgresStore, query = '') {
  const wanted = { sinceMs: null, untilMs: null, afterId: null, limit: 100 };
  return store.logs.search({ terms: readQuery(query), ...wanted });
}

test('what comes twice is stored once and told on once, also by another scheduler', async () => {
  await using store = await databases.fresh();
  const { intake, told } = intakeOf(store.logs);
  const frame = frameOf([record(7, 'one'), record(8, 'two')]);
  assert.equal(await intake.take(host, frame), true);
  assert.equal(await intake.take(host, frameOf([record(8, 'two'), record(9, 'three')])), true);
  assert.equal(await intakeOf(store.logs).intake.take(host, frame), true);
  // The same numbers of another boot, and of another host, are others.
  await intake.take(host, frameOf([record(7, 'later')], 'kmsg', 'boot-2'));
  await intake.take('lb-2' as HostName, frame);
  const rows = await stored(store);
  assert.deepEqual(
    rows.map((one) => `${one.host} ${one.boot} ${one.sequence} ${one.text}`),
    [
      'lb-1 boot-1 7 [    7.000000] one',
      'lb-1 boot-1 8 [    8.000000] two',
      'lb-1 boot-1 9 [    9.000000] three',
      'lb-1 boot-2 7 [    7.000000] later',
      'lb-2 boot-1 7 [    7.000000] one',
      'lb-2 boot-1 8 [    8.000000] two',
    ],
  );
  assert.deepEqual(
    [rows[0]?.form, rows[0]?.facility, rows[0]?.severity, rows[0]?.source, rows[0]?.saidMs],
    ['kernel', 0, 3, 'kmsg', 5],
  );
  assert.equal(told.filter((text) => text.endsWith('two')).length, 2);
  assert.deepEqual(intake.counts, { received: 7, stored: 6, lostOnHosts: 0 });
});

test('a boot is searched by the beginning of its id, or by its place among its host’s', async () => {
  await using store = await databases.fresh();
  const { intake } = intakeOf(store.logs);
  const facts = (bootId: string) => ({ ...modelFacts, bootId });
  await store.boots.heard('lb-1', facts('aa_1'), 1_000_000);
  await store.boots.heard('lb-1', facts('ab-2'), 2_000_000);
  await intake.take(host, frameOf([record(1, 'first')], 'kmsg', 'aa_1'));
  await intake.take(host, frameOf([record(1, 'second')], 'kmsg', 'ab-2'));
  await intake.take('lb-2' as HostName, frameOf([record(1, 'other')], 'kmsg', 'aax1'));
  await intake.take(host, frameOf([record(1, 'nobody knows')], 'pstore/x', ''));
  const found = async (query: string) =>
    (await stored(store, query)).map(({ text }) => text.replace(/^.*\] /, ''));
  assert.deepEqual(await found('boot:aa_'), ['first']);
  assert.deepEqual(await found('boot:a'), ['first', 'second', 'other']);
  assert.deepEqual(await found('host:lb-1 boot:0'), ['second']);
  assert.deepEqual(await found('host:lb-1 boot:-1'), ['first']);
  assert.deepEqual(await found('host:lb-1 boot:-2'), []);
  assert.deepEqual(await found('host:lb-1 -boot:-1'), ['second', '3,1,1000000,-;nobody knows']);
});

test('a loss on the host is counted and stands among its messages; what is no record is kept', async () => {
  await using store = await databases.fresh();
  const { intake } = intakeOf(store.logs);
  const loss = { sequence: 4, saidMs: null, text: '', lost: 3 };
  const odd = { sequence: null, saidMs: null, text: 'what is \0 this' };
  await intake.take(host, frameOf([loss, record(7, 'after'), odd]));
  await intake.take(host, frameOf([loss]));
  const rows = await stored(store);
  assert.deepEqual(
    rows.map(({ form, text }) => `${form} ${text}`),
    [
      'rfc5424 3 messages of this kernel were lost: overwritten before the agent could read them',
      'kernel [    7.000000] after',
      'raw what is \uFFFD this',
    ],
  );
  assert.equal(intake.counts.lostOnHosts, 3);
});

test('what the store does not take is not acknowledged, and what finds no room neither', async () => {
  let isAway = true;
  const sizes: number[] = [];
  const { intake, told } = intakeOf({
    appendOnce: async (messages) => {
      await systemClock.sleep(1);
      if (isAway) throw new Error('away');
      sizes.push(messages.length);
      return messages.length;
    },
  });
  assert.equal(await intake.take(host, frameOf([record(1, 'x')])), false);
  isAway = false;
  const all = Array.from({ length: 256 }, (_, index) => record(index, 'x'));
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) => intake.take(`h-${index}` as HostName, frameOf(all))),
  );
  assert.equal(answers.filter((isKept) => isKept).length, 195);
  assert.equal(told.length, 195 * 256);
  assert.ok(sizes.every((size) => size <= 2_000));
});
