import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { HostName } from '../domain/ids.ts';
import type { CertificatesFrame } from '../protocol/certificate-views.ts';
import type { SchedulerFrame } from '../protocol/frames.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { host, instance, pool, seeded } from '../store/store-contract-rows.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { testCertificate } from '../trust/test-certificates.ts';
import { CertificateDesk, dueWarning } from './certificate-desk.ts';
import { certificateFaults } from './certificate-needs.ts';
import { refusal } from './test-fleet.ts';

const dayMs = 86_400_000;
let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

const first = await testCertificate({ name: 'shop.example', serial: '0a' });
const second = await testCertificate({ name: 'shop.example', serial: '0b' });
const other = 'host-2' as HostName;
const named = (name: string) => `# Managed\n# certificate ${name}\nglobal\n`;

/** A desk of two hosts, of which the first has the one instance that names `shop.pem`. */
class Bench {
  readonly desk: CertificateDesk;
  readonly events: { readonly kind: string; readonly object: string; readonly message: string }[] =
    [];
  readonly sent: { readonly host: HostName; readonly frame: CertificatesFrame }[] = [];
  nowMs = systemClock.wallMs();

  constructor(store: PostgresStore) {
    const send = (to: HostName, frame: SchedulerFrame) => {
      assert.equal(frame.type, 'certificates');
      if (frame.type === 'certificates') this.sent.push({ host: to, frame });
    };
    this.desk = new CertificateDesk({
      ...{ store, certificates: store.certificates, log: () => undefined },
      clock: { ...systemClock, wallMs: () => this.nowMs },
      agents: () => ({ connected: [host, other], send }),
      warnDays: [30, 14, 7, 1],
      event: (kind, object, message) => this.events.push({ kind, object, message }),
    });
  }

  add({ certificate, key }: typeof first, owner?: string) {
    const request = {
      chain: certificate,
      privateKey: key,
      ...(owner === undefined ? {} : { owner }),
    };
    return this.desk.add('shop.pem', request, 'ann');
  }

  /** What was sent since the last call: to whom, and the names. */
  deliveries(): readonly (readonly [HostName, string])[] {
    return this.sent
      .splice(0)
      .map((one) => [one.host, one.frame.items.map(({ name }) => name).join(' ')] as const);
  }
}

async function bench(): Promise<{ readonly store: PostgresStore; readonly bench: Bench }> {
  const store = await databases.fresh();
  await seeded(store);
  await store.transact(async (tx) => {
    await tx.putHost({ name: other, zone: 'z', rack: 'r', labels: {}, capacity: null });
    await tx.putInstance({ ...instance(1), rendered: named('shop.pem') });
    await tx.putAssignment({ instanceId: instance(1).id, host, epoch: 1 as never, granted: true });
  });
  assert.ok(pool.name);
  return { store, bench: new Bench(store) };
}

test('a certificate and its key go to hosts that need it and to no other; a renewal at once', async () => {
  const { store, bench: at } = await bench();
  await using opened = store;
  const view = await at.add(first);
  assert.deepEqual([view.names[0], view.usedBy], ['shop.example', ['web-1']]);
  const [{ frame } = { frame: null }] = at.sent;
  assert.match(frame?.items[0]?.pem ?? '', /BEGIN CERTIFICATE[^]*BEGIN PRIVATE KEY/);
  assert.deepEqual(at.deliveries(), [[host, 'shop.pem']]);
  await at.desk.deliver();
  assert.deepEqual(at.deliveries(), [], 'nothing is sent twice');
  const renewed = await at.add(second);
  assert.ok(renewed.version > view.version);
  assert.deepEqual(at.deliveries(), [[host, 'shop.pem']]);
  at.desk.attach({ host });
  await at.desk.deliver();
  assert.deepEqual(at.deliveries(), [[host, 'shop.pem']], 'a new stream knows of nothing');
  await opened.transact((tx) => tx.putStandby({ instanceId: instance(1).id, host: other }));
  await at.desk.deliver();
  assert.deepEqual(at.deliveries(), [[other, 'shop.pem']], 'who stands by needs it as well');
  await opened.transact((tx) => tx.deleteInstance(instance(1).id));
  await at.desk.deliver();
  assert.deepEqual(
    new Map(at.deliveries()),
    new Map([
      [host, ''],
      [other, ''],
    ]),
  );
});

