import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { HostName, InstanceName } from '../domain/ids.ts';
import { TestDatabases } from '../store/test-database.ts';
import { type Fault } from './model-agent.ts';

import { ask, Fleet, hastyClock, refusal, schedulerOn, spec } from './test-fleet.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

test('a migration ends with one owner, a higher epoch and nothing left behind', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const { source, target } = fleet.places();
  const record = await fleet.migrate(target.host);
  assert.equal(record.state, 'done', record.error?.message ?? '');
  assert.deepEqual(fleet.owners(), [target.host]);
  assert.equal(source.shown.size, 0);
  assert.deepEqual(
    record.steps.map(({ name }) => name),
    ['prepare', 'quiesce', 'release', 'switch', 'verify', 'remove'],
  );
  const { assignments, standbys } = await fleet.store.transact((tx) => tx.fleet());
  assert.deepEqual(standbys, []);
  assert.deepEqual(
    assignments.map(({ host, epoch, granted }) => ({ host, epoch, granted })),
    [{ host: target.host, epoch: 3, granted: true }],
  );
});

for (const [fault, where, outcome] of [
  ['never-standby', 'target', 'undone'],
  ['refuse-quiesce', 'source', 'undone'],
  ['blind', 'third', 'done'],
] as readonly (readonly [Fault, 'source' | 'target' | 'third', string])[]) {
  test(`a migration with a ${where} that is "${fault}" is ${outcome}, with one owner`, async () => {
    await using fleet = await Fleet.serving(await databases.fresh());
    const { source, target } = fleet.places();
    const third = fleet.agents.find((one) => one !== source && one !== target);
    const faulty = { source, target, third }[where];
    assert.ok(faulty !== undefined);
    faulty.fault = fault;
    const record = await fleet.migrate(target.host);
    assert.equal(record.state, outcome, record.error?.message ?? '');
    const owner = outcome === 'done' ? target.host : source.host;
    await fleet.until(async () => fleet.owners().length === 1 && fleet.owners()[0] === owner);
    const { standbys } = await fleet.store.transact((tx) => tx.fleet());
    assert.deepEqual(standbys, []);
  });
}

test('a source that never lets go keeps the instance: silence and clinging are no release', async () => {
  await using fleet = await Fleet.serving(await databases.fresh(), hastyClock);
  const { source, target } = fleet.places();
  source.fault = 'never-release';
  const record = await fleet.migrate(target.host);
  assert.equal(record.state, 'undone');
  assert.match(record.error?.message ?? '', /did not confirm that it let go/);
  assert.deepEqual(fleet.owners(), [source.host]);
});

test('a target that is slow to serve still has the grant, and nobody else answers', async () => {
  await using fleet = await Fleet.serving(await databases.fresh(), hastyClock);
  const { source, target } = fleet.places();
  target.fault = 'never-serve';
  const record = await fleet.migrate(target.host);
  assert.equal(record.state, 'failed');
  assert.match(record.error?.message ?? '', /does not say yet that it serves/);
  assert.deepEqual(fleet.owners(), []);
  const { assignments, standbys } = await fleet.store.transact((tx) => tx.fleet());
  assert.deepEqual(
    standbys.map(({ host }) => host),
    [source.host],
    'the source keeps its copy while the target does not serve',
  );
  assert.equal(assignments[0]?.host, target.host);
});

test('a second migration of the same instance is told of the first', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const { target } = fleet.places();
  const attempts = await Promise.allSettled([
    fleet.scheduler.migrate('web' as InstanceName, target.host, ask('ann')),
    fleet.scheduler.migrate('web' as InstanceName, target.host, ask('bob')),
  ]);
  const lost = attempts.filter((one) => one.status === 'rejected');
  assert.equal(lost.length, 1);
  assert.ok(refusal('BUSY', /by (ann|bob), run by one/)(lost[0]?.reason), String(lost[0]?.reason));
  const won = attempts.find((one) => one.status === 'fulfilled');
  assert.ok(won !== undefined);
  await fleet.ended(won.value);
  assert.deepEqual(fleet.owners(), [target.host]);
});

