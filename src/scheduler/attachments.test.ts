import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { HostName, InstanceName } from '../domain/ids.ts';
import { attachmentsIn } from '../haproxy/attachments.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { AttachmentDesk } from './attachment-desk.ts';
import { ConfigDesk } from './config-desk.ts';
import { rollback } from './config-rollback.ts';
import { Live } from './live.ts';
import { Fleet, refusal, spec } from './test-fleet.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const attaching = spec('%[src,map(hosts.map)]')
  .replace('string', 'lf-string')
  .concat('    attachments: { hosts.map: { file: maps/hosts.map } }\n');

function apply(fleet: Fleet, content: string, text = attaching, prune = false) {
  const files = { 'maps/hosts.map': Buffer.from(content).toString('base64') };
  const more = { dryRun: false, prune, takeOver: false };
  return fleet.scheduler.apply({ source: 's.yaml', text, ...more, files }, 'ann');
}

async function given(fleet: Fleet, host: HostName, content: string): Promise<string | null> {
  using found = await fleet.scheduler.attachments.give(host, hashOf(content));
  return found === null ? null : Buffer.from(found.bytes).toString();
}

test('an attachment goes to the hosts of its instance, and a change of it is one to run', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  await apply(fleet, 'one');
  await fleet.until(async () => fleet.owners().length === 1);
  const { source, target } = fleet.places();
  const first = await fleet.instance();
  assert.deepEqual(attachmentsIn(first.rendered), [{ name: 'hosts.map', sha256: hashOf('one') }]);
  assert.match(first.rendered, /map\(\/etc\/haproxy\/attachments\/hosts\.map\)/);
  assert.equal(await given(fleet, source.host, 'one'), 'one');
  assert.equal(await given(fleet, target.host, 'one'), null);
  await fleet.quiet();
  const live = new Live({
    ...{ store: fleet.store, clock: systemClock, agents: fleet.scheduler.agents },
    push: () => fleet.scheduler.push(),
  });
  const web = 'web' as InstanceName;
  const file = '/etc/haproxy/attachments/hosts.map';
  const entry = { kind: 'map', file: 'hosts.map', key: 'k', value: 'v' } as const;
  source.liveText = '0x1 k v\n';
  await live.change(web, entry, { who: 'ann', reason: '', isKept: true });
  assert.deepEqual(source.liveChanges, [{ ...entry, file }]);
  assert.deepEqual((await live.kept(web))[0]?.override, { ...entry, file });
  await live.forget(web, 'map hosts.map k', { who: 'ann', reason: '' });
  assert.deepEqual(await live.kept(web), []);

  const answer = await apply(fleet, 'two');
  assert.deepEqual(
    answer.changes.at(-1)?.fields.map(({ field }) => field),
    ['attachments'],
  );
  assert.equal(answer.operations.length, 1);
  const second = await fleet.instance();
  assert.notEqual(second.configHash, first.configHash);
  await fleet.until(async () =>
    [...source.shown.values()].some(({ configHash }) => configHash === second.configHash),
  );
  assert.equal(await given(fleet, source.host, 'two'), 'two');
  assert.equal(await given(fleet, source.host, 'one'), 'one', 'of the version before');
  await fleet.quiet();

  const { diff } = await new ConfigDesk(fleet.store).diff(web, {
    ...{ from: null, to: null, isRendered: false },
  });
  assert.match(diff, new RegExp(`^-# attachment ${hashOf('one')} hosts\\.map$`, 'm'));
  assert.match(diff, new RegExp(`^\\+# attachment ${hashOf('two')} hosts\\.map$`, 'm'));

  const more = { to: 1, reason: '', who: 'ann', key: null };
  await rollback(web, more, fleet);
  const { rendered, spec: old } = await fleet.instance();
  assert.equal(rendered, first.rendered);
  assert.deepEqual(old.attachments, first.spec.attachments);
  await fleet.quiet();

  await apply(fleet, 'two', 'apiVersion: bridgehead/v1\n', true);
  const left = await fleet.store.transact((tx) => tx.dropUnusedContents());
  assert.equal(left, 0, 'gone with its instance');
});

test('who judges a configuration has its attachments for as long, and nothing is stored', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  const seen: (string | null)[] = [];
  for (const agent of fleet.agents) {
    agent.onValidate = async () => {
      const others = fleet.agents.filter(({ host }) => host !== agent.host);
      seen.push(await given(fleet, agent.host, 'one'));
      for (const { host } of others) seen.push(await given(fleet, host, 'one'));
      return { valid: false, findings: [{ severity: 'alert', line: null, message: 'no' }] };
    };
  }
  await assert.rejects(apply(fleet, 'one'), refusal('CONFIG_REFUSED', /no/));
  assert.deepEqual(seen, ['one', null, null]);
  for (const { host } of fleet.agents) assert.equal(await given(fleet, host, 'one'), null);
});

test('a file that is no attachment is an error with its place, and a missing one in the image too', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  const unattached = spec('%[src,map(hosts.map)]').replace('string', 'lf-string');
  const line = unattached.split('\n').findIndex((text) => text.includes('map(')) + 1;
  await assert.rejects(
    fleet.apply(unattached),
    refusal('SPEC_INVALID', new RegExp(`^s\\.yaml:${line}:\\d+: map 'hosts.map' is no attachment`)),
  );
  for (const agent of fleet.agents) {
    agent.onValidate = async ({ config }) => {
      const at = config.split('\n').findIndex((text) => text.includes('map(')) + 1;
      return { valid: false, findings: [{ severity: 'alert', line: at, message: 'cannot open' }] };
    };
  }
  await assert.rejects(
    fleet.apply(unattached.replace('hosts.map', '/srv/hosts.map')),
    refusal('CONFIG_REFUSED', /cannot open; map '\/srv\/hosts\.map' is no attachment .* add it/),
  );
});

test('no more contents than a few are in memory at once', async () => {
  let open = 0;
  const transact = async () => {
    open += 1;
    return new Uint8Array(1);
  };
  const desk = new AttachmentDesk({ transact: transact as never });
  const asked = Array.from({ length: 40 }, () => desk.give('h' as HostName, 'a'));
  const first = await Promise.all(asked.slice(0, 16));
  assert.equal(open, 16);
  for (const one of first) one?.[Symbol.dispose]();
  for (const one of asked.slice(16)) (await one)?.[Symbol.dispose]();
  assert.equal(open, 40);
});
