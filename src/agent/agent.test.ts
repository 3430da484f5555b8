// The agent's state machine over a host in memory, with what only happens at a bad moment.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch, InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
import { macOfInstance, portOfInstance } from '../domain/mac.ts';
import type { ObservedInstance } from '../domain/model.ts';
import { systemClock } from '../system/clock.ts';
import { Agent } from './agent.ts';
import { ModelLinks, type ModelPeer } from './model-links.ts';
import { ModelMachine } from './model-machine.ts';

const id = '11111111-1111-4111-8111-111111111111' as InstanceId;
const otherId = '22222222-2222-4222-8222-222222222222' as InstanceId;
const address = '198.18.10.1';
const agents: Agent[] = [];
afterEach(() => {
  for (const agent of agents.splice(0)) agent[Symbol.dispose]();
});

interface Scene {
  readonly machine: ModelMachine;
  readonly links: ModelLinks;
  readonly first: ModelPeer;
  readonly second: ModelPeer;
}

async function scene(machine = new ModelMachine()): Promise<Scene> {
  const links = new ModelLinks(['first', 'second']);
  const [first, second] = links.peers;
  assert.ok(first !== undefined && second !== undefined);
  agents.push(await Agent.start({ machine, clock: systemClock, links, log: () => undefined }));
  links.open(first);
  return { machine, links, first, second };
}

function wish(epoch: number, change: Partial<DesiredInstance> = {}): DesiredInstance {
  return {
    id,
    name: 'web' as InstanceName,
    role: 'active',
    epoch: epoch as Epoch,
    released: false,
    waitMs: 0,
    image: 'image:1',
    resources: { memoryMib: 64, cpus: 1, maxConnections: 100 },
    mac: macOfInstance(change.id ?? id),
    addresses: [
      {
        address,
        family: 4,
        pool: 'p' as PoolName,
        prefix: 16,
        gateway: null,
        bridge: 'br0',
        vlan: null,
      },
    ],
    config: 'hash',
    configHash: 'hash',
    ...change,
  };
}

/** What the scheduler holds of the instance after all that it heard. */
function known(peer: ModelPeer, instance = id): ObservedInstance | null {
  let last: ObservedInstance | null = null;
  for (const frame of peer.heard) {
    if (frame.type !== 'hello' && frame.type !== 'observed') continue;
    if (frame.type === 'hello') last = null;
    else if (frame.removed.includes(instance)) last = null;
    last = frame.instances.find((one) => one.id === instance) ?? last;
  }
  return last;
}

function serves(peer: ModelPeer, epoch: number): boolean {
  const seen = known(peer);
  return seen?.phase === 'serving' && seen.epoch === epoch && seen.linkUp;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (condition()) return;
    await systemClock.sleep(10);
  }
  assert.fail(`never came true: ${condition.toString()}`);
}

/** Stops the machine at the effect; the returned function resolves when it is there. */
function holdAt(machine: ModelMachine, effect: string): { reached: () => boolean; go: () => void } {
  let isReached = false;
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  machine.before = (name) => {
    if (name !== effect || isReached) return;
    isReached = true;
    return gate;
  };
  return { reached: () => isReached, go: () => go() };
}

test('every scheduler hears what is observed, and one of them the events', async () => {
  const { machine, links, first, second } = await scene();
  links.open(second);
  links.tell(first, 1, [wish(1)]);
  await until(() => serves(first, 1) && serves(second, 1));
  assert.deepEqual(machine.shown(id), [address]);
  const kinds = first.all('event').map(({ kind }) => kind);
  assert.deepEqual(kinds, ['instance.serving']);
  assert.deepEqual(second.all('event'), []);
  first.isOpen = false;
  links.tell(second, 2, [wish(2, { role: 'standby' })]);
  await until(() => known(second)?.phase === 'standby');
  assert.deepEqual(
    second.all('event').map(({ kind }) => kind),
    ['instance.released'],
  );
  assert.equal(known(first)?.phase, 'serving', 'who is away hears nothing');
  links.open(first);
  assert.equal(known(first)?.phase, 'standby', 'hello says what was missed');
  assert.equal(second.all('hello').length, 1);
});

