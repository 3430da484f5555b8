// What is kept of live changes, over all that begins a HAProxy anew.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch, InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
import type { ServerOverride } from '../domain/live.ts';
import { macOfInstance } from '../domain/mac.ts';
import { systemClock } from '../system/clock.ts';
import { Agent } from './agent.ts';
import { ModelLinks } from './model-links.ts';
import { ModelMachine } from './model-machine.ts';

const id = '11111111-1111-4111-8111-111111111111' as InstanceId;
const agents: Agent[] = [];
afterEach(() => {
  for (const agent of agents.splice(0)) agent[Symbol.dispose]();
});

const drain: ServerOverride = {
  ...{ kind: 'server', backend: 'api', server: 's1', state: 'drain' },
  ...{ weight: null, address: null, port: null },
};
const header =
  '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_port';

function wish(change: Partial<DesiredInstance> = {}): DesiredInstance {
  return {
    ...{ id, name: 'web' as InstanceName, role: 'active', epoch: 1 as Epoch, released: true },
    ...{ waitMs: 0, image: 'image:1', mac: macOfInstance(id), config: 'one', configHash: 'one' },
    resources: { memoryMib: 64, cpus: 1, maxConnections: 100 },
    addresses: [
      {
        ...{ address: '198.18.10.1', family: 4, pool: 'p' as PoolName, prefix: 16 },
        ...{ gateway: null, bridge: 'br0', vlan: null },
      },
    ],
    overrides: [drain],
    ...change,
  };
}

/** A host whose HAProxys have the one server, ready after each start and load. */
async function scene() {
  const machine = new ModelMachine();
  let admin = 0;
  machine.before = (effect) => {
    if (effect === 'reload') admin = 0;
  };
  machine.answer = (command) => {
    if (command === 'set server api/s1 state drain') admin = 8;
    if (!command.startsWith('show servers state')) return '';
    return `${header}\n4 api 1 s1 198.18.0.5 2 ${admin} 1 1 9 80\n`;
  };
  const links = new ModelLinks(['first']);
  const [peer] = links.peers;
  assert.ok(peer !== undefined);
  const start = async () => {
    agents.push(await Agent.start({ machine, clock: systemClock, links, log: () => undefined }));
    links.open(peer);
  };
  await start();
  const set = `command ${id} set server api/s1 state drain`;
  const times = () => machine.done.filter((one) => one === set).length;
  return { machine, links, peer, start, set, times };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (condition()) return;
    await systemClock.sleep(10);
  }
  assert.fail(`never came true: ${condition.toString()}`);
}

test('it holds before the instance takes traffic, as one that is granted at once and as a standby', async () => {
  const { machine, links, peer, set } = await scene();
  links.tell(peer, 1, [wish()]);
  await until(() => machine.shown(id).length > 0);
  const attach = machine.done.findIndex((one) => one.startsWith('attachPort'));
  assert.ok(machine.done.indexOf(set) >= 0 && machine.done.indexOf(set) < attach);

  const other = await scene();
  other.links.tell(other.peer, 1, [wish({ role: 'standby' })]);
  await until(() => other.times() === 1);
  assert.deepEqual(other.machine.shown(id), []);
  other.links.tell(other.peer, 2, [wish({ epoch: 2 as Epoch })]);
  await until(() => other.machine.shown(id).length > 0);
  assert.equal(other.times(), 1, 'a standby that takes over has it already');
});

test('a new configuration, a new container and a new wish have it again; nothing else does it', async () => {
  const { machine, links, peer, start, times } = await scene();
  links.tell(peer, 1, [wish()]);
  await until(() => times() === 1);
  links.tell(peer, 2, [wish({ config: 'two', configHash: 'two' })]);
  await until(() => times() === 2);
  const [engineId] = machine.containers.keys();
  await machine.removeContainer(engineId ?? '');
  await until(() => times() === 3 && machine.shown(id).length > 0);
  // The next agent asks, and finds that it holds.
  agents.splice(0)[0]?.[Symbol.dispose]();
  const asked = () => machine.done.filter((one) => one.includes('show servers state')).length;
  const before = asked();
  await start();
  await until(() => asked() > before);
  assert.equal(times(), 3);
});

test('a server that HAProxy no longer has is told of once, and the instance serves', async () => {
  const { machine, links, peer } = await scene();
  links.tell(peer, 1, [wish({ overrides: [{ ...drain, server: 'gone' }] })]);
  await until(() => machine.shown(id).length > 0);
  const told = () => peer.all('event').filter(({ kind }) => kind === 'instance.override-failed');
  await until(() => told().length > 0);
  assert.match(told()[0]?.message ?? '', /HAProxy knows no server api\/gone/);
  assert.equal(told().length, 1);
});

test('a change is made for the grant that this host has, and for no other', async () => {
  const { machine, links, peer, times } = await scene();
  links.tell(peer, 1, [wish({ overrides: undefined })]);
  await until(() => machine.shown(id).length > 0);
  const ask = async (epoch: number) => {
    const asked = links.ask(peer, {
      kind: 'live-set',
      instance: id,
      epoch: epoch as Epoch,
      change: drain,
    });
    const answers = () =>
      [...peer.all('reply'), ...peer.all('refusal')].filter((one) => one.id === asked);
    await until(() => answers().length > 0);
    const [answer] = answers();
    return answer?.type === 'refusal' ? answer.error.code : 'done';
  };
  assert.equal(await ask(7), 'EPOCH_STALE');
  assert.equal(times(), 0);
  assert.equal(await ask(1), 'done');
  assert.equal(times(), 1);
});
