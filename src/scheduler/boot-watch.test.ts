import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { crashesIn } from '../crash/cutter.ts';
import type { HostName } from '../domain/ids.ts';
import type { Operation } from '../domain/operation.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { BootWatch } from './boot-watch.ts';
import { modelFacts } from './model-agent.ts';

const dayMs = 86_400_000;
const daySeconds = 86_400;
const minuteMs = 60_000;
const from = Date.UTC(2026, 0, 1);
const host = 'host-1' as HostName;

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

/** A watch whose host booted at day 0, and was enrolled at day `enrolled`. */
class Scene {
  readonly store: PostgresStore;
  readonly watch: BootWatch;
  nowMs = from;

  constructor(store: PostgresStore) {
    this.store = store;
    const clock = { ...systemClock, wallMs: () => this.nowMs };
    const log = (message: string, details?: object) => {
      throw new Error(`${message} ${JSON.stringify(details)}`);
    };
    this.watch = new BootWatch({ store, clock, log });
  }

  /** The host's agent speaks at that moment, in a boot that began then. */
  async speaks(bootId: string, startedMs: number, atMs: number, more = {}): Promise<void> {
    this.nowMs = atMs;
    const uptimeS = (atMs - startedMs) / 1_000;
    const facts = { ...modelFacts, bootId, uptimeS, ...more };
    await this.store.transact(async (tx) => {
      await tx.putHost({ name: host, zone: 'z', rack: 'r', labels: {}, capacity: null });
      await tx.setHostFacts(host, facts, atMs);
    });
    await this.watch.look();
  }

  async reports(
    atMs: number,
    uptimeSeconds: number | null,
    kind = 'BUG: kernel NULL pointer dereference, address: 0',
  ): Promise<void> {
    const text = [
      `[ 12.000001] ${kind}`,
      '[ 12.000003] RIP: 0010:nic_poll+0x58/0x1c0',
      '[ 12.000004] Call Trace:',
      '[ 12.000005]  net_rx_action+0x10/0x90',
      '[ 12.000006] ---[ end trace 0000000000000000 ]---',
    ].join('\n');
    const [report] = crashesIn(text);
    assert.ok(report !== undefined);
    await this.store.crashes.add({
      atMs,
      host,
      source: 's',
      boot: '',
      report: { ...report, uptimeSeconds },
    });
    await this.watch.look();
  }

  async drained(endedMs: number): Promise<void> {
    const operation: Operation = {
      ...{ id: randomUUID(), kind: 'drain', objects: [`host/${host}`], args: { host } },
      ...{ who: 'admin', reason: 'new kernel', state: 'done', observed: {}, steps: [] },
      ...{ isForward: false, session: null, token: 1, cancelledBy: null, parentId: null },
      ...{ requestedMs: endedMs - 1, startedMs: endedMs - 1, endedMs, error: null },
    };
    await this.store.transact((tx) => tx.putOperation(operation));
  }

  async boots() {
    const list = await this.store.boots.list({ host: null, limit: 1_000 });
    return list.map(({ bootId, ended }) => [bootId, ended === null ? 'up' : ended.by]);
  }
}

test('a boot is watched from when its agent was first heard, and its last sign is kept', async () => {
  await using store = await databases.fresh();
  const scene = new Scene(store);
  await scene.speaks('a', from, from + 40 * dayMs);
  await scene.speaks('a', from, from + 40 * dayMs + minuteMs / 2);
  await scene.speaks('a', from, from + 50 * dayMs, { docker: '27.0' });
  const [boot] = await store.boots.list({ host, limit: 10 });
  assert.deepEqual(
    [boot?.startedMs, boot?.firstSeenMs, boot?.lastSeenMs, boot?.ended, boot?.facts.docker],
    [from, from + 40 * dayMs, from + 50 * dayMs, null, '27.0'],
  );
  assert.deepEqual(await store.boots.list({ host: 'host-2', limit: 10 }), []);
});