test('each word about instances has a higher number than the one before', async () => {
  const { links, first, second } = await scene();
  links.open(second);
  links.tell(first, 1, [wish(1)]);
  await until(() => serves(first, 1));
  links.open(first);
  for (const peer of [first, second]) {
    const numbers = peer.heard.flatMap((frame) => ('seq' in frame ? [frame.seq] : []));
    assert.ok(numbers.length >= 2);
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].toSorted((a, b) => a - b),
    );
  }
});

test('an overtaken scheduler is refused as a whole, and it is told', async () => {
  const { machine, links, first, second } = await scene();
  links.open(second);
  links.tell(first, 8, [wish(1)]);
  await until(() => serves(first, 1));
  const file = machine.files.get('grants.json');
  links.tell(second, 7, []);
  await until(() => first.all('event').some(({ kind }) => kind === 'desired.stale'));
  const { object, message } = first.all('event').at(-1) ?? {};
  assert.equal(object, 'host');
  assert.match(message ?? '', /revision 7 from second.*revision 8/);
  assert.equal(machine.files.get('grants.json'), file);
  assert.deepEqual(machine.shown(id), [address]);
});

test('a quiesce is for the epoch of the grant only', async () => {
  const { machine, links, first } = await scene();
  links.tell(first, 1, [wish(4)]);
  await until(() => serves(first, 4));
  const ask = (epoch: number) =>
    links.ask(first, { kind: 'quiesce', instance: id, epoch: epoch as Epoch, limitMs: 10 });
  const stale = ask(3);
  await until(() => first.all('refusal').length === 1);
  assert.equal(first.all('refusal')[0]?.id, stale);
  assert.equal(first.all('refusal')[0]?.error.code, 'EPOCH_STALE');
  const right = ask(4);
  await until(() => first.all('reply').length === 1);
  assert.equal(first.all('reply')[0]?.id, right);
  assert.equal(machine.done.filter((one) => one.startsWith('quiesce')).length, 1);
});

test('a door that was being shut when a new grant came is open again', async () => {
  const { machine, links, first } = await scene();
  links.tell(first, 1, [wish(1)]);
  await until(() => serves(first, 1));
  const held = holdAt(machine, 'quiesce');
  links.ask(first, { kind: 'quiesce', instance: id, epoch: 1 as Epoch, limitMs: 10 });
  await until(held.reached);
  links.tell(first, 2, [wish(2)]);
  await until(() => serves(first, 2));
  held.go();
  await until(() => first.all('refusal').length === 1);
  const doors = machine.done.filter((one) => /quiesce/i.test(one)).map((one) => one.split(' ')[0]);
  assert.equal(doors.at(-1), 'endQuiesce');
});

test('a grant that is taken back while it is being carried out is not carried out', async () => {
  for (const effect of ['startContainer', 'attachPort', 'replaceBootFile', 'addAddresses']) {
    const { machine, links, first } = await scene();
    links.tell(first, 1, [wish(1, { role: 'standby' })]);
    if (effect !== 'startContainer') await until(() => known(first)?.phase === 'standby');
    const held = holdAt(machine, effect === 'replaceBootFile' ? 'findDuplicate' : effect);
    links.tell(first, 2, [wish(1)]);
    await until(held.reached);
    links.tell(first, 3, [wish(2, { role: 'standby' })]);
    await until(() => machine.files.get('grants.json')?.includes('"revision":3') === true);
    held.go();
    await until(() => known(first)?.phase === 'standby' && known(first)?.epoch === 2);
    assert.deepEqual(machine.shown(id), []);
    const isAdded = machine.done.some((one) => one.startsWith('addAddresses'));
    assert.equal(isAdded, effect === 'addAddresses', `held at ${effect}`);
  }
});

test('an instance that is wanted again while its last traces go has a keeper', async () => {
  const { machine, links, first } = await scene();
  links.tell(first, 1, [wish(1)]);
  await until(() => serves(first, 1));
  const held = holdAt(machine, 'removeFolder');
  links.tell(first, 2, []);
  await until(held.reached);
  links.tell(first, 3, [wish(2)]);
  await until(() => machine.files.get('grants.json')?.includes('"revision":3') === true);
  held.go();
  await until(() => serves(first, 2));
  links.open(first);
  assert.ok(serves(first, 2), 'the next hello names it');
});

