import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { InstanceName } from '../domain/ids.ts';
import { type Override, overridesMax, type ServerOverride } from '../domain/live.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { Live } from './live.ts';
import { Fleet, hastyClock, refusal } from './test-fleet.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

const web = 'web' as InstanceName;
const order = { who: 'ann', reason: 'new disk', isKept: false };
const drain: ServerOverride = {
  ...{ kind: 'server', backend: 'api', server: 's1', state: 'drain' },
  ...{ weight: null, address: null, port: null },
};

function liveOf({ store, scheduler }: Fleet): Live {
  const { agents } = scheduler;
  return new Live({ store, clock: systemClock, agents, push: () => scheduler.push() });
}

async function messages({ store }: Fleet): Promise<readonly string[]> {
  const events = await store.events({ object: 'instance/web', limit: 100 });
  return events.filter(({ kind }) => /live|override/.test(kind)).map(({ message }) => message);
}

test('a change is made where the instance is, and recorded with who and why', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const { source, target } = fleet.places();
  await liveOf(fleet).change(web, drain, order);
  assert.deepEqual([source.liveChanges, target.liveChanges], [[drain], []]);
  assert.deepEqual(await messages(fleet), ['server api/s1: drain, by ann: new disk']);
  assert.deepEqual(await liveOf(fleet).kept(web), []);
  source.liveText = 'as HAProxy says';
  assert.equal(await liveOf(fleet).show(web, { what: 'servers' }), 'as HAProxy says');
});

test('what is kept is told to the host, goes along to the next one, and can be removed', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const { source, target } = fleet.places();
  const live = liveOf(fleet);
  await live.change(web, drain, { ...order, isKept: true });
  await live.change(web, { ...drain, state: null, weight: 7 }, { ...order, isKept: true });
  const merged: Override = { ...drain, weight: 7 };
  assert.deepEqual(
    (await live.kept(web)).map(({ override }) => override),
    [merged],
  );
  await fleet.until(async () => source.told[0]?.overrides?.length === 1);
  assert.deepEqual(source.told[0]?.overrides, [merged]);
  assert.equal((await fleet.migrate(target.host)).state, 'done');
  assert.deepEqual(target.told[0]?.overrides, [merged]);
  await live.forget(web, 'server api/s1', order);
  await fleet.until(async () => target.told[0]?.overrides === undefined);
  await assert.rejects(live.forget(web, 'server api/s1', order), refusal('NOT_FOUND'));
  assert.equal((await messages(fleet)).at(-1), 'server api/s1 is kept no longer, by ann: new disk');
});

test('while an operation holds the instance nothing is changed', async () => {
  await using fleet = await Fleet.serving(await databases.fresh(), hastyClock);
  const { source, target } = fleet.places();
  source.fault = 'never-release';
  const running = fleet.migrate(target.host);
  await fleet.until(async () => source.asked.includes('quiesce'));
  await assert.rejects(liveOf(fleet).change(web, drain, order), refusal('BUSY', /migrate web/));
  assert.deepEqual(source.liveChanges, []);
  await running;
});

test('nothing is changed in an instance that does not exist; not more is kept than may be', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const live = liveOf(fleet);
  await assert.rejects(live.change('none' as InstanceName, drain, order), refusal('NOT_FOUND'));
  const { id } = await fleet.instance();
  await fleet.store.transact(async (tx) => {
    for (let at = 0; at < overridesMax; at += 1) {
      const override = { ...drain, server: `t${at}` };
      await tx.putOverride(id, { override, who: 'ann', reason: '', atMs: 1 });
    }
  });
  await assert.rejects(live.change(web, drain, { ...order, isKept: true }), refusal('NO_CAPACITY'));
  assert.equal((await live.kept(web)).length, overridesMax);
});
