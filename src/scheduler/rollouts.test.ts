import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Clock } from '../domain/clock.ts';
import type { InstanceName } from '../domain/ids.ts';
import type { Operation } from '../domain/operation.ts';
import { numberFields } from '../numbers/fields.ts';
import type { NumbersOf } from '../operations/rollout-watch.ts';
import type { Store } from '../store/store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { rollback } from './config-rollback.ts';
import { RolloutDesk } from './rollout-desk.ts';
import { Fleet, hastyClock, refusal } from './test-fleet.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

const names = ['web-1', 'web-2', 'web-3', 'web-4'];
const startMs = systemClock.wallMs();
/** Ten seconds are over in a quarter of one. */
const fastClock: Clock = {
  ...hastyClock,
  wallMs: () => startMs + (systemClock.wallMs() - startMs) * 40,
};

function specOf(words: string, more: { readonly tier?: number; readonly rollout?: string } = {}) {
  const { tier = 2, rollout = '{ canaries: 1, batchSize: 2, watchS: 10 }' } = more;
  const instances = names.map(
    (name) => `
  - name: ${name}
    owner: team
    service: web
    tier: ${tier}
    image: image:1
    addresses: [{ pool: public }]
    config: |
      frontend f
        bind :80
        http-request return status 200 string "${words}"`,
  );
  return `apiVersion: bridgehead/v1
pools:
  - { name: public, cidr: 198.18.10.0/24, prefix: 16, gateway: 198.18.0.1, bridge: br0 }
rollout: ${rollout}
instances:${instances.join('')}
`;
}

// A point each 5 s; from when a text with "bad" in it is desired on, each request fails.
function numbersOn(store: Store): NumbersOf {
  const row = (values: Readonly<Record<string, number>>) =>
    numberFields.map(({ name }) => values[name] ?? 0);
  return async (instance, sinceMs, untilMs) => {
    const newest = await store.transact(async (tx) => {
      const [head] = await tx.configVersions(instance);
      return tx.configVersion(instance, head?.version ?? 0);
    });
    const isBad = newest?.content.config.includes('bad') ?? false;
    const points = [];
    for (let atMs = Math.ceil(sinceMs / 5_000) * 5_000; atMs <= untilMs; atMs += 5_000) {
      const http5xx = isBad && atMs > (newest?.atMs ?? 0) ? 100 : 0;
      const rows = new Map([['frontend/f', row({ requests: 100, http5xx })]]);
      points.push({ atMs, spanMs: 5_000, rows });
    }
    return points;
  };
}

async function serving(): Promise<Fleet> {
  const store = await databases.fresh();
  const fleet = await Fleet.start(store, fastClock, numbersOn(store));
  await fleet.apply(specOf('one'));
  await fleet.quiet();
  return fleet;
}

async function rolledOut(fleet: Fleet, text: string): Promise<Operation> {
  const { operations } = await fleet.apply(text);
  const begun = operations.find(({ kind }) => kind === 'rollout');
  assert.ok(begun !== undefined);
  const operation = await fleet.store.transact((tx) => tx.operation(begun.id));
  assert.ok(operation !== null);
  return operation;
}

/** How many of the instances' versions there are, and the newest text of each. */
async function versions({ store }: Fleet): Promise<readonly string[]> {
  return store.transact(async (tx) => {
    const { instances } = await tx.fleet();
    const lines: string[] = [];
    for (const { id, spec } of instances) {
      const [newest] = await tx.configVersions(id);
      lines.push(`${spec.name} ${newest?.version}: ${/string "(.*)"/.exec(spec.config)?.[1]}`);
    }
    return lines;
  });
}

async function until(fleet: Fleet, id: string, phases: RegExp): Promise<void> {
  const desk = new RolloutDesk(fleet.store, fastClock);
  await fleet.until(async () => {
    const { targets } = await desk.show(id);
    return phases.test(targets.map(({ phase }) => phase.charAt(0)).join(''));
  });
}

test('a good configuration goes through, canary first, each batch watched', async () => {
  await using fleet = await serving();
  const ended = await fleet.ended(await rolledOut(fleet, specOf('two')));
  assert.equal(ended.state, 'done', ended.error?.message ?? '');
  assert.deepEqual(
    ended.steps.map(({ name }) => name),
    ['batch 1 of 3: web-1', 'batch 2 of 3: web-2, web-3', 'batch 3 of 3: web-4'],
  );
  assert.match(ended.steps[0]?.note ?? '', /5xx: 0 of \d+00, before 0 of \d+/);
  assert.deepEqual(
    await versions(fleet),
    names.map((name) => `${name} 2: two`),
  );
  const begun = (
    await fleet.store.transact((tx) => tx.operations({ kinds: ['configure'], limit: 9 }))
  )
    .filter(({ parentId }) => parentId === ended.id)
    .toReversed();
  assert.deepEqual(
    begun.map(({ args }) => args['instance']),
    names,
  );
  const watchedMs = (begun[1]?.requestedMs ?? 0) - (begun[0]?.endedMs ?? 0);
  assert.ok(watchedMs >= 10_000, `watched for ${watchedMs} ms of the fast clock`);
});

