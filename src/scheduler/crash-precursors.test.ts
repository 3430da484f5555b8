import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { crashesIn } from '../crash/cutter.ts';
import type { CrashReport } from '../crash/report.ts';
import { readMessage } from '../logs/message.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { CrashGroupsBook } from './crash-groups.ts';
import { crashPrecursors } from './crash-precursors.ts';

const hourMs = 3_600_000;
const from = Date.UTC(2026, 0, 1);
const text = `[ 8812.000001] BUG: kernel NULL pointer dereference, address: 0000000000000048
[ 8812.000002] CPU: 3 PID: 812 Comm: haproxy Not tainted 6.1.90 #1
[ 8812.000003] RIP: 0010:nic_poll+0x58/0x1c0
[ 8812.000004] Call Trace:
[ 8812.000005]  net_rx_action+0x10/0x90
[ 8812.000006] ---[ end trace 0000000000000000 ]---`;
const [report] = crashesIn(text);

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

async function say(store: PostgresStore, host: string, atMs: number, lines: readonly string[]) {
  await store.logs.append(
    lines.map((line, index) => ({
      ...readMessage(Buffer.from(line), atMs),
      ...{
        receivedMs: atMs + index,
        source: '198.18.0.1',
        host,
        repeats: 1,
        boot: '',
        sequence: null,
      },
    })),
  );
}

/** Ten hosts, of which one dies in each of three hours, with a sign that it alone gives. */
async function scene(store: PostgresStore) {
  assert.ok(report !== undefined);
  for (let hour = 0; hour < 3; hour += 1) {
    const atMs = from + hour * 10 * hourMs;
    for (let number = 0; number < 10; number += 1) {
      const host = `lb-${number}`;
      const isDying = number === hour;
      const lines = [
        `<4>Jan  1 00:00:00 ${host} kernel: [ 8${number}00.000001] aufs: dirperm1 breaks it ${number}`,
        `<30>Jan  1 00:00:00 ${host} sshd[${number}]: Accepted key for user${number}`,
        ...(isDying ? [`[ 8810.000001] nic eth${hour}: transmit ring stuck at ${hour}7`] : []),
        ...(isDying ? text.split('\n') : []),
      ];
      await say(store, host, atMs - 60_000, lines);
      // What somebody says after it, or long before, does not count.
      await say(store, host, atMs - 3 * hourMs, ['[ 1.000001] booting, ring stuck']);
    }
    await store.crashes.add({ atMs, host: `lb-${hour}`, source: '198.18.0.1', boot: '', report });
  }
  return new CrashGroupsBook({ store, clock: systemClock });
}

test('what only dying hosts said is told from what all said in the same hour', async () => {
  await using store = await databases.fresh();
  const book = await scene(store);
  const group = report?.fingerprint.id;
  const result = await crashPrecursors(book, { group, windowMs: hourMs });
  assert.deepEqual([result.crashes, result.healthyWindows, result.lack], [3, 27, null]);
  const [sign, ...others] = result.items;
  assert.match(sign?.template ?? '', /^nic eth<\*>: transmit ring stuck at <\*>$/);
  assert.equal(sign?.verdict, 'before-crashes');
  // A tenth each time: the one of ten hosts that has it is the one that died.
  assert.ok(Math.abs(sign.p - 0.001) < 1e-12);
  assert.deepEqual(
    others.map(({ app, verdict, crashed, healthy }) => [app, verdict, crashed, healthy]),
    [
      ['kernel', 'noise', 3, 27],
      ['sshd', 'noise', 3, 27],
    ],
  );
  const one = await crashPrecursors(book, { report: 1, windowMs: hourMs });
  assert.deepEqual([one.crashes, one.healthyWindows], [1, 9]);
  assert.ok(one.leastP > 0.05);
  assert.equal(one.items[0]?.verdict, 'undecided');
  // A host that is about to crash itself is no healthy one.
  const crash = { host: 'lb-9', source: '198.18.0.1', boot: '', report: report as CrashReport };
  await store.crashes.add({ ...crash, atMs: from + hourMs / 2 });
  const beside = await crashPrecursors(book, { report: 1, windowMs: hourMs });
  assert.deepEqual([beside.crashes, beside.healthyWindows], [1, 8]);
  const wide = await crashPrecursors(book, { report: 1, windowMs: 4 * hourMs });
  assert.ok(wide.items.some(({ template }) => template.startsWith('booting')));
});

test('what cannot be asked is said', async () => {
  await using store = await databases.fresh();
  const book = await scene(store);
  const windowMs = hourMs;
  await assert.rejects(crashPrecursors(book, { windowMs }), /either a report or a group/);
  await assert.rejects(
    crashPrecursors(book, { report: 99, windowMs }),
    /no crash report of number 99/,
  );
  await assert.rejects(crashPrecursors(book, { group: 'v1-no', windowMs }), /of group v1-no/);
});

test('of a window the newest lines of each host are given, the wanted host whatever the limit is', async () => {
  await using store = await databases.fresh();
  await say(store, 'quiet', from, ['one line']);
  await say(store, 'loud', from, ['a', 'b', 'c', 'd']);
  await say(store, '', from, ['of an address']);
  const wanted = { sinceMs: from, untilMs: from + 10, hostsMax: 2, linesMax: 2, host: 'quiet' };
  const found = await store.logWindows.windows(wanted);
  assert.deepEqual(
    found.map(({ host, lines, leftOut }) => [host, lines.map((line) => line.text), leftOut]),
    [
      ['loud', ['c', 'd'], 2],
      ['quiet', ['one line'], 0],
    ],
  );
  const all = await store.logWindows.windows({ ...wanted, hostsMax: 9 });
  assert.equal(all.find(({ host }) => host === '198.18.0.1')?.lines[0]?.text, 'of an address');
});
