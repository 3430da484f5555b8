import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readMessage } from '../logs/message.ts';
import type { CrashStore } from '../store/crash-store.ts';
import type { UnstoredMessage } from '../store/log-store.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { CrashWatch } from './crash-watch.ts';

const story = join(import.meta.dirname, '../../examples/origin-story/lb-1.log');

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

interface Scene {
  readonly watch: CrashWatch;
  readonly events: string[];
  /** Goes by itself only where it is set. */
  nowMs: number;
}

function scene(store: Pick<PostgresStore, 'crashes'>): Scene {
  const events: string[] = [];
  const result = { events, nowMs: 0 } as unknown as Scene & { watch: CrashWatch };
  const clock = { ...systemClock, monotonicMs: () => result.nowMs };
  result.watch = new CrashWatch({
    ...{ store: store.crashes, clock },
    event: (kind, object, message) => events.push(`${kind} ${object} ${message}`),
    log: (message) => events.push(message),
  });
  return result;
}

function said(text: string, source: string, host: string, boot = ''): UnstoredMessage {
  const receivedMs = systemClock.wallMs();
  const message = readMessage(Buffer.from(text), receivedMs);
  return { ...message, receivedMs, source, host, repeats: 1, boot, sequence: null };
}

/** The same line as an agent sends it. */
function sent(text: string, source: string, boot: string, sequence: number, saidMs: number) {
  return { ...said(text, source, 'lb-1', boot), sequence, saidMs };
}

async function until(condition: () => boolean): Promise<void> {
  for (let looks = 0; looks < 500 && !condition(); looks += 1) await systemClock.sleep(10);
}

test('a report that two hosts send at once, one by two ways, is cut out once for each', async () => {
  await using store = await databases.fresh();
  const one = scene(store);
  const lines = (await readFile(story, 'utf8')).trimEnd().split('\n');
  for (const line of lines) {
    one.watch.take(said(line, '198.18.0.11', 'lb-1'));
    one.watch.take(said(line, '198.18.0.12', 'lb-2'));
    // The same by netconsole, where the kernel's own stamp is all there is around it.
    const bare = line.replace(/^.*?(?=\[ *\d+\.\d{6}\])/, '');
    one.watch.take(said(bare, '198.18.0.11', 'lb-1'));
    one.watch.take(
      said('<14>Jan  1 00:00:00 lb-1 app: BUG: of an application', '198.18.0.11', 'lb-1'),
    );
  }
  one.nowMs = 6_000;
  one.watch.look();
  await until(() => one.events.length >= 2);
  const crashes = await store.crashes.list({ host: null, fingerprint: null, limit: 10 });
  assert.deepEqual(crashes.map(({ host }) => host).toSorted(), ['lb-1', 'lb-2']);
  assert.match(crashes[0]?.report.title ?? '', /NULL pointer dereference in check_preempt_wakeup/);
  assert.equal(crashes[0]?.report.host, crashes[0]?.host);
  assert.match(
    one.events[0] ?? '',
    /^host\.crash-report host\/lb-\d .*\(bridgehead crash show \d+\)$/,
  );
  const id = crashes[0]?.id ?? 0;
  assert.deepEqual(await store.crashes.find(id), crashes[0]);
  const of = { host: 'lb-1', fingerprint: crashes[0]?.report.fingerprint.id ?? '', limit: 10 };
  assert.equal((await store.crashes.list(of)).length, 1);
  assert.equal(await store.crashes.find(999_999), null);
});

test('a dying kernel whose last line is in the middle of a trace is read to there', async () => {
  await using store = await databases.fresh();
  const one = scene(store);
  const lines = (await readFile(story, 'utf8')).split('\n');
  const trace = lines.findIndex((line) => line.includes('Call Trace'));
  for (const line of lines.slice(0, trace + 2)) one.watch.take(said(line, '198.18.0.11', ''));
  one.watch.look();
  await systemClock.sleep(100);
  assert.deepEqual(one.events, []);
  one.nowMs = 5_000;
  one.watch.look();
  await until(() => one.events.length > 0);
  const [crash] = await store.crashes.list({ host: null, fingerprint: null, limit: 10 });
  assert.match(crash?.report.title ?? '', /NULL pointer dereference/);
});