test('one that fails requests stops at the canary, which goes back by itself', async () => {
  await using fleet = await serving();
  const ended = await fleet.ended(await rolledOut(fleet, specOf('bad')));
  assert.deepEqual([ended.state, ended.error?.code], ['undone', 'ROLLOUT_STOPPED']);
  assert.match(ended.error?.message ?? '', /instance web-1: \d+ of \d+ .* answered with 5xx/);
  assert.deepEqual(
    ended.steps.map(({ name }) => name),
    ['batch 1 of 3: web-1', 'go back'],
  );
  await fleet.quiet();
  assert.deepEqual(await versions(fleet), [
    'web-1 3: one',
    ...names.slice(1).map((name) => `${name} 1: one`),
  ]);
  const events = await fleet.store.events({ object: 'rollout/team/web', limit: 9 });
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['rollout.stopped'],
  );
  const { targets } = await new RolloutDesk(fleet.store, fastClock).show(ended.id);
  assert.deepEqual(
    targets.map(({ phase }) => phase),
    ['back', 'waiting', 'waiting', 'waiting'],
  );
});

test('a host that cannot load it has all go back that were changed', async () => {
  await using fleet = await serving();
  const { instances, assignments } = await fleet.store.transact((tx) => tx.fleet());
  const hostOf = (name: string) => {
    const id = instances.find(({ spec }) => spec.name === name)?.id;
    return assignments.find(({ instanceId }) => instanceId === id)?.host ?? '';
  };
  assert.notEqual(hostOf('web-1'), hostOf('web-2'));
  const agent = fleet.agent(hostOf('web-2'));
  agent.fault = 'never-serve';
  const { id } = await rolledOut(fleet, specOf('two'));
  await fleet.until(
    async () => ((await fleet.store.transact((tx) => tx.rollout(id)))?.breach ?? null) !== null,
  );
  agent.fault = null;
  const ended = await fleet.ended({ id } as Operation);
  assert.match(ended.error?.message ?? '', /web-2/);
  assert.equal(ended.state, 'undone', ended.error?.message ?? '');
  assert.ok((await versions(fleet)).every((line) => line.endsWith(': one')));
});

test('who takes it over goes on at the same step', async () => {
  await using fleet = await serving();
  const { store } = fleet;
  const { id } = await rolledOut(fleet, specOf('two'));
  await until(fleet, id, /^c/);
  await store.transact(async (tx) => {
    const operation = await tx.operation(id);
    assert.ok(operation !== null);
    await tx.putOperation({ ...operation, token: await tx.nextToken(), session: randomUUID() });
  });
  const ended = await fleet.ended({ id } as Operation);
  assert.equal(ended.state, 'done', ended.error?.message ?? '');
  assert.deepEqual(
    await versions(fleet),
    names.map((name) => `${name} 2: two`),
  );
});

test('while it pauses nothing more is changed, nor by others; aborted, it goes back', async () => {
  await using fleet = await serving();
  const desk = new RolloutDesk(fleet.store, fastClock);
  const { id } = await rolledOut(fleet, specOf('two'));
  await desk.pause(id, 'lunch', 'bob');
  await fleet.until(async () => {
    const steps = (await fleet.store.transact((tx) => tx.operation(id)))?.steps ?? [];
    return steps.at(-1)?.name === 'pause by bob';
  });
  const before = await versions(fleet);
  assert.ok(before.filter((line) => line.endsWith(' 2: two')).length <= 1);
  await assert.rejects(fleet.apply(specOf('three')), refusal('BUSY', /rollout\/team\/web/));
  const back = { to: null, reason: '', who: 'bob', key: null };
  const changed = before.find((line) => line.endsWith('two'))?.split(' ')[0];
  if (changed !== undefined) {
    const asked = rollback(changed as InstanceName, back, fleet);
    await assert.rejects(asked, refusal('BUSY', /rollout\/team\/web/));
  }
  assert.deepEqual(await versions(fleet), before);
  await desk.resume(id, 'bob');
  await until(fleet, id, /^ccc/);
  await fleet.scheduler.engine.cancel(id, 'bob');
  const ended = await fleet.ended({ id } as Operation);
  assert.equal(ended.state, 'cancelled', ended.error?.message ?? '');
  await fleet.quiet();
  assert.ok((await versions(fleet)).every((line) => line.endsWith(': one')));
  await assert.rejects(desk.pause(id, '', 'bob'), refusal('ROLLOUT_ENDED', /cancelled/));
  await assert.rejects(desk.show(randomUUID()), refusal('NOT_FOUND'));
});

test('what else a spec changes is done at once, and a spec alone does not ask for a rollout', async () => {
  await using fleet = await serving();
  const { id } = await rolledOut(fleet, specOf('two', { tier: 3 }));
  const { instances } = await fleet.store.transact((tx) => tx.fleet());
  assert.ok(instances.every(({ spec }) => spec.tier === 3));
  assert.equal(instances.filter(({ spec }) => spec.config.includes('one')).length >= 3, true);
  const ended = await fleet.ended({ id } as Operation);
  assert.equal(ended.state, 'done', ended.error?.message ?? '');
  const flags = { source: 's.yaml', dryRun: false, prune: false, takeOver: false };
  const text = specOf('four', { tier: 3 }).replace(/^rollout:.*\n/m, '');
  const { operations } = await fleet.scheduler.apply({ ...flags, text }, 'ann');
  assert.deepEqual(new Set(operations.map(({ kind }) => kind)), new Set(['configure']));
  await fleet.quiet();
  const asked = text.replaceAll('four', 'five');
  const again = await fleet.scheduler.apply({ ...flags, text: asked, rollout: true }, 'ann');
  assert.deepEqual(
    again.operations.map(({ kind }) => kind),
    ['rollout'],
  );
  await fleet.scheduler.engine.cancel(again.operations[0]?.id ?? '', 'ann');
  await fleet.quiet();
});
