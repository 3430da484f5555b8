// For tests: what every store has to do, whatever keeps its rows.

import assert from 'node:assert/strict';
import { test as declare } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import type { Epoch } from '../domain/ids.ts';
import type { HostFacts, ObservedInstance } from '../domain/model.ts';
import type { Operation } from '../domain/operation.ts';
import { systemClock } from '../system/clock.ts';
import { attachmentContract } from './attachment-contract.ts';
import { configContract } from './config-contract.ts';
import { overrideContract } from './override-contract.ts';
import type { Store, Transaction } from './store.ts';
import { incidentContract } from './store-contract-incidents.ts';
import { host, instance, pool, seeded } from './store-contract-rows.ts';

/** Declares the tests of a store; `fresh` opens an empty one. */
export function storeContract(name: string, fresh: () => Promise<Store>): void {
  const test = (title: string, work: () => Promise<void>): void => {
    void declare(`${name}: ${title}`, work);
  };
  incidentContract(test, fresh);
  overrideContract(test, fresh);
  configContract(test, fresh);
  attachmentContract(test, fresh);
  test('what is put comes back as it was', async () => {
    await using store = await seeded(await fresh());
    const fleet = await store.transact((tx) => tx.fleet());
    assert.deepEqual(fleet.pools, [pool]);
    assert.deepEqual(fleet.instances, [instance(1, '198.18.10.10', '2001:db8::10')]);
    assert.deepEqual(fleet.hosts[0], {
      name: host,
      zone: 'z',
      rack: 'r',
      labels: { a: 'b' },
      capacity: null,
      cordonReason: null,
      state: 'joining',
      facts: null,
      lastSeenMs: null,
    });
  });

  test('an address has one holder, and the second is told who', async () => {
    await using store = await seeded(await fresh());
    await assert.rejects(
      store.transact((tx) => tx.putInstance(instance(2, '198.18.10.10'))),
      (error) =>
        error instanceof BridgeheadError &&
        error.code === 'ADDRESS_TAKEN' &&
        error.message.includes('198.18.10.10 belongs to instance web-1'),
    );
  });

  test('an address that is being left has one holder too, who may take it back', async () => {
    await using store = await seeded(await fresh());
    const left = '198.18.10.12';
    const { id: instanceId } = instance(1);
    const take = (number: number, ...addresses: string[]) =>
      store.transact((tx) => tx.putInstance(instance(number, ...addresses)));
    const leave = () =>
      store.transact((tx) => tx.putLeaving({ instanceId, address: left, epoch: 3 as Epoch }));
    await leave();
    await assert.rejects(
      take(2, left),
      (error) => (error as BridgeheadError).code === 'ADDRESS_TAKEN',
    );
    await take(1, left);
    assert.deepEqual((await store.transact((tx) => tx.fleet())).leaving, []);
    await take(1, '198.18.10.10');
    await leave();
    const free = (epoch: number, address?: string) =>
      store.transact((tx) => tx.deleteLeaving(instanceId, epoch as Epoch, address));
    await free(2);
    await free(3, '198.18.10.13');
    assert.deepEqual((await store.transact((tx) => tx.fleet())).leaving, [
      { instanceId, address: left, epoch: 3 },
    ]);
    await free(3, left);
    await take(2, left);
    assert.equal(
      (await store.transact((tx) => tx.instanceNamed(instance(2).spec.name)))?.addresses[0]
        ?.address,
      left,
    );
  });

  test('two that take the same free address at once: one gets it, the other sees it taken', async () => {
    await using store = await seeded(await fresh());
    const meeting = { count: 0 };
    const take = (number: number) =>
      store.transact(async (tx) => {
        const { instances } = await tx.fleet();
        const held = new Set(
          instances.flatMap((one) => one.addresses.map(({ address }) => address)),
        );
        const free = ['198.18.10.11', '198.18.10.12'].find((address) => !held.has(address));
        meeting.count += 1;
        // Both have read before either writes, so that only the store can tell them apart.
        for (let waits = 0; meeting.count < 2 && waits < 200; waits += 1)
          await systemClock.sleep(5);
        await tx.putInstance(instance(number, free ?? '198.18.10.13'));
        return free;
      });
    const got = await Promise.all([take(2), take(3)]);
    assert.deepEqual(new Set(got), new Set(['198.18.10.11', '198.18.10.12']));
  });

  test('a failed transaction leaves nothing', async () => {
    await using store = await seeded(await fresh());
    await assert.rejects(
      store.transact(async (tx) => {
        await tx.putSetting('a', 'b');
        throw new Error('no');
      }),
      /no/,
    );
    assert.equal(await store.transact((tx) => tx.setting('a')), null);
  });

  test('a join token serves once', async () => {
    await using store = await fresh();
    const token = { id: 'a', host, secretHash: 'b', expiresMs: 5 };
    await store.transact((tx) => tx.putJoinToken(token));
    const taken = await Promise.all(
      [1, 2, 3].map(() => store.transact((tx) => tx.takeJoinToken('a'))),
    );
    assert.deepEqual(
      taken.filter((one) => one !== null),
      [token],
    );
  });

  test('a pool and a host that are in use are not deleted', async () => {
    await using store = await seeded(await fresh());
    await store.transact((tx) =>
      tx.putAssignment({ instanceId: instance(1).id, host, epoch: 1 as Epoch, granted: true }),
    );
    const isInUse = (error: unknown) => error instanceof BridgeheadError && error.code === 'IN_USE';
    await assert.rejects(
      store.transact((tx) => tx.deletePool(pool.name)),
      isInUse,
    );
    await assert.rejects(
      store.transact((tx) => tx.deleteHost(host)),
      isInUse,
    );
    await store.transact((tx) => tx.deleteInstance(instance(1).id));
    await store.transact((tx) => tx.deletePool(pool.name));
    await store.transact((tx) => tx.deleteHost(host));
  });

  test('observations: a part replaces a part, the whole replaces the whole', async () => {
    await using store = await seeded(await fresh());
    const seen = (number: number): ObservedInstance => ({
      id: instance(number).id,
      name: instance(number).spec.name,
      phase: 'serving',
      epoch: 1 as Epoch,
      containerRunning: true,
      linkUp: true,
      mac: '02:00:00:00:00:01',
      addresses: [],
      configHash: null,
      problem: null,
    });
    const record = (
      complete: boolean,
      numbers: readonly number[],
      removed: readonly number[] = [],
    ) =>
      store.recordObserved(host, {
        complete,
        instances: numbers.map(seen),
        removed: removed.map((number) => instance(number).id),
        atMs: 1,
      });
    const names = async () =>
      (await store.observations()).map((one) => one.instance.name).toSorted();
    await record(false, [1, 2]);
    await record(false, [3], [1]);
    assert.deepEqual(await names(), ['web-2', 'web-3']);
    await record(true, [1]);
    assert.deepEqual(await names(), ['web-1']);
  });

  test('who was shed is remembered, once each, until it is back or gone', async () => {
    await using store = await seeded(await fresh());
    const shed = {
      ...{ instanceId: instance(1).id, host, forInstance: instance(2).spec.name },
      ...{ forTier: 0 as const, atMs: 5 },
    };
    const again = { ...shed, forTier: 1 as const, atMs: 6 };
    const sheds = async () => (await store.transact((tx) => tx.fleet())).sheds;
    await store.transact((tx) => tx.putShed(shed));
    assert.deepEqual(await sheds(), [shed]);
    await store.transact((tx) => tx.putShed(again));
    assert.deepEqual(await sheds(), [again]);
    await store.transact((tx) => tx.deleteShed(shed.instanceId));
    assert.deepEqual(await sheds(), []);
    await store.transact((tx) => tx.putShed(shed));
    await store.transact((tx) => tx.deleteInstance(shed.instanceId));
    assert.deepEqual(await sheds(), []);
  });

  test('events: the newest, in the order they happened, of one object, after an id', async () => {
    await using store = await fresh();
    await store.transact(async (tx) => {
      for (const [at, object] of ['host/a', 'host/b', 'host/a', 'host/a'].entries()) {
        await tx.addEvent({ atMs: at, kind: 'k', object, message: `m${at}` });
      }
    });
    const messages = async (filter: Parameters<Store['events']>[0]) =>
      (await store.events(filter)).map(({ message }) => message);
    assert.deepEqual(await messages({ limit: 2 }), ['m2', 'm3']);
    assert.deepEqual(await messages({ limit: 9, object: 'host/a' }), ['m0', 'm2', 'm3']);
    const [, second] = await store.events({ limit: 9 });
    assert.deepEqual(await messages({ limit: 9, afterId: second?.id ?? 0 }), ['m2', 'm3']);
    assert.deepEqual(await messages({ limit: 1, afterId: second?.id ?? 0 }), ['m2']);
    const [, , , last] = await store.events({ limit: 9 });
    assert.deepEqual(await messages({ limit: 2, beforeId: last?.id ?? 0 }), ['m1', 'm2']);
  });

  test('epochs only grow, also over the end of an assignment', async () => {
    await using store = await seeded(await fresh());
    const { id } = instance(1);
    const assign = (epoch: number, granted: boolean) =>
      store.transact((tx) =>
        tx.putAssignment({ instanceId: id, host, epoch: epoch as Epoch, granted }),
      );
    await assign(3, true);
    const isStale = (error: unknown) =>
      error instanceof BridgeheadError && error.code === 'EPOCH_STALE';
    await assert.rejects(assign(2, false), isStale);
    await assert.rejects(assign(3, false), isStale);
    assert.equal(await store.transact((tx) => tx.lastEpoch(id)), 3);
    const held = { instanceId: id, host, epoch: 3, granted: true };
    assert.deepEqual(await store.transact((tx) => tx.assignment(id)), held);
  });

  const operation = (number: number, more: Partial<Operation> = {}): Operation => ({
    id: `10000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    kind: 'migrate',
    objects: ['instance/web-1'],
    args: { instance: 'web-1', target: 'host-2' },
    who: 'ann',
    reason: '',
    state: 'queued',
    observed: null,
    steps: [],
    isForward: false,
    session: null,
    token: 0,
    cancelledBy: null,
    parentId: null,
    requestedMs: 1_000,
    startedMs: null,
    endedMs: null,
    error: null,
    ...more,
  });

  test('operations come back as they were, in the order they were asked for', async () => {
    await using store = await fresh();
    const session = '20000000-0000-4000-8000-000000000001';
    const first = operation(2);
    const second = operation(1, { objects: ['host/host-1', 'instance/web-2'] });
    await store.transact((tx) => tx.putOperation(first));
    await store.transact((tx) => tx.putOperation(second));
    const running: Operation = {
      ...first,
      ...{ state: 'running', session, token: 7, isForward: true, startedMs: 2, cancelledBy: 'eve' },
      args: { ...first.args, source: 'host-1' },
      observed: { epoch: 3, linkUp: true, phase: null },
      steps: [{ name: 'prepare', startedMs: 1, endedMs: null, note: '' }],
    };
    await store.transact((tx) => tx.putOperation(running));
    assert.deepEqual(await store.transact((tx) => tx.operation(first.id)), running);
    assert.deepEqual(await store.transact((tx) => tx.openOperations()), [running, second]);
    const error = { code: 'BUSY', message: 'm', next: 'n' } as const;
    const ended = { ...running, state: 'undone', endedMs: 9, error } as const;
    await store.transact((tx) => tx.putOperation(ended));
    const list = (filter: Parameters<Transaction['operations']>[0]) =>
      store.transact((tx) => tx.operations(filter));
    assert.deepEqual(await list({ limit: 9 }), [second, ended]);
    assert.deepEqual(await list({ limit: 1 }), [second]);
    assert.deepEqual(await list({ limit: 9, isOpen: false }), [ended]);
    assert.deepEqual(await list({ limit: 9, object: 'instance/web-2' }), [second]);
    assert.equal(await store.transact((tx) => tx.operation(operation(3).id)), null);
  });

  test('an object is locked once, until its holder lets go', async () => {
    await using store = await fresh();
    const lock = (number: number) =>
      store.transact(async (tx) => {
        const { id } = operation(number);
        await tx.putOperation(operation(number));
        await tx.putLock({ object: 'instance/web-1', operationId: id, sinceMs: 5 });
      });
    await lock(1);
    await lock(1);
    await assert.rejects(
      lock(2),
      (error) => error instanceof BridgeheadError && error.code === 'BUSY',
    );
    assert.deepEqual(await store.transact((tx) => tx.locks()), [
      { object: 'instance/web-1', operationId: operation(1).id, sinceMs: 5 },
    ]);
    await store.transact((tx) => tx.deleteLocks(operation(1).id));
    await lock(2);
  });

  test('two that lock the same free object at once: one gets it, the other is told', async () => {
    await using store = await fresh();
    const meeting = { count: 0 };
    const take = (number: number) =>
      store.transact(async (tx) => {
        const locks = await tx.locks();
        meeting.count += 1;
        for (let waits = 0; meeting.count < 2 && waits < 50; waits += 1) await systemClock.sleep(5);
        const { id } = operation(number);
        await tx.putOperation(operation(number));
        await tx.putLock({ object: 'instance/web-1', operationId: id, sinceMs: locks.length });
      });
    const results = await Promise.allSettled([take(1), take(2)]);
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    assert.equal((await store.transact((tx) => tx.locks())).length, 1);
  });

  test('tokens and revisions grow, also over transactions that fail', async () => {
    await using store = await fresh();
    const tokens: number[] = [];
    const take = async (tx: Transaction) => {
      tokens.push(await tx.nextToken());
    };
    await store.transact(take);
    await assert.rejects(
      store.transact(async (tx) => {
        await take(tx);
        throw new Error('no');
      }),
    );
    await store.transact(take);
    assert.deepEqual(
      tokens,
      tokens.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(tokens).size, 3);
    const revision = () => store.transact((tx) => tx.nextRevision());
    const [one, two, three] = [await revision(), ...(await Promise.all([revision(), revision()]))];
    assert.equal(new Set([one, two, three]).size, 3);
    assert.ok((one ?? 0) < Math.min(two ?? 0, three ?? 0));
  });

  test('a session lives while it is renewed; a host is ready while a living one hears it', async () => {
    await using store = await seeded(await fresh());
    const id = '20000000-0000-4000-8000-000000000001';
    const state = async () => (await store.transact((tx) => tx.fleet())).hosts[0]?.state;
    const sessions = () => store.transact((tx) => tx.sessions());
    assert.equal(await state(), 'joining');
    await store.transact((tx) => tx.addSession({ id, name: 'one', startedMs: 5 }, 60_000));
    await store.transact((tx) => tx.setConnected(id, host, true));
    assert.deepEqual(await sessions(), [{ id, name: 'one', startedMs: 5, isAlive: true }]);
    assert.equal(await state(), 'ready');
    await store.transact((tx) => tx.setHostFacts(host, { kernel: '6.1' } as HostFacts, 7));
    await store.transact((tx) => tx.setConnected(id, host, false));
    assert.equal(await state(), 'suspect');
    await store.transact((tx) => tx.setConnected(id, host, true));
    assert.equal(await store.transact((tx) => tx.renewSession(id, 0)), true);
    assert.equal((await sessions())[0]?.isAlive, false);
    assert.equal(await state(), 'suspect');
    assert.equal((await store.transact((tx) => tx.fleet())).hosts[0]?.lastSeenMs, 7);
    assert.equal(await store.transact((tx) => tx.renewSession(id, 60_000)), false);
    await store.transact((tx) => tx.deleteSession(id));
    assert.deepEqual(await sessions(), []);
  });

  test('answers are kept by their keys, for a time', async () => {
    await using store = await fresh();
    const kept = (key: string, atMs: number) => ({
      key,
      fingerprint: 'f',
      answer: { a: [1] },
      atMs,
    });
    await store.transact((tx) => tx.keepAnswer(kept('a', 10), 0));
    await store.transact((tx) => tx.keepAnswer(kept('b', 20), 15));
    assert.deepEqual(await store.transact((tx) => tx.keptAnswer('b')), kept('b', 20));
    assert.equal(await store.transact((tx) => tx.keptAnswer('a')), null);
  });
}