test('of a kernel that reports in a loop, or is forged, fifty an hour are kept', async () => {
  await using store = await databases.fresh();
  const one = scene(store);
  const kernel = (text: string) => one.watch.take(said(text, '198.18.0.66', ''));
  const burst = () => {
    for (let count = 0; count < 200; count += 1) {
      kernel(
        `[${100 + 2 * count}.000000] WARNING: CPU: 0 PID: 1 at net/core/dev.c:${count} f${count}+0x1/0x2`,
      );
      kernel(`[${100 + 2 * count}.000001] ---[ end trace 0000000000000000 ]---`);
      kernel('[    0.000000] Linux version 6.1.0');
    }
    one.watch.look();
  };
  const kept = async () =>
    (await store.crashes.list({ host: null, fingerprint: null, limit: 1_000 })).length;
  burst();
  await until(() => one.events.length >= 51);
  assert.equal(await kept(), 50);
  const dropped = one.events.filter((event) => event.startsWith('host.crash-reports-dropped'));
  assert.equal(dropped.length, 1);
  one.nowMs += 3_600_000;
  burst();
  await until(() => one.events.length >= 52);
  assert.ok(one.events.length > 51, 'an hour later they are kept again');
});

test('a crash that is heard by kmsg, netconsole, syslog and pstore is one; in another boot it is another', async () => {
  await using store = await databases.fresh();
  let adds = 0;
  const crashes: CrashStore = {
    list: (wanted) => store.crashes.list(wanted),
    find: (id) => store.crashes.find(id),
    walk: (afterId, limit) => store.crashes.walk(afterId, limit),
    add: async (crash) => {
      const id = await store.crashes.add(crash);
      adds += 1;
      return id;
    },
  };
  const one = scene({ crashes });
  const bare = (await readFile(story, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^.*?(?=\[ *\d+\.\d{6}\])/, ''));
  const nowMs = systemClock.wallMs();
  const laterMs = 3_600_000;
  const kept = () => crashes.list({ host: 'lb-1', fingerprint: null, limit: 10 });
  const end = async (count: number) => {
    one.nowMs += 6_000;
    one.watch.look();
    await until(() => adds === count);
    assert.equal(adds, count);
  };
  for (const [index, line] of bare.entries()) {
    one.watch.take(sent(`<1>${line}`, 'kmsg', 'boot-1', index, nowMs));
    one.watch.take(said(`<1>${line}`, '198.18.0.11', 'lb-1', 'boot-1'));
    one.watch.take(said(`<1>Jan  1 00:00:00 lb-1 kernel: ${line}`, '198.18.0.11', 'lb-1', ''));
  }
  await end(3);
  // After the reboot, an hour later by the scheduler's clock; then a dump whose boot nobody knows.
  for (const [index, line] of bare.entries()) {
    one.watch.take(sent(`<1>${line}`, 'pstore/Panic-1', 'boot-1', index, nowMs + laterMs));
    one.watch.take(sent(`<1>${line}`, 'pstore/Panic-2', '', index, nowMs + 5_000));
  }
  await end(5);
  assert.equal((await kept()).length, 1);
  for (const [index, line] of bare.entries()) {
    one.watch.take(sent(`<1>${line}`, 'kmsg', 'boot-2', index, nowMs + laterMs));
  }
  await end(6);
  const boots = (await kept()).map(({ boot }) => boot);
  assert.deepEqual(boots, ['boot-2', 'boot-1']);
  assert.equal((await kept())[0]?.atMs, nowMs + laterMs);
});