test('of configurations that come while one is loaded only the last is, by one reload', async () => {
  const { machine, links, first } = await scene();
  const tell = (hash: string, revision: number) =>
    links.tell(first, revision, [wish(1, { config: hash, configHash: hash })]);
  tell('c1', 1);
  await until(() => serves(first, 1));
  const held = holdAt(machine, 'reload');
  const { length } = machine.done;
  tell('c2', 2);
  await until(held.reached);
  for (let one = 3; one <= 40; one += 1) tell(`c${one}`, one);
  await until(() => machine.files.get('grants.json')?.includes('"revision":40') === true);
  held.go();
  await until(() => known(first)?.configHash === 'c40');
  const reloads = machine.done.slice(length).filter((one) => one.startsWith('reload'));
  assert.equal(reloads.length, 2);
});

test('what cannot be kept on disk is tried again until it can', async () => {
  const { machine, links, first } = await scene();
  let failures = 2;
  machine.before = (effect, subject) => {
    if (effect !== 'replaceBootFile' || !subject.startsWith('grants') || failures === 0) return;
    failures -= 1;
    throw new Error('no space left on device');
  };
  links.tell(first, 1, [wish(1)]);
  await until(() => serves(first, 1));
  assert.equal(failures, 0);
});

test('a restarted agent adopts what runs and does nothing to it', async () => {
  const { machine, links, first } = await scene();
  links.tell(first, 1, [wish(1)]);
  await until(() => serves(first, 1));
  agents.pop()?.[Symbol.dispose]();
  machine.spoken.clear();
  machine.done.length = 0;
  const next = await scene(machine);
  const [hello] = next.first.all('hello');
  assert.equal(hello?.instances[0]?.linkUp, true, 'the first word already says what is here');
  await until(() => serves(next.first, 1));
  assert.deepEqual(machine.done, [`setHealthChecks ${id}`]);
  assert.ok(machine.spoken.has(id));
});

test('after a reboot nothing is shown until it is told anew, and the wire is asked again', async () => {
  const { machine, links, first } = await scene();
  links.tell(first, 5, [wish(1)]);
  await until(() => serves(first, 1));
  const held = machine.files.get(`instances/${id}/held`);
  agents.pop()?.[Symbol.dispose]();
  machine.reboot();
  const next = await scene(machine);
  await until(() => machine.containers.size === 0);
  if (held !== undefined) machine.files.set(`instances/${id}/held`, held);
  machine.done.length = 0;
  next.links.tell(next.first, 4, [wish(1)]);
  next.links.tell(next.first, 5, [wish(1)]);
  await until(() => serves(next.first, 1));
  assert.ok(machine.done.some((one) => one.startsWith('findDuplicate')));
});

test('health checks that could not be resumed when the addresses came are resumed later', async () => {
  const { machine, links, first } = await scene();
  links.tell(first, 1, [wish(1, { role: 'standby' })]);
  await until(() => known(first)?.phase === 'standby');
  assert.equal(machine.checks.get(id), false);
  let failures = 1;
  machine.before = (effect) => {
    if (effect !== 'setHealthChecks' || failures === 0) return;
    failures -= 1;
    throw new Error('HAProxy does not answer');
  };
  links.tell(first, 2, [wish(2)]);
  await until(() => serves(first, 2));
  assert.equal(machine.checks.get(id), true);
  links.tell(first, 3, [wish(3, { role: 'standby' })]);
  await until(() => known(first)?.phase === 'standby');
  assert.equal(machine.checks.get(id), false, 'a source that may get it back keeps its servers');
});

