import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { crashesIn } from '../crash/cutter.ts';
import type { HostName } from '../domain/ids.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { CrashGroupsBook } from './crash-groups.ts';
import { fleetBoots } from './fleet-boots.ts';
import { modelFacts } from './model-agent.ts';

const dayMs = 86_400_000;
const from = Date.UTC(2026, 0, 1);

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

test('boots with what is known of each, and the groups seen in it, as people have merged them', async () => {
  await using store = await databases.fresh();
  await store.transact((tx) =>
    tx.putHost({
      ...{ name: 'host-1' as HostName, zone: 'north', rack: 'r1', labels: { disk: 'nvme' } },
      capacity: null,
    }),
  );
  const hear = (bootId: string, day: number, uptimeDays: number) =>
    store.boots.heard(
      'host-1',
      { ...modelFacts, bootId, uptimeS: uptimeDays * 86_400 },
      from + day * dayMs,
    );
  await hear('a', 20, 20);
  await hear('b', 31, 1);
  const [report] = crashesIn(`[ 12.000001] BUG: kernel NULL pointer dereference, address: 0
[ 12.000003] RIP: 0010:nic_poll+0x58/0x1c0
[ 12.000004] Call Trace:
[ 12.000005]  net_rx_action+0x10/0x90
[ 12.000006] ---[ end trace 0000000000000000 ]---`);
  assert.ok(report !== undefined);
  const add = (day: number, uptimeDays: number, boot = '') =>
    store.crashes.add({
      ...{ atMs: from + day * dayMs, host: 'host-1', source: 's', boot },
      report: { ...report, uptimeSeconds: uptimeDays * 86_400 },
    });
  await add(15, 15);
  await add(10, 10);
  // Found by pstore a day into the next boot.
  await add(31, 29.5, 'a');
  const book = new CrashGroupsBook({ store, clock: systemClock });
  const id = report.fingerprint.id;
  const hosts = async () => (await store.transact((tx) => tx.fleet())).hosts;
  const [b, a] = await fleetBoots(book, hosts, { host: null, limit: 10 });
  assert.deepEqual([b?.bootId, b?.groups], ['b', []]);
  assert.deepEqual(
    [a?.startedMs, a?.firstSeenMs, a?.ended?.by],
    [from, from + 20 * dayMs, 'unknown'],
  );
  assert.deepEqual(a?.groups, [{ id, atMs: from + 10 * dayMs }]);
  assert.deepEqual(a.facts, {
    ...{ kernel: '6.1.0', docker: '20.10', agent: '0', cpus: '4', memoryGib: '8' },
    ...{ nicDriver: 'veth', bridges: '1', vlanAware: 'no', haproxy: '2.6.12' },
    ...{ zone: 'north', rack: 'r1', 'label:disk': 'nvme' },
  });
  await book.decide({ kind: 'split', group: id, by: 'host', reason: 'odd' }, 'eva');
  const [, split] = await fleetBoots(book, hosts, { host: 'host-1', limit: 10 });
  assert.equal(split?.groups[0]?.id, `${id}/host=host-1`);
});
