import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError, type ErrorCode } from '../domain/errors.ts';
import type { HostName, InstanceName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import type { Migration, Store } from '../store/store.ts';
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
    return fleet;
  }

  async hosts() {
    return (await this.store.transact((tx) => tx.fleet())).hosts;
  }

  apply(text: string, prune = false) {
    return this.scheduler.apply({ source: 's.yaml', text, dryRun: false, prune }, 'ann');
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

  async migrate(to: HostName): Promise<Migration> {
    const { ended } = await this.scheduler.migrate('web' as InstanceName, to, 'why', 'ann');
    return ended;
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
  sleep: (durationMs, signal) => systemClock.sleep(durationMs / 40, signal),
};

function schedulerOn(store: Store, clock: Clock = systemClock): Scheduler {
  return new Scheduler({ store, clock, newId: randomUUID, log: () => undefined });
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
  assert.equal(record.outcome, 'done', record.error ?? '');
  assert.deepEqual(fleet.owners(), [target.host]);
  assert.equal(source.shown.size, 0);
  assert.deepEqual(
    record.steps.map(({ phase }) => phase),
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
    assert.equal(record.outcome, outcome, record.error ?? '');
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
  assert.equal(record.outcome, 'undone');
  assert.match(record.error ?? '', /did not confirm that it let go/);
  assert.deepEqual(fleet.owners(), [source.host]);
});

test('a target that is slow to serve still has the grant, and nobody else answers', async () => {
  await using fleet = await Fleet.serving(hastyClock);
  const { target } = fleet.places();
  target.fault = 'never-serve';
  const record = await fleet.migrate(target.host);
  assert.equal(record.outcome, 'done');
  assert.match(record.error ?? '', /after the switch/);
  assert.deepEqual(fleet.owners(), []);
  const { assignments } = await fleet.store.transact((tx) => tx.fleet());
  assert.equal(assignments[0]?.host, target.host);
});

test('a second migration of the same instance is told of the first', async () => {
  await using fleet = await Fleet.serving();
  const { target } = fleet.places();
  const attempts = await Promise.allSettled([
    fleet.scheduler.migrate('web' as InstanceName, target.host, '', 'ann'),
    fleet.scheduler.migrate('web' as InstanceName, target.host, '', 'bob'),
  ]);
  const lost = attempts.filter((one) => one.status === 'rejected');
  assert.equal(lost.length, 1);
  assert.ok(refusal('BUSY', /by (ann|bob)/)(lost[0]?.reason), String(lost[0]?.reason));
  const won = attempts.find((one) => one.status === 'fulfilled');
  await won?.value.ended;
  assert.deepEqual(fleet.owners(), [target.host]);
});

test('refusals name what is wrong with source or target', async () => {
  await using fleet = await Fleet.serving();
  const { source, target } = fleet.places();
  const migrate = (name: string, to: string) =>
    fleet.scheduler.migrate(name as InstanceName, to as HostName, '', 'ann');
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

for (const switched of [false, true]) {
  test(`the next scheduler ${switched ? 'completes' : 'undoes'} a migration that was left`, async () => {
    await using fleet = await Fleet.serving();
    const { source, target } = fleet.places();
    const { id } = await fleet.instance();
    const holder = switched ? target.host : source.host;
    await fleet.store.transact(async (tx) => {
      const epoch = ((await tx.lastEpoch(id)) + (switched ? 1 : 0)) as never;
      await tx.putAssignment({ instanceId: id, host: holder, epoch, granted: switched });
      await tx.putStandby({ instanceId: id, host: switched ? source.host : target.host });
      await tx.putMigration({
        id: randomUUID(),
        instanceId: id,
        source: source.host,
        target: target.host,
        who: 'ann',
        reason: '',
        phase: switched ? 'switch' : 'release',
        switched,
        steps: [],
        startedMs: 1,
        endedMs: null,
        outcome: null,
        error: null,
      });
    });
    const next = schedulerOn(fleet.store);
    for (const agent of fleet.agents) {
      next.attach(agent);
      agent.hello();
    }
    next.start();
    await fleet.until(
      async () => (await fleet.store.transact((tx) => tx.unfinishedMigrations())).length === 0,
    );
    await fleet.until(async () => fleet.owners().length === 1);
    assert.deepEqual(fleet.owners(), [holder]);
    assert.deepEqual((await fleet.store.transact((tx) => tx.fleet())).standbys, []);
    await next[Symbol.asyncDispose]();
  });
}

test('the next scheduler gives back what was taken for a deletion that was never written', async () => {
  await using fleet = await Fleet.serving();
  const { source } = fleet.places();
  const { assignments } = await fleet.store.transact((tx) => tx.fleet());
  const [assignment] = assignments;
  assert.ok(assignment !== undefined);
  await fleet.store.transact((tx) => tx.putAssignment({ ...assignment, granted: false }));
  await fleet.scheduler.push();
  await fleet.until(async () => fleet.owners().length === 0);
  const next = schedulerOn(fleet.store);
  for (const agent of fleet.agents) {
    next.attach(agent);
    agent.hello();
  }
  next.start();
  await fleet.until(async () => fleet.owners()[0] === source.host);
  await next[Symbol.asyncDispose]();
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
