import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError, type ErrorCode } from '../domain/errors.ts';
import type { HostName, InstanceName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { isOpen, type Operation } from '../domain/operation.ts';
import type { Store } from '../store/store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { type Fault, ModelAgent } from './model-agent.ts';
import { Scheduler } from './scheduler.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

const spec = (words: string, more = ''): string => `apiVersion: bridgehead/v1
pools:
  - { name: public, cidr: 198.18.10.0/24, prefix: 16, gateway: 198.18.0.1, bridge: br0 }
hosts:
  - { name: host-1 }
  - { name: host-2 }
  - { name: host-3 }
instances:
  - name: web
    owner: team
    service: web
    tier: 1
    image: image:1
    addresses: [{ pool: public }]
    config: |
      frontend f
        bind :80
        http-request return status 200 string "${words}"
${more}`;

class Fleet implements AsyncDisposable {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly agents: readonly ModelAgent[];

  private constructor(store: Store, scheduler: Scheduler, agents: readonly ModelAgent[]) {
    this.store = store;
    this.scheduler = scheduler;
    this.agents = agents;
  }

  static async start(clock = systemClock): Promise<Fleet> {
    const store = await databases.fresh();
    const scheduler = schedulerOn(store, clock);
    await scheduler.start();
    const agents = ['host-1', 'host-2', 'host-3'].map((name) => new ModelAgent(name));
    await store.transact(async (tx) => {
      for (const { host: name } of agents) {
        await tx.putHost({ name, zone: 'z', rack: 'r', labels: {}, capacity: null });
      }
    });
    for (const agent of agents) {
      scheduler.attach(agent);
      agent.hello();
    }
    const fleet = new Fleet(store, scheduler, agents);
    await fleet.until(async () => (await fleet.hosts()).every(({ state }) => state === 'ready'));
    return fleet;
  }

  static async serving(clock = systemClock): Promise<Fleet> {
    const fleet = await Fleet.start(clock);
    await fleet.apply(spec('one'));
    await fleet.until(async () => fleet.owners().length === 1);
    await fleet.quiet();
    return fleet;
  }

  async hosts() {
    return (await this.store.transact((tx) => tx.fleet())).hosts;
  }

  apply(text: string, prune = false) {
    return this.scheduler.apply(
      { source: 's.yaml', text, dryRun: false, prune, takeOver: false },
      'ann',
    );
  }

  agent(name: string): ModelAgent {
    const agent = this.agents.find(({ host }) => host === name);
    assert.ok(agent !== undefined);
    return agent;
  }

  /** Hosts on which the instance answers for its addresses. */
  owners(): readonly HostName[] {
    return this.agents
      .filter((agent) => [...agent.shown.values()].some(({ addresses }) => addresses.length > 0))
      .map(({ host }) => host);
  }

  /** The host that has it, and one that does not. */
  places(): { readonly source: ModelAgent; readonly target: ModelAgent } {
    const [source] = this.owners();
    assert.ok(source !== undefined);
    const other = this.agents.find(({ host }) => host !== source);
    assert.ok(other !== undefined);
    return { source: this.agent(source), target: other };
  }

  async instance(): Promise<Instance> {
    const { instances } = await this.store.transact((tx) => tx.fleet());
    assert.ok(instances[0] !== undefined);
    return instances[0];
  }

  async migrate(to: HostName): Promise<Operation> {
    return this.ended(await this.scheduler.migrate('web' as InstanceName, to, ask('ann')));
  }

  async ended({ id }: Operation): Promise<Operation> {
    await this.until(async () => {
      const now = await this.store.transact((tx) => tx.operation(id));
      return now !== null && !isOpen(now);
    });
    const operation = await this.store.transact((tx) => tx.operation(id));
    assert.ok(operation !== null);
    return operation;
  }

  /** Nothing is under way. */
  async quiet(): Promise<void> {
    await this.until(
      async () => (await this.store.transact((tx) => tx.openOperations())).length === 0,
    );
  }

  async until(condition: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 500; tries += 1) {
      if (await condition()) return;
      await systemClock.sleep(10);
    }
    assert.fail(`never came true: ${condition.toString()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scheduler[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }
}

/** Patience of seconds runs out in a fraction of one. */
const hastyClock: Clock = {
  ...systemClock,
  monotonicMs: () => systemClock.monotonicMs() * 40,
  sleep: (durationMs, signal) => systemClock.sleep(durationMs / 40, signal),
};

const ask = (who: string, mayWait = false, key: string | null = null) => ({
  ...{ reason: 'why', who, mayWait, key },
});

function schedulerOn(store: Store, clock: Clock = systemClock): Scheduler {
  return new Scheduler({ store, clock, name: 'one', newId: randomUUID, log: () => undefined });
}

const refusal =
  (code: ErrorCode, pattern = /./) =>
  (error: unknown) =>
    error instanceof BridgeheadError && error.code === code && pattern.test(error.message);

test('an applied instance is placed, told and served', async () => {
  await using fleet = await Fleet.serving();
  const events = await fleet.store.events({ object: 'instance/web', limit: 10 });
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['instance.created', 'instance.placed'],
  );
  assert.equal((await fleet.instance()).addresses[0]?.address, '198.18.10.1');
});

test('a spec with one fault changes nothing at all', async () => {
  await using fleet = await Fleet.serving();
  const bad = spec('two').replace('tier: 1', 'tier: 7');
  await assert.rejects(fleet.apply(bad), refusal('SPEC_INVALID', /^s\.yaml:12:/));
  assert.match((await fleet.instance()).rendered, /one/);
});

test('named addresses are taken before any free one is given out', async () => {
  await using fleet = await Fleet.start();
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
  await using fleet = await Fleet.serving();
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

test('a migration ends with one owner, a higher epoch and nothing left behind', async () => {
  await using fleet = await Fleet.serving();
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
    await using fleet = await Fleet.serving();
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
  await using fleet = await Fleet.serving(hastyClock);
  const { source, target } = fleet.places();
  source.fault = 'never-release';
  const record = await fleet.migrate(target.host);
  assert.equal(record.state, 'undone');
  assert.match(record.error?.message ?? '', /did not confirm that it let go/);
  assert.deepEqual(fleet.owners(), [source.host]);
});

test('a target that is slow to serve still has the grant, and nobody else answers', async () => {
  await using fleet = await Fleet.serving(hastyClock);
  const { target } = fleet.places();
  target.fault = 'never-serve';
  const record = await fleet.migrate(target.host);
  assert.equal(record.state, 'done');
  assert.match(record.error?.message ?? '', /does not say yet that it serves/);
  assert.deepEqual(fleet.owners(), []);
  const { assignments } = await fleet.store.transact((tx) => tx.fleet());
  assert.equal(assignments[0]?.host, target.host);
});

test('a second migration of the same instance is told of the first', async () => {
  await using fleet = await Fleet.serving();
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
  await using fleet = await Fleet.serving();
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
  await assert.rejects(migrate('web', target.host), refusal('SOURCE_MISMATCH', /already has/));
  target.shown.delete(id);
  target.hello();
  source.shown.delete(id);
  source.hello();
  await assert.rejects(migrate('web', target.host), refusal('SOURCE_MISMATCH', /does not run/));
  source.disconnect();
  await assert.rejects(migrate('web', target.host), refusal('SOURCE_MISMATCH', /silent/));
});

test('the one that waits has its turn when the first has ended, and in order', async () => {
  await using fleet = await Fleet.serving();
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
  await using fleet = await Fleet.serving();
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

test('what waits is cancelled at once, what runs is undone, what has switched is completed', async () => {
  await using fleet = await Fleet.serving();
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
  await using fleet = await Fleet.start();
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

test('an instance of another owner is taken over only by who says so', async () => {
  await using fleet = await Fleet.serving();
  const other = spec('one').replace('owner: team', 'owner: others');
  await assert.rejects(fleet.apply(other), refusal('OWNER_MISMATCH', /belongs to team/));
  assert.equal((await fleet.instance()).spec.owner, 'team');
  const request = { source: 's.yaml', text: other, dryRun: false, prune: false, takeOver: true };
  await fleet.scheduler.apply(request, 'ann');
  assert.equal((await fleet.instance()).spec.owner, 'others');
});

for (const isForward of [false, true]) {
  test(`the next scheduler ${isForward ? 'completes' : 'undoes'} a migration that was left`, async () => {
    await using fleet = await Fleet.serving();
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

test('a scheduler that was overtaken writes nothing more', async () => {
  await using fleet = await Fleet.serving();
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

test('an agent that falls silent is suspect, and ready again when it is back', async () => {
  await using fleet = await Fleet.serving();
  const [agent] = fleet.agents;
  assert.ok(agent !== undefined);
  agent.disconnect();
  await fleet.until(async () => (await fleet.hosts())[0]?.state === 'suspect');
  fleet.scheduler.attach(agent);
  agent.hello();
  await fleet.until(async () => (await fleet.hosts())[0]?.state === 'ready');
});