test('a reboot after a drain was planned, one out of the blue is unknown', async () => {
  await using store = await databases.fresh();
  const scene = new Scene(store);
  await scene.speaks('a', from, from + minuteMs);
  await scene.speaks('a', from, from + 3 * dayMs);
  await scene.drained(from + 3 * dayMs + minuteMs);
  await scene.speaks('b', from + 3 * dayMs + 9 * minuteMs, from + 3 * dayMs + 10 * minuteMs);
  await scene.speaks('c', from + 20 * dayMs, from + 20 * dayMs + minuteMs);
  assert.deepEqual(await scene.boots(), [
    ['c', 'up'],
    ['b', 'unknown'],
    ['a', 'planned'],
  ]);
  const [, , first] = await store.boots.list({ host, limit: 10 });
  assert.equal(first?.ended?.atMs, from + 3 * dayMs);
});

test('a report ends the boot that it is of, unless the host speaks on', async () => {
  await using store = await databases.fresh();
  const scene = new Scene(store);
  await scene.speaks('a', from, from + 10 * dayMs);
  await scene.reports(
    from + 10 * dayMs + 5_000,
    10 * daySeconds,
    'WARNING: CPU: 0 PID: 1 at net/core/dev.c:1 nic_poll+0x1/0x2',
  );
  assert.deepEqual(await scene.boots(), [['a', 'up']]);
  await scene.reports(from + 10 * dayMs + 9_000, 10 * daySeconds);
  assert.deepEqual(await scene.boots(), [['a', 'crash']]);
  await scene.speaks('a', from, from + 10 * dayMs + 5 * minuteMs);
  assert.deepEqual(await scene.boots(), [['a', 'up']], 'an oops that it lived through');
  const other = new Scene(store);
  other.nowMs = scene.nowMs;
  await other.watch.look();
  assert.deepEqual(await scene.boots(), [['a', 'up']], 'also for who reads it later');
  await scene.speaks('a', from, from + 12 * dayMs);
  await scene.reports(from + 12 * dayMs + 9_000, 12 * daySeconds);
  // What a dying kernel says next is not its cause.
  await scene.reports(
    from + 12 * dayMs + 11_000,
    12 * daySeconds + 2,
    'kernel BUG at net/core/dev.c:2!',
  );
  await scene.speaks('b', from + 12 * dayMs + minuteMs, from + 12 * dayMs + 2 * minuteMs);
  assert.deepEqual(await scene.boots(), [
    ['b', 'up'],
    ['a', 'crash'],
  ]);
  const [, first] = await store.boots.list({ host, limit: 10 });
  assert.equal(first?.ended?.atMs, from + 12 * dayMs + 9_000);
  assert.equal((await store.crashes.find(first.crashId ?? 0))?.atMs, from + 12 * dayMs + 9_000);
});

test('a report that comes to light after the reboot is of the boot before, also of one drained', async () => {
  await using store = await databases.fresh();
  const scene = new Scene(store);
  await scene.speaks('a', from, from + 30 * dayMs);
  await scene.drained(from + 30 * dayMs + 1);
  const restartedMs = from + 30 * dayMs + 5 * minuteMs;
  await scene.speaks('b', restartedMs, restartedMs + minuteMs);
  assert.deepEqual((await scene.boots()).at(-1), ['a', 'planned']);
  await scene.reports(restartedMs + 2 * minuteMs, 30 * daySeconds + 60);
  assert.deepEqual((await scene.boots()).at(-1), ['a', 'crash']);
  // Another scheduler that starts later reads all reports again, and ends nothing else.
  const later = new Scene(store);
  later.nowMs = scene.nowMs;
  await later.watch.look();
  assert.deepEqual(await scene.boots(), [
    ['b', 'up'],
    ['a', 'crash'],
  ]);
});

test('of a host that boots all day the newest two hundred boots are kept', async () => {
  const url = await databases.create();
  await using store = await databases.open(new URL(url).pathname.slice(1));
  const scene = new Scene(store);
  const client = await databases.connect(new URL(url).pathname.slice(1));
  await client.query(
    `insert into boots (host, boot_id, started_ms, first_seen_ms, last_seen_ms, facts)
    select $1, 'boot-' || n, n, n, n, '{}' from generate_series(0, 203) n`,
    [host],
  );
  await client.end();
  await store.boots.heard(host, { ...modelFacts, bootId: 'boot-204', uptimeS: 1 }, from);
  const kept = await scene.boots();
  assert.equal(kept.length, 200);
  assert.deepEqual(kept[0], ['boot-204', 'up']);
});
