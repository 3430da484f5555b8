// Anybody on the segment can say in a host's name, by netconsole, that its kernel has panicked.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { HostName } from '../domain/ids.ts';
import { TestDatabases } from '../store/test-database.ts';
import { Fleet } from './test-fleet.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

const panic = 'Kernel panic - not syncing: Fatal exception';

test('last words of a host that lives have it asked for at once, are told once, and move nothing', async () => {
  const store = await databases.fresh();
  await using fleet = await Fleet.serving(store);
  const { detection } = fleet.scheduler;
  const [address = ''] = (await fleet.hosts())[0]?.facts?.bridges[0]?.addresses ?? [];
  let accused: HostName | null = null;
  await fleet.until(async () => {
    accused = detection.hostOf(address, '');
    return accused !== null;
  });
  const hurried: string[] = [];
  for (const agent of fleet.agents) {
    const send = agent.send.bind(agent);
    agent.send = (frame) => {
      if (frame.type === 'hurry') hurried.push(`${agent.host} asks ${frame.host}`);
      send(frame);
    };
  }
  const owners = fleet.owners();
  for (let said = 0; said < 1_000; said += 1) detection.lastWords(address, panic);
  detection.lastWords('198.51.100.66', panic);

  const others = fleet.agents.filter(({ host }) => host !== accused);
  assert.deepEqual(
    hurried,
    others.map(({ host }) => `${host} asks ${accused}`),
    'its witnesses, once',
  );
  const events = () => store.events({ limit: 1_000 });
  const told = async () => (await events()).filter(({ kind }) => kind === 'host.last-words');
  await fleet.until(async () => (await told()).length > 0);
  await detection.sync();
  assert.deepEqual(
    (await told()).map(({ object, message }) => `${object} ${message}`),
    [`host/${accused} said from ${address}: ${panic}`],
  );
  assert.deepEqual(fleet.owners(), owners);
  assert.ok((await fleet.hosts()).every(({ state }) => state === 'ready'));
  assert.deepEqual(await store.transact((tx) => tx.fences()), []);
});
