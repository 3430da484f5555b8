import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { HostName } from '../domain/ids.ts';
import { TestDatabases } from '../store/test-database.ts';
import { Fleet, hastyClock } from './test-fleet.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

interface Wanted {
  readonly tier: number;
  readonly standbys?: number;
  readonly memoryMib?: number;
}

/** Three hosts with room for 256 MiB each, and instances of 128 MiB unless told otherwise. */
function specOf(instances: Readonly<Record<string, Wanted>>): string {
  const hosts = ['host-1', 'host-2', 'host-3'].map(
    (name) => `  - { name: ${name}, capacity: { instances: 9, memoryMib: 256, cpus: 99 } }\n`,
  );
  const list = Object.entries(instances).map(
    ([name, { tier, standbys = 0, memoryMib = 128 }]) => `  - name: ${name}
    owner: team
    service: ${name}
    tier: ${tier}
    standbys: ${standbys}
    image: image:1
    resources: { memoryMib: ${memoryMib} }
    addresses: [{ pool: public }]
    config: |
      frontend f
        bind :80
`,
  );
  return `apiVersion: bridgehead/v1
pools:
  - { name: public, cidr: 198.18.10.0/24, prefix: 16, gateway: 198.18.0.1, bridge: br0 }
hosts:
${hosts.join('')}instances:
${list.join('')}`;
}

const six = Object.fromEntries(
  Object.entries({ a: 1, b: 1, c: 2, d: 2, e: 3, f: 3 }).map(([name, tier]) => [name, { tier }]),
);

async function serving(fleet: Fleet): Promise<Record<string, string>> {
  const { instances } = await fleet.store.transact((tx) => tx.fleet());
  const names = new Map(instances.map(({ id, spec }) => [id, spec.name]));
  return Object.fromEntries(
    fleet.agents.flatMap(({ host, shown }) =>
      [...shown.values()].flatMap(({ id, linkUp }) => (linkUp ? [[names.get(id), host]] : [])),
    ),
  ) as Record<string, string>;
}

async function eventsOf(fleet: Fleet, ...kinds: string[]): Promise<string[]> {
  const events = await fleet.store.events({ limit: 1_000 });
  return events
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ kind, object }) => `${kind} ${object.replace('instance/', '')}`);
}

/** Waits until exactly these serve, nothing is under way, and no host claims more than it has. */
async function serve(fleet: Fleet, ...names: string[]): Promise<void> {
  const wanted = names.toSorted().join();
  await fleet.until(async () => {
    const now = Object.keys(await serving(fleet))
      .toSorted()
      .join();
    return now === wanted;
  });
  await fleet.quiet();
  assert.equal(
    Object.keys(await serving(fleet))
      .toSorted()
      .join(),
    wanted,
  );
}

async function sheds(fleet: Fleet): Promise<string[]> {
  const state = await fleet.store.transact((tx) => tx.fleet());
  return state.sheds.map(({ instanceId, forInstance, forTier }) => {
    const name = state.instances.find(({ id }) => id === instanceId)?.spec.name;
    return `${name} for ${forInstance}, tier ${forTier}`;
  });
}

test('what is applied and has no room: the least important gives way, and comes back', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  await fleet.apply(specOf(six));
  await serve(fleet, 'a', 'b', 'c', 'd', 'e', 'f');
  await fleet.apply(specOf({ ...six, vital: { tier: 0 } }));
  await fleet.until(async () => 'vital' in (await serving(fleet)));
  await fleet.quiet();
  const [shed = ''] = await sheds(fleet);
  assert.match(shed, /^[ef] for vital, tier 0$/);
  assert.equal((await sheds(fleet)).length, 1);
  const name = shed[0] ?? '';
  assert.deepEqual(await eventsOf(fleet, 'instance.shed'), [`instance.shed ${name}`]);
  // What was acknowledged stays desired, and its address its own.
  const { instances } = await fleet.store.transact((tx) => tx.fleet());
  assert.equal(instances.find(({ spec }) => spec.name === name)?.addresses.length, 1);
  const { c: _, ...fewer } = six;
  await fleet.apply(specOf({ ...fewer, vital: { tier: 0 } }), true);
  await serve(fleet, 'a', 'b', 'd', 'e', 'f', 'vital');
  assert.deepEqual(await sheds(fleet), []);
  assert.deepEqual(await eventsOf(fleet, 'instance.restored'), [`instance.restored ${name}`]);
});

test('while failover is disarmed nothing gives way, and once it is armed it does', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  await fleet.apply(specOf(six));
  await serve(fleet, 'a', 'b', 'c', 'd', 'e', 'f');
  await fleet.scheduler.detection.setDisarmed('a switch is changed', 'ann');
  await fleet.apply(specOf({ ...six, vital: { tier: 0 } }));
  await fleet.scheduler.changed();
  await fleet.scheduler.changed();
  assert.deepEqual(await sheds(fleet), []);
  assert.ok(!('vital' in (await serving(fleet))));
  await fleet.scheduler.detection.setDisarmed(null, 'ann');
  await fleet.until(async () => 'vital' in (await serving(fleet)));
  assert.equal((await sheds(fleet)).length, 1);
});