test('a standby that is promoted does not wait for the look under way, whatever comes of that', async () => {
  const { machine, links, first } = await scene();
  links.tell(first, 1, [wish(1, { role: 'standby' })]);
  await until(() => known(first)?.phase === 'standby');
  const looking = Promise.withResolvers<void>();
  let looks = 0;
  machine.before = (effect) => {
    if (effect !== 'readContainer') return;
    looks += 1;
    return looking.promise;
  };
  await until(() => looks === 1);
  links.tell(first, 2, [wish(2, { released: true })]);
  await until(() => machine.shown(id).length > 0);
  machine.before = () => undefined;
  looking.reject(new Error('the Engine does not answer'));
  await until(() => serves(first, 2));
  assert.deepEqual(machine.shown(id), [address]);
  assert.equal(machine.done.filter((effect) => effect === 'detachPort').length, 0);
});

test('what was left inside does not speak before the wire has been asked', async () => {
  const { machine, links, first } = await scene();
  links.tell(first, 1, [wish(1)]);
  await until(() => serves(first, 1));
  const pid = machine.ports.get(portOfInstance(id))?.pid ?? 0;
  machine.before = (effect) => {
    if (effect === 'flushAddresses') throw new Error('cut short');
  };
  links.tell(first, 2, [wish(2, { role: 'standby' })]);
  await until(() => known(first)?.problem?.message.includes('cut short') === true);
  assert.deepEqual(machine.shown(id), []);
  assert.deepEqual(machine.interiors.get(pid)?.addresses, [address]);
  const shown: string[] = [];
  machine.before = (effect) => {
    if (effect === 'findDuplicate') shown.push(machine.shown(id).join());
  };
  links.tell(first, 3, [wish(3)]);
  await until(() => serves(first, 3));
  assert.deepEqual(shown, ['']);
});

test('a container of the same name is not taken for the own one', async () => {
  const { machine, links, first } = await scene();
  links.tell(first, 1, [wish(1)]);
  await until(() => serves(first, 1));
  const held = holdAt(machine, 'removeContainer');
  links.tell(first, 2, [wish(2, { id: otherId })]);
  await until(held.reached);
  await until(() => known(first, otherId)?.phase === 'failed');
  assert.equal(machine.ports.has(portOfInstance(otherId)), false);
  held.go();
  await until(() => known(first, otherId)?.phase === 'serving' && known(first) === null);
  assert.deepEqual(machine.shown(otherId), [address]);
});

test('without an Engine an instance lets go, and says so', async () => {
  for (const hasPort of [true, false]) {
    const { machine, links, first } = await scene();
    links.tell(first, 1, [wish(1)]);
    await until(() => serves(first, 1));
    machine.isEngineDown = true;
    if (!hasPort) machine.ports.clear();
    links.tell(first, 2, [wish(2, { role: 'standby' })]);
    await until(() => known(first)?.epoch === 2 && known(first)?.linkUp === false);
    assert.equal(known(first)?.problem?.code, 'ENGINE_DOWN');
    assert.deepEqual(machine.shown(id), []);
  }
});

test('an Engine that hangs, or a reload, holds nobody up who waits for a release', async () => {
  for (const effect of ['readContainer', 'reload', 'setHealthChecks']) {
    const { machine, links, first } = await scene();
    links.tell(first, 1, [wish(1)]);
    await until(() => serves(first, 1));
    const held = holdAt(machine, effect);
    links.tell(first, 2, [wish(1, { config: 'other', configHash: 'other' })]);
    await until(held.reached);
    links.tell(first, 3, [wish(2, { role: 'standby' })]);
    await until(() => known(first)?.epoch === 2);
    assert.equal(known(first)?.linkUp, false);
    assert.deepEqual(machine.shown(id), []);
    first.heard.splice(0);
    held.go();
    await until(() => known(first)?.phase === 'standby');
    for (const { instances } of first.all('observed')) assert.equal(instances[0]?.linkUp, false);
  }
});

test('a stranger who speaks in the name of an address is told of, with its MAC', async () => {
  const { machine, first } = await scene();
  machine.conflict(id, { address, mac: '02:00:00:00:00:99' });
  const [event] = first.all('event').filter(({ kind }) => kind === 'address.conflict');
  assert.ok(event?.message.includes('02:00:00:00:00:99'), JSON.stringify(first.heard));
});
