import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestDatabases } from '../store/test-database.ts';

import { Fleet, hastyClock, refusal, spec } from './test-fleet.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

test('an applied instance is placed, told and served', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const events = await fleet.store.events({ object: 'instance/web', limit: 10 });
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['instance.created', 'instance.placed'],
  );
  assert.equal((await fleet.instance()).addresses[0]?.address, '198.18.10.1');
});

test('a spec with one fault changes nothing at all', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const bad = spec('two').replace('tier: 1', 'tier: 7');
  await assert.rejects(fleet.apply(bad), refusal('SPEC_INVALID', /^s\.yaml:12:/));
  assert.match((await fleet.instance()).rendered, /one/);
});

test('named addresses are taken before any free one is given out', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  const late = `  - name: late
    owner: team
    service: web
    image: image:1
    addresses: [{ pool: public, address: 198.18.10.1 }]
    config: |
      frontend f
        bind :80
`;
  await fleet.apply(spec('one', late));
  const { instances } = await fleet.store.transact((tx) => tx.fleet());
  assert.deepEqual(
    instances.map(({ spec: { name }, addresses }) => [name, addresses[0]?.address]),
    [
      ['late', '198.18.10.1'],
      ['web', '198.18.10.2'],
    ],
  );
});

test('a deletion waits until the host has let go, and is refused when it does not say so', async () => {
  await using fleet = await Fleet.serving(await databases.fresh(), hastyClock);
  const { source } = fleet.places();
  const empty = 'apiVersion: bridgehead/v1\n';
  source.disconnect();
  await assert.rejects(fleet.apply(empty, true), refusal('HOST_NOT_READY', /web/));
  assert.equal((await fleet.store.transact((tx) => tx.fleet())).instances.length, 1);
  fleet.scheduler.attach(source);
  source.hello();
  await fleet.apply(empty, true);
  assert.deepEqual(fleet.owners(), []);
  assert.equal((await fleet.store.transact((tx) => tx.fleet())).instances.length, 0);
});

test('an agent that falls silent is suspect, and ready again when it is back', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const [agent] = fleet.agents;
  assert.ok(agent !== undefined);
  agent.disconnect();
  await fleet.until(async () => (await fleet.hosts())[0]?.state === 'suspect');
  fleet.scheduler.attach(agent);
  agent.hello();
  await fleet.until(async () => (await fleet.hosts())[0]?.state === 'ready');
});
