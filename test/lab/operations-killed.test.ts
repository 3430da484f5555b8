// Locks and journal on a real PostgreSQL, with clients that are killed without warning at any
// moment: whatever was cut short, nothing overlaps, nothing is lost and nothing stays locked.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import type { Operation } from '../../src/domain/operation.ts';
import { TestDatabases } from '../../src/store/test-database.ts';
import { systemClock } from '../../src/system/clock.ts';

const program = resolve(import.meta.dirname, 'operations-client.ts');
const clientsAtOnce = 4;
const kills = 16;
const restMaxMs = 40_000;
const auditRow = z.object({ id: z.string(), token: z.number(), what: z.string() });

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

test('operations of clients that are killed end by themselves, one at a time on an object', async (context) => {
  const url = await databases.create();
  await using store = await databases.open(new URL(url).pathname.slice(1));
  const told = new Set<string>();
  const keys = new Map<string, Set<string>>();
  const clients: ChildProcess[] = [];
  const sleepers: Promise<void>[] = [];
  const start = (...more: string[]) => {
    const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
    const child = spawn(process.execPath, [program, url, `client-${clients.length}`, ...more], {
      stdio,
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [what, first = '', second = ''] = line.split(' ');
      if (what === 'told') told.add(first);
      else keys.set(first, (keys.get(first) ?? new Set()).add(second));
    });
    clients.push(child);
  };
  const living = () =>
    clients.filter((child) => child.exitCode === null && child.signalCode === null);
  try {
    for (let count = 0; count < clientsAtOnce; count += 1) start();
    await until(() => told.size > 10);
    for (let count = 0; count < kills; count += 1) {
      await systemClock.sleep(100 + Math.random() * 500);
      const victim = living()[Math.floor(Math.random() * living().length)];
      if (count % 4 === 3) await cutOff(url, victim?.pid ?? 0);
      else if (count % 4 === 2) {
        // Longer than its lease: when it goes on, what it carried is somebody else's.
        victim?.kill('SIGSTOP');
        sleepers.push(systemClock.sleep(2_500).then(() => void victim?.kill('SIGCONT')));
      } else {
        victim?.kill('SIGKILL');
        start();
      }
    }
    await Promise.all(sleepers);
    await systemClock.sleep(500);
    for (const child of living()) child.kill('SIGKILL');
    start('cleaning');
    const open = () => store.transact((tx) => tx.openOperations());
    await until(async () => (await open()).length === 0);
  } finally {
    for (const child of living()) child.kill('SIGKILL');
  }

  const all = await store.transact((tx) => tx.operations({ limit: 100_000 }));
  const operations = new Map(all.map((one) => [one.id, one]));
  const events = await store.events({ afterId: 0, limit: 100_000 });
  const audit = events.map((event) => ({
    object: event.object,
    ...auditRow.parse(JSON.parse(event.message)),
  }));
  const taken = new Map<string, Set<number>>();
  for (const { id, token } of audit) taken.set(id, (taken.get(id) ?? new Set()).add(token));
  const takeovers = [...taken.values()].filter(({ size }) => size > 1).length;
  const undone = all.filter(({ state }) => state === 'undone').length;
  context.diagnostic(
    `${all.length} operations, ${takeovers} taken over, ${undone} undone, ${kills} kills`,
  );
  assert.ok(all.length > 20, 'they were at work');
  assert.deepEqual(await store.transact((tx) => tx.locks()), [], 'nothing stays locked');
  for (const id of told) assert.ok(operations.has(id), `operation ${id} was told of and is lost`);
  for (const [key, ids] of keys) assert.equal(ids.size, 1, `key ${key} made ${[...ids].join()}`);
  for (const one of all) checkEnd(one);
  for (const [object, rows] of Map.groupBy(audit, (row) => row.object)) {
    checkRows(object, rows);
    checkOrder(object, rows, all.toReversed());
  }
});

function checkEnd({ id, state, isForward, startedMs }: Operation): void {
  const legal =
    startedMs === null ? ['cancelled'] : isForward ? ['done'] : ['done', 'undone', 'cancelled'];
  assert.ok(legal.includes(state), `operation ${id} ended ${state}, forward: ${isForward}`);
}

type Row = z.infer<typeof auditRow>;

// One operation after the other, each with its end as its last word, and tokens that only grow.
function checkRows(object: string, rows: readonly Row[]): void {
  const ended = new Set<string>();
  let last: Row | undefined;
  for (const row of rows) {
    assert.ok(
      !ended.has(row.id),
      `${object}: ${row.id} goes on after its end, or after another began`,
    );
    if (last !== undefined && last.id !== row.id) {
      assert.equal(last.what, 'end', `${object}: ${row.id} began before ${last.id} had ended`);
      ended.add(last.id);
    }
    const isOlder: boolean = last?.id === row.id && last.token > row.token;
    assert.ok(!isOlder, `${object}: ${row.id} was written under a token that was taken over`);
    last = row;
  }
  assert.equal(last?.what, 'end', object);
}

// Of those that want this one object alone, who asked first has it first.
function checkOrder(object: string, rows: readonly Row[], asked: readonly Operation[]): void {
  const first = new Map<string, number>();
  for (const [at, { id }] of rows.entries()) if (!first.has(id)) first.set(id, at);
  const order = asked
    .filter(({ objects }) => objects.length === 1 && objects[0] === object)
    .flatMap(({ id }) => first.get(id) ?? []);
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
    `${object}: somebody jumped the queue`,
  );
}

async function cutOff(url: string, pid: number): Promise<void> {
  const client = await databases.connect(new URL(url).pathname.slice(1));
  await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1`,
    [`bridgehead scheduler ${pid}`],
  );
  await client.end();
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + restMaxMs;
  while (systemClock.monotonicMs() < endMs) {
    if (await condition()) return;
    await systemClock.sleep(50);
  }
  assert.fail(`never came true: ${condition.toString()}`);
}