test('a host that is lost: tier 3 makes room for what it held, and comes back with it', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  // Least important first, so that each host has one of them.
  await fleet.apply(specOf({ e: { tier: 3 }, f: { tier: 3 }, g: { tier: 3 } }));
  await serve(fleet, 'e', 'f', 'g');
  const all = { e: { tier: 3 }, f: { tier: 3 }, g: { tier: 3 } };
  const more = { a: { tier: 0 }, b: { tier: 1 }, c: { tier: 2 } };
  await fleet.apply(specOf({ ...all, ...more }));
  await serve(fleet, 'a', 'b', 'c', 'e', 'f', 'g');
  const lost = fleet.agent((await serving(fleet))['a'] ?? '');
  const also = Object.entries(await serving(fleet)).find(
    ([name, host]) => host === lost.host && name !== 'a',
  )?.[0];
  lost.disconnect();
  await fleet.until(
    async () => (await fleet.hosts()).find(({ name }) => name === lost.host)?.state === 'suspect',
  );
  await fleet.scheduler.changed();
  assert.deepEqual(await sheds(fleet), [], 'a host that is merely silent makes nobody give way');
  await fleet.scheduler.detection.confirmDead(lost.host, 'ann', '');
  lost.shown.clear();
  await fleet.until(async () => (await sheds(fleet)).length === 1);
  await fleet.until(async () => 'a' in (await serving(fleet)));
  await fleet.quiet();
  assert.match((await sheds(fleet))[0] ?? '', /^[efg] for a, tier 0$/);
  const now = await serving(fleet);
  assert.equal(Object.keys(now).length, 4);
  assert.ok(
    ['a', 'b', 'c'].every((name) => name in now),
    JSON.stringify(now),
  );
  assert.ok(!(also !== undefined && also in now));
  fleet.scheduler.attach(lost);
  lost.hello();
  await serve(fleet, 'a', 'b', 'c', 'e', 'f', 'g');
  assert.deepEqual(await sheds(fleet), []);
  const { incidents } = fleet.scheduler;
  await fleet.until(async () => (await incidents.list({ limit: 1 }))[0]?.state === 'recovered');
  const [incident] = await incidents.list({ limit: 1 });
  const [shed, ...rest] = incident?.story.sheds ?? [];
  assert.deepEqual([shed?.forInstance, shed?.tier, rest], ['a', 3, []]);
  assert.ok(shed?.to !== null && shed?.servedMs !== null);
});

test('a standby of what matters less goes before anything that runs', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  const { f: _, ...five } = six;
  const start = { ...five, e: { tier: 3, standbys: 1 } };
  await fleet.apply(specOf(start));
  await fleet.until(async () => {
    const { standbys } = await fleet.store.transact((tx) => tx.fleet());
    return standbys.length === 1;
  });
  await serve(fleet, 'a', 'b', 'c', 'd', 'e');
  await fleet.apply(specOf({ ...start, vital: { tier: 2 } }));
  await serve(fleet, 'a', 'b', 'c', 'd', 'e', 'vital');
  assert.deepEqual(await sheds(fleet), []);
  assert.deepEqual(await eventsOf(fleet, 'standby.shed', 'instance.shed'), ['standby.shed e']);
  await fleet.scheduler.changed();
  const { standbys } = await fleet.store.transact((tx) => tx.fleet());
  assert.deepEqual(standbys, [], 'there is no room for it any more');
});

test('one that gives way in two places does so one after the other', async () => {
  await using fleet = await Fleet.start(await databases.fresh(), hastyClock);
  await fleet.apply(
    specOf({ c: { tier: 3, standbys: 1, memoryMib: 256 }, x: { tier: 0, memoryMib: 256 } }),
  );
  await fleet.until(async () => (await serving(fleet))['c'] !== undefined);
  await fleet.until(
    async () => (await fleet.store.transact((tx) => tx.fleet())).standbys.length === 1,
  );
  const more = { tier: 1, memoryMib: 256 };
  await fleet.apply(
    specOf({
      c: { tier: 3, standbys: 1, memoryMib: 256 },
      x: { tier: 0, memoryMib: 256 },
      a: more,
      b: more,
    }),
  );
  await fleet.until(async () => {
    const now = await serving(fleet);
    return ['a', 'b', 'x'].every((name) => now[name] !== undefined) && now['c'] === undefined;
  });
});