test('one that is named stays; nothing that is kept or said has the key in it', async () => {
  const { store, bench: at } = await bench();
  await using opened = store;
  await at.add(first, 'team');
  await assert.rejects(at.desk.remove('shop.pem', 'ann'), refusal('IN_USE', /web-1/));
  await assert.rejects(at.add(second, 'strangers'), refusal('IN_USE', /web-1 of team/));
  await opened.transact((tx) => tx.deleteInstance(instance(1).id));
  const shown = JSON.stringify([await at.desk.list(), await at.desk.find('shop.pem'), at.events]);
  const secret = first.key.split('\n')[1] ?? '';
  assert.ok(secret.length > 40);
  assert.ok(!shown.includes(secret) && !shown.includes('PRIVATE'));
  await at.desk.remove('shop.pem', 'ann');
  await assert.rejects(at.desk.find('shop.pem'), refusal('NOT_FOUND'));
  await assert.rejects(at.desk.remove('shop.pem', 'ann'), refusal('NOT_FOUND'));
  assert.deepEqual(
    at.events.map(({ kind }) => kind),
    ['certificate.added', 'certificate.removed'],
  );
});

test('people are told once at each threshold, by one scheduler, and anew after a renewal', async () => {
  const { store, bench: at } = await bench();
  await using opened = store;
  const untilMs = at.nowMs + 90 * dayMs;
  await at.add(await testCertificate({ name: 'a', untilMs }));
  const second = new Bench(opened);
  const kinds: string[] = [];
  for (const left of [31, 30, 29, 14, 8, 6, 2, 0.5, 0.4, -1, -2]) {
    at.nowMs = untilMs - left * dayMs;
    second.nowMs = at.nowMs;
    at.events.length = 0;
    await Promise.all([at.desk.watch(), second.desk.watch()]);
    const told = [...at.events, ...second.events.splice(0)];
    kinds.push(`${left}: ${told.map(({ message }) => message.replace(/, on .*/, '')).join()}`);
    if (left === 6) assert.match(told[0]?.message ?? '', /used by web-1/);
  }
  assert.deepEqual(
    kinds.map((one) => one.replace(/ on \d.*/, '')),
    [
      ...['31: ', '30: expires in 30 days', '29: ', '14: expires in 14 days', '8: '],
      ...['6: expires in 6 days', '2: ', '0.5: expires in less than a day', '0.4: '],
      ...['-1: expired', '-2: '],
    ],
  );
});

test('the threshold that counts is the smallest that was reached', () => {
  assert.equal(dueWarning(40 * dayMs, [30, 7]), null);
  assert.equal(dueWarning(30 * dayMs, [30, 7]), 30);
  assert.equal(dueWarning(6 * dayMs, [30, 7]), 7);
  assert.equal(dueWarning(0, [30, 7]), 0);
});

test('a configuration may name what there is and belongs to its owner or everybody', () => {
  const config =
    'frontend f\n  bind :443 ssl crt mine.pem crt all.pem crt theirs.pem crt none.pem\n';
  const owners = new Map([
    ['mine.pem', 'team'],
    ['all.pem', ''],
    ['theirs.pem', 'others'],
  ]);
  const faults = certificateFaults({ config, owner: 'team' }, owners);
  assert.deepEqual(
    faults.map(({ line, message }) => `${line}: ${message.split(':')[0]}`),
    [
      '2: certificate theirs.pem belongs to others, not to team',
      '2: there is no certificate none.pem',
    ],
  );
  const list = { name: 'sites.txt', sha256: '', sizeBytes: 1, path: null };
  const text = 'frontend web\n    bind :443 ssl crt-list sites.txt\n';
  const attachments = [{ ...list, certificates: ['all.pem', 'none.pem', 'theirs.pem'] }];
  assert.deepEqual(
    certificateFaults({ config: text, owner: 'team', attachments }, owners).map(
      ({ line, message }) => `${line}: ${message.split(':')[0]}`,
    ),
    [
      '2: there is no certificate none.pem of sites.txt',
      '2: certificate theirs.pem of sites.txt belongs to others, not to team',
    ],
  );
});