test('refusals name what is wrong with source or target', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const { source, target } = fleet.places();
  const migrate = (name: string, to: string) =>
    fleet.scheduler.migrate(name as InstanceName, to as HostName, ask('ann'));
  await assert.rejects(migrate('nobody', target.host), refusal('NOT_FOUND', /nobody/));
  await assert.rejects(migrate('web', 'host-9'), refusal('NOT_FOUND', /host-9/));
  await assert.rejects(migrate('web', source.host), refusal('ALREADY_THERE'));
  await fleet.scheduler.setCordon(target.host, 'fan', 'ann');
  await assert.rejects(migrate('web', target.host), refusal('HOST_CORDONED', /fan/));
  await fleet.scheduler.setCordon(target.host, null, 'ann');
  const { id } = await fleet.instance();
  const shown = source.shown.get(id);
  assert.ok(shown !== undefined);
  target.shown.set(id, shown);
  target.hello();
  await assert.rejects(migrate('web', target.host), refusal('ADDRESS_LOCAL', /already has/));
  target.shown.delete(id);
  target.hello();
  source.shown.delete(id);
  source.hello();
  await assert.rejects(migrate('web', target.host), refusal('SOURCE_MISMATCH', /does not run/));
  source.disconnect();
  await fleet.until(async () => (await fleet.hosts()).some(({ state }) => state === 'suspect'));
  await assert.rejects(migrate('web', target.host), refusal('SOURCE_MISMATCH', /silent/));
});

test('the one that waits has its turn when the first has ended, and in order', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const { source, target } = fleet.places();
  const third = fleet.agents.find((one) => one !== source && one !== target);
  assert.ok(third !== undefined);
  const migrate = (to: HostName, who: string) =>
    fleet.scheduler.migrate('web' as InstanceName, to, ask(who, true));
  const first = await migrate(target.host, 'ann');
  const second = await migrate(third.host, 'bob');
  const last = await migrate(third.host, 'eve');
  assert.deepEqual([first.state, second.state, last.state], ['running', 'queued', 'queued']);
  await assert.rejects(
    fleet.scheduler.migrate('web' as InstanceName, third.host, ask('dan')),
    refusal('BUSY', /by ann/),
  );
  assert.equal((await fleet.ended(second)).state, 'done');
  assert.equal((await fleet.ended(second)).args['source'], target.host);
  const refused = await fleet.ended(last);
  assert.equal(refused.state, 'refused');
  assert.equal(refused.error?.code, 'ALREADY_THERE');
  assert.deepEqual(fleet.owners(), [third.host]);
});

test('a request that is repeated with its key is done once', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const { source, target } = fleet.places();
  const migrate = (to: HostName) =>
    fleet.scheduler.migrate('web' as InstanceName, to, ask('ann', false, 'key-1'));
  const first = await migrate(target.host);
  assert.equal((await migrate(target.host)).id, first.id);
  await fleet.ended(first);
  assert.equal((await migrate(target.host)).state, 'done');
  await assert.rejects(migrate(source.host), refusal('IDEMPOTENCY_MISMATCH'));
  assert.equal((await fleet.instance()).spec.name, 'web');
});

test('a request that is sent twice at once begins one run of one operation', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const { target } = fleet.places();
  const migrate = () =>
    fleet.scheduler.migrate('web' as InstanceName, target.host, ask('ann', false, 'key-2'));
  const [first, again, third] = await Promise.all([migrate(), migrate(), migrate()]);
  assert.ok(first !== undefined && again?.id === first.id && third?.id === first.id);
  const ended = await fleet.ended(first);
  assert.equal(ended.state, 'done', ended.error?.message ?? '');
  const names = ended.steps.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)], 'no step was done twice');
});