test('several that give way for one: none of them is back in the hole before the other is gone', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  const alike = Object.fromEntries(Object.keys(six).map((name) => [name, { tier: 3 }]));
  await fleet.apply(specOf(alike));
  await serve(fleet, 'a', 'b', 'c', 'd', 'e', 'f');
  await fleet.apply(specOf({ ...alike, vital: { tier: 1, memoryMib: 256 } }));
  await fleet.until(async () => 'vital' in (await serving(fleet)));
  await fleet.quiet();
  assert.equal((await sheds(fleet)).length, 2);
  assert.equal((await eventsOf(fleet, 'instance.shed')).length, 2);
  assert.deepEqual(await eventsOf(fleet, 'instance.restored'), []);
  const host = (await serving(fleet))['vital'] as HostName;
  assert.equal(fleet.agent(host).shown.size, 1);
});

test('one that gave way is more important than others: those give way to it in turn', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  await fleet.apply(specOf(six));
  await serve(fleet, 'a', 'b', 'c', 'd', 'e', 'f');
  // The two of tier 3 are not on one host, so one of them alone does not do.
  await fleet.apply(specOf({ ...six, vital: { tier: 0, memoryMib: 256 } }));
  await serve(fleet, 'a', 'b', 'c', 'd', 'vital');
  assert.deepEqual((await sheds(fleet)).map((text) => text.slice(0, 1)).toSorted(), ['e', 'f']);
});

test('the room of an instance whose host does not let go is given to nobody', async () => {
  await using fleet = await Fleet.start(await databases.fresh(), hastyClock);
  await fleet.apply(specOf(six));
  await serve(fleet, 'a', 'b', 'c', 'd', 'e', 'f');
  for (const agent of fleet.agents) agent.fault = 'never-release';
  await fleet.apply(specOf({ ...six, vital: { tier: 0 } }));
  const shedding = async () =>
    (await fleet.store.transact((tx) => tx.operations({ limit: 100 }))).filter(
      ({ kind }) => kind === 'shed',
    );
  await fleet.until(async () => (await shedding()).some(({ state }) => state === 'undone'));
  const [first] = (await shedding()).filter(({ state }) => state === 'undone');
  assert.match(first?.error?.message ?? '', /does not confirm that it let go/);
  const state = await fleet.store.transact((tx) => tx.fleet());
  const vital = state.instances.find(({ spec }) => spec.name === 'vital');
  assert.ok(state.assignments.every(({ instanceId }) => instanceId !== vital?.id));
  assert.deepEqual(state.sheds, []);
  const others = Object.keys(await serving(fleet)).toSorted();
  assert.deepEqual(others, ['a', 'b', 'c', 'd', 'e', 'f']);
});

test('a host that dies while it is to make room: its failover goes first, and others make room', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  const alike = Object.fromEntries(Object.keys(six).map((name) => [name, { tier: 3 }]));
  await fleet.apply(specOf(alike));
  await serve(fleet, 'a', 'b', 'c', 'd', 'e', 'f');
  for (const agent of fleet.agents) agent.fault = 'never-release';
  await fleet.apply(specOf({ ...alike, vital: { tier: 0 } }));
  const shedding = async () =>
    (await fleet.store.transact((tx) => tx.operations({ limit: 100 }))).filter(
      ({ kind }) => kind === 'shed',
    );
  await fleet.until(async () => (await shedding()).some(({ steps }) => steps.length > 0));
  const [first] = await shedding();
  const dead = fleet.agent(String(first?.args['source']));
  dead.disconnect();
  dead.shown.clear();
  await fleet.until(
    async () => (await fleet.hosts()).find(({ name }) => name === dead.host)?.state === 'suspect',
  );
  for (const agent of fleet.agents) agent.fault = null;
  await fleet.scheduler.detection.confirmDead(dead.host, 'ann', '');
  const now = await fleet.store.transact((tx) => tx.operation(first?.id ?? ''));
  assert.equal(now?.state, 'failed');
  assert.match(now.error?.message ?? '', /gave way to the failover/);
  await fleet.until(async () => 'vital' in (await serving(fleet)));
  await fleet.quiet();
  assert.equal(Object.keys(await serving(fleet)).length, 4);
  const state = await fleet.store.transact((tx) => tx.fleet());
  assert.ok(state.assignments.every(({ host, granted }) => host !== dead.host && granted));
  assert.equal(state.sheds.length, 1, 'what the host held was lost with it, not shed');
});

test('nobody gives way to what matters as little', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  await fleet.apply(specOf(six));
  await serve(fleet, 'a', 'b', 'c', 'd', 'e', 'f');
  await fleet.apply(specOf({ ...six, late: { tier: 3 } }));
  await fleet.scheduler.changed();
  await fleet.scheduler.changed();
  assert.deepEqual(await sheds(fleet), []);
  assert.ok(!('late' in (await serving(fleet))));
  const operations = await fleet.store.transact((tx) => tx.operations({ limit: 100 }));
  assert.ok(operations.every(({ kind }) => kind !== 'shed'));
});
