import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { ConfigDesk } from './config-desk.ts';
import { rollback } from './config-rollback.ts';
import { Fleet, hastyClock, refusal, spec } from './test-fleet.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

const web = 'web' as InstanceName;

async function apply(fleet: Fleet, text: string, reason: string, who = 'ann'): Promise<void> {
  const flags = { dryRun: false, prune: false, takeOver: false };
  await fleet.scheduler.apply({ source: 's.yaml', text, ...flags, reason }, who);
}

async function applied(fleet: Fleet, text: string, reason: string, who = 'ann'): Promise<void> {
  await apply(fleet, text, reason, who);
  await fleet.quiet();
}

function goBack(fleet: Fleet, to: number | null = null, key: string | null = null) {
  return rollback(web, { to, reason: '', who: 'bob', key }, fleet);
}

async function history(fleet: Fleet) {
  return (await new ConfigDesk(fleet.store).history(web)).map(
    ({ version, who, reason }) => `${version} ${who}: ${reason}`,
  );
}

test('each other text or image is a version with who and why, and nothing else is', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  await applied(fleet, spec('two'), 'a new word', 'bob');
  await applied(fleet, spec('two').replace('tier: 1', 'tier: 2'), 'less important');
  await applied(fleet, spec('two'), 'as it was');
  assert.deepEqual(await history(fleet), ['2 bob: a new word', '1 ann: applied']);
  const desk = new ConfigDesk(fleet.store);
  const first = await desk.show(web, 1);
  assert.match(first.content.config, /string "one"/);
  assert.match(first.rendered, /^ {4}description bridgehead-[0-9a-f]{64}$/m);
  const diff = { from: null, to: null, isRendered: false };
  assert.match((await desk.diff(web, diff)).diff, /^-.*"one"\n\+.*"two"$/m);
  assert.match((await desk.diff(web, { ...diff, isRendered: true })).diff, /^-.*description /m);
  assert.equal((await desk.diff(web, { ...diff, from: 2, to: 2 })).diff, '');
  await assert.rejects(desk.show(web, 3), refusal('NOT_FOUND', /no version 3/));
  await assert.rejects(desk.show('other' as InstanceName, null), refusal('NOT_FOUND', /other/));
});

test('applies in a row: each is refused as busy or ends well, and the last is what runs', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  for (let at = 1; at <= 12; ) {
    try {
      await apply(fleet, spec(`storm-${at}`), `storm ${at}`);
      at += 1;
    } catch (error) {
      assert.equal((error as BridgeheadError).code, 'BUSY', String(error));
      await systemClock.sleep(5);
    }
  }
  await fleet.quiet();
  const begun = await fleet.store.transact((tx) =>
    tx.operations({ kinds: ['configure'], limit: 99 }),
  );
  assert.equal(begun.length, 12);
  assert.deepEqual([...new Set(begun.map(({ state }) => state))], ['done']);
  const { configHash } = await fleet.instance();
  const [source] = fleet.owners();
  assert.ok(source !== undefined);
  assert.equal([...fleet.agent(source).shown.values()][0]?.configHash, configHash);
  assert.equal((await history(fleet)).length, 13);
  assert.match((await new ConfigDesk(fleet.store).show(web, null)).content.config, /"storm-12"/);
});

test('a rollback makes a new version equal to the old one, and the host follows', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const { configHash } = await fleet.instance();
  await applied(fleet, spec('two'), 'worse');
  const { operations } = await goBack(fleet);
  assert.equal(operations[0]?.kind, 'configure');
  await fleet.quiet();
  const [source] = fleet.owners();
  assert.ok(source !== undefined);
  assert.equal([...fleet.agent(source).shown.values()][0]?.configHash, configHash);
  assert.equal((await fleet.instance()).configHash, configHash);
  assert.deepEqual((await history(fleet))[0], '3 bob: rollback to what it had before');
  const [one, three] = await Promise.all(
    [1, 3].map((version) => new ConfigDesk(fleet.store).show(web, version)),
  );
  assert.deepEqual(one?.content, three?.content);
});

test('a rollback is judged anew by the image, and one that it refuses changes nothing', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  await applied(fleet, spec('two'), 'better');
  for (const agent of fleet.agents) agent.fault = 'refuse-config';
  await assert.rejects(goBack(fleet, 1), refusal('CONFIG_REFUSED', /rollback of web to version 1/));
  assert.equal((await history(fleet)).length, 2);
});

test('what is equal, locked or gone is no target of a rollback', async () => {
  await using fleet = await Fleet.serving(await databases.fresh(), hastyClock);
  await assert.rejects(goBack(fleet), refusal('CONFIG_SAME', /no other configuration/));
  await assert.rejects(goBack(fleet, 1), refusal('CONFIG_SAME', /version 1 already/));
  await assert.rejects(goBack(fleet, 7), refusal('NOT_FOUND', /no version 7/));
  await applied(fleet, spec('two'), 'better');
  for (const agent of fleet.agents) agent.fault = 'never-serve';
  await fleet.apply(spec('three'));
  await assert.rejects(goBack(fleet), refusal('BUSY', /instance\/web/));
});

test('a repeated rollback is answered as before, and does not go forth again', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  await applied(fleet, spec('two'), 'worse');
  const first = await goBack(fleet, null, 'key');
  await fleet.quiet();
  assert.deepEqual(await goBack(fleet, null, 'key'), first);
  assert.equal((await history(fleet)).length, 3);
});

test('a dry run shows what changes in what HAProxy reads', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const flags = { dryRun: true, prune: false, takeOver: false };
  const request = { source: 's.yaml', text: spec('two'), ...flags };
  const { changes } = await fleet.scheduler.apply(request, 'ann');
  const fields = changes.find(({ name }) => name === 'web')?.fields ?? [];
  assert.deepEqual(
    fields.map(({ field }) => field),
    ['config', 'rendered'],
  );
  assert.match(fields[1]?.after ?? '', /-.*description .*\n\+.*description /);
});