test('what waits is cancelled at once, what runs is undone, what has switched is completed', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const { source, target } = fleet.places();
  target.fault = 'never-prepare';
  const running = await fleet.scheduler.migrate('web' as InstanceName, target.host, ask('ann'));
  const waiting = await fleet.scheduler.migrate(
    'web' as InstanceName,
    target.host,
    ask('bob', true),
  );
  assert.equal((await fleet.scheduler.engine.cancel(waiting.id, 'eve')).state, 'cancelled');
  await fleet.scheduler.engine.cancel(running.id, 'eve');
  const ended = await fleet.ended(running);
  assert.equal(ended.state, 'cancelled');
  assert.match(ended.error?.message ?? '', /by eve/);
  assert.deepEqual(fleet.owners(), [source.host]);
  await assert.rejects(
    fleet.scheduler.engine.cancel(running.id, 'eve'),
    refusal('NOT_CANCELLABLE', /has ended/),
  );
});

test('a drain moves all off a host, the most important first, and leaves it cordoned', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  const more = ['a', 'b', 'c', 'd']
    .map(
      (name, index) => `  - name: ${name}
    owner: team
    service: s-${name}
    tier: ${3 - index}
    image: image:1
    addresses: [{ pool: public }]
    config: |
      frontend f
        bind :80
`,
    )
    .join('');
  await fleet.apply(spec('one', more));
  await fleet.quiet();
  const on = async (host: HostName) => {
    const { assignments } = await fleet.store.transact((tx) => tx.fleet());
    return assignments.filter((one) => one.host === host).length;
  };
  const { source } = fleet.places();
  const count = await on(source.host);
  assert.ok(count > 0);
  const ended = await fleet.ended(await fleet.scheduler.drain(source.host, ask('ann')));
  assert.equal(ended.state, 'done', ended.error?.message ?? '');
  assert.equal(ended.steps.length, count + 1);
  assert.equal(await on(source.host), 0);
  assert.equal(source.shown.size, 0);
  const host = (await fleet.hosts()).find(({ name }) => name === source.host);
  assert.match(host?.cordonReason ?? '', /drained by ann/);
});

test('a rebalancing moves what is needed within its budget, and one runs at a time', async () => {
  await using fleet = await Fleet.start(await databases.fresh());
  const more = ['a', 'b', 'c', 'd', 'e']
    .map(
      (name, index) => `  - name: ${name}
    owner: team
    service: s-${name}
    tier: ${index % 4}
    image: image:1
    addresses: [{ pool: public }]
    config: |
      frontend f
        bind :80
`,
    )
    .join('');
  for (const name of ['host-2', 'host-3'])
    await fleet.scheduler.setCordon(name as HostName, '', 'x');
  await fleet.apply(spec('one', more));
  await fleet.quiet();
  const counts = async () => {
    const { assignments } = await fleet.store.transact((tx) => tx.fleet());
    return ['host-1', 'host-2', 'host-3'].map(
      (name) => assignments.filter(({ host }) => host === name).length,
    );
  };
  assert.deepEqual(await counts(), [6, 0, 0]);
  assert.deepEqual(await fleet.scheduler.rebalancing(10), [], 'the others are cordoned');
  for (const name of ['host-2', 'host-3']) {
    await fleet.scheduler.setCordon(name as HostName, null, 'x');
  }
  assert.equal((await fleet.scheduler.rebalancing(10)).length, 4);
  const first = await fleet.scheduler.rebalance(3, ask('ann'));
  await assert.rejects(fleet.scheduler.rebalance(3, ask('bob')), refusal('BUSY', /rebalance/));
  const ended = await fleet.ended(first);
  assert.equal(ended.state, 'done', ended.error?.message ?? '');
  assert.equal(ended.steps.length, 3, 'its budget');
  assert.deepEqual(
    (await counts()).toSorted((a, b) => a - b),
    [1, 2, 3],
  );
  await fleet.ended(await fleet.scheduler.rebalance(10, ask('ann')));
  assert.deepEqual(await counts(), [2, 2, 2]);
  const idle = await fleet.ended(await fleet.scheduler.rebalance(10, ask('ann')));
  assert.deepEqual([idle.state, idle.steps.length], ['done', 0]);
});

