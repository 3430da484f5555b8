import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Epoch, HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import type { ObservedInstance } from '../domain/model.ts';
import type { Store, Transaction } from '../store/store.ts';
import { systemClock } from '../system/clock.ts';
import { modelFacts } from './model-agent.ts';
import { Recorder } from './recorder.ts';

const host = 'host-1' as HostName;

/** A store that takes nothing until it is let. */
function scene() {
  const written: string[] = [];
  const gate = Promise.withResolvers<void>();
  let isBroken = false;
  const tx: Partial<Transaction> = {
    setHostFacts: async (name, { kernel }) => void written.push(`facts ${name} ${kernel}`),
    addEvent: async ({ kind, message }) => void written.push(`${kind} ${message}`),
  };
  const guard = async () => {
    await gate.promise;
    if (isBroken) throw new Error('away');
  };
  const store: Partial<Store> = {
    transact: async (work) => {
      await guard();
      return work(tx as Transaction);
    },
    recordObserved: async (name, { complete, instances, removed }) => {
      await guard();
      const seen = instances.map(({ id, phase }) => `${id}:${phase}`).join();
      written.push(`${complete ? 'all' : 'some'} ${name} ${seen} -${removed.join()}`);
    },
  };
  const parts = { store: store as Store, clock: systemClock, log: () => undefined };
  return {
    ...{ recorder: new Recorder(parts), written, open: gate.resolve },
    setBroken: (value: boolean) => {
      isBroken = value;
    },
  };
}

function seen(id: string, phase: ObservedInstance['phase']): ObservedInstance {
  return {
    ...{ id: id as InstanceId, name: id as InstanceName, phase, epoch: 1 as Epoch },
    ...{ containerRunning: true, linkUp: true, mac: '02:00:00:00:00:01', addresses: [] },
    ...{ configHash: null, problem: null },
  };
}

test('of a host that says more than the store takes, the last word on each thing is written', async () => {
  const { recorder, written, open } = scene();
  recorder.event('kind', 'host/host-2', 'first');
  await Promise.resolve();
  await Promise.resolve();
  for (let count = 0; count < 1_000; count += 1) {
    recorder.observed(host, [seen('a', 'preparing'), seen('b', 'standby')], ['c' as InstanceId]);
  }
  recorder.observed(host, [seen('a', 'serving'), seen('c', 'serving')], ['b' as InstanceId]);
  open();
  await recorder.written;
  assert.deepEqual(written, ['kind first', 'some host-1 a:serving,c:serving -b']);
});

test('a greeting replaces what was said before it, and what comes after is a part of it', async () => {
  const { recorder, written, open } = scene();
  recorder.observed(host, [seen('old', 'serving')], []);
  recorder.hello(host, modelFacts, [seen('a', 'standby'), seen('b', 'standby')]);
  recorder.observed(host, [seen('a', 'serving')], ['b' as InstanceId]);
  open();
  await recorder.written;
  assert.deepEqual(written.slice(0, 2), ['facts host-1 6.1.0', 'all host-1 a:serving -']);
  assert.match(written[2] ?? '', /^host\.ready /);
});

test('facts are written when they differ, and a longer uptime is no difference', async () => {
  const { recorder, written, open } = scene();
  open();
  for (const facts of [
    modelFacts,
    { ...modelFacts, uptimeS: 99 },
    { ...modelFacts, kernel: '6.2.0' },
  ]) {
    recorder.facts(host, facts);
    await recorder.written;
  }
  assert.deepEqual(written, ['facts host-1 6.1.0', 'facts host-1 6.2.0']);
});

test('events beyond the limit, and those that cannot be written, are counted and told of', async () => {
  const { recorder, written, open, setBroken } = scene();
  setBroken(true);
  for (let count = 0; count < 10_003; count += 1) recorder.event('kind', 'host/x', `${count}`);
  open();
  await recorder.written;
  assert.deepEqual(written, []);
  setBroken(false);
  recorder.event('kind', 'host/x', 'after');
  await recorder.written;
  assert.equal(written[0], 'kind after');
  assert.match(written[1] ?? '', /^events\.lost 10003 events/);
});