test('an instance of another owner is taken over only by who says so', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const other = spec('one').replace('owner: team', 'owner: others');
  await assert.rejects(fleet.apply(other), refusal('OWNER_MISMATCH', /belongs to team/));
  assert.equal((await fleet.instance()).spec.owner, 'team');
  const request = { source: 's.yaml', text: other, dryRun: false, prune: false, takeOver: true };
  await fleet.scheduler.apply(request, 'ann');
  assert.equal((await fleet.instance()).spec.owner, 'others');
});

for (const isForward of [false, true]) {
  test(`the next scheduler ${isForward ? 'completes' : 'undoes'} a migration that was left`, async () => {
    await using fleet = await Fleet.serving(await databases.fresh());
    const { source, target } = fleet.places();
    const { id } = await fleet.instance();
    const holder = isForward ? target.host : source.host;
    const left = randomUUID();
    await fleet.store.transact(async (tx) => {
      const epoch = ((await tx.lastEpoch(id)) + 1) as never;
      await tx.putAssignment({ instanceId: id, host: holder, epoch, granted: isForward });
      await tx.putStandby({ instanceId: id, host: isForward ? source.host : target.host });
      await tx.putOperation({
        id: left,
        kind: 'migrate',
        objects: ['instance/web'],
        args: { instance: 'web', instanceId: id, source: source.host, target: target.host },
        ...{ who: 'ann', reason: '', state: 'running', observed: {}, steps: [], isForward },
        // The lease of no scheduler that there is.
        ...{
          session: randomUUID(),
          token: await tx.nextToken(),
          cancelledBy: null,
          parentId: null,
        },
        ...{ requestedMs: 1, startedMs: 1, endedMs: null, error: null },
      });
      await tx.putLock({ object: 'instance/web', operationId: left, sinceMs: 1 });
    });
    await fleet.quiet();
    await fleet.until(async () => fleet.owners().length === 1);
    assert.deepEqual(fleet.owners(), [holder]);
    const { state, store } = { state: isForward ? 'done' : 'undone', store: fleet.store };
    assert.equal((await store.transact((tx) => tx.operation(left)))?.state, state);
    assert.deepEqual((await store.transact((tx) => tx.fleet())).standbys, []);
    assert.deepEqual(await store.transact((tx) => tx.locks()), []);
  });
}

test('a scheduler that hears no host hands what it is asked for to one that does', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const { target } = fleet.places();
  const deaf = schedulerOn(fleet.store);
  await deaf.start();
  const asked = await deaf.migrate('web' as InstanceName, target.host, ask('ann'));
  assert.equal(asked.state, 'queued');
  const ended = await fleet.ended(asked);
  assert.equal(ended.state, 'done', ended.error?.message ?? '');
  assert.deepEqual(fleet.owners(), [target.host]);
  const sessions = await fleet.store.transact((tx) => tx.sessions());
  assert.equal(sessions.length, 2);
  await deaf[Symbol.asyncDispose]();
});

test('a scheduler that was overtaken writes nothing more', async () => {
  await using fleet = await Fleet.serving(await databases.fresh());
  const { source, target } = fleet.places();
  target.fault = 'never-prepare';
  const { id } = await fleet.scheduler.migrate('web' as InstanceName, target.host, ask('ann'));
  // Another one takes it over, ends it, and somebody begins the next.
  await fleet.store.transact(async (tx) => {
    const operation = await tx.operation(id);
    assert.ok(operation !== null);
    await tx.putOperation({ ...operation, token: await tx.nextToken(), session: randomUUID() });
  });
  target.fault = null;
  target.hello();
  await fleet.quiet();
  assert.equal((await fleet.store.transact((tx) => tx.operation(id)))?.state, 'undone');
  assert.deepEqual(fleet.owners(), [source.host]);
});
