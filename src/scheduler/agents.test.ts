import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DesiredInstance } from '../domain/desired.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { Epoch, HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import type { ObservedInstance } from '../domain/model.ts';
import type { AgentFrame } from '../protocol/frames.ts';
import { protocolVersion } from '../protocol/frames.ts';
import { systemClock } from '../system/clock.ts';
import type { AgentStream } from './agent-stream.ts';
import { Agents } from './agents.ts';
import { modelFacts } from './model-agent.ts';

const host = 'host-1' as HostName;
const id = '11111111-1111-4111-8111-111111111111' as InstanceId;

const tooLarge = new BridgeheadError('NO_CAPACITY', 'host host-1: too large', 'Less.');

interface Scene {
  readonly agents: Agents;
  readonly events: string[];
  readonly closed: string[];
  /** Configurations of each telling that was sent. */
  readonly sent: string[];
  /** A new stream of the host's agent; returns what says a frame on it. */
  readonly connect: () => (frame: AgentFrame) => void;
}

function scene(): Scene {
  const events: string[] = [];
  const closed: string[] = [];
  const sent: string[] = [];
  const nothing = () => undefined;
  const agents = new Agents(
    {
      onHello: nothing,
      onFacts: nothing,
      onNumbers: nothing,
      onObserved: nothing,
      onEvent: (_host, { kind, object }) => events.push(`${kind} ${object}`),
      onGone: nothing,
      onWitness: nothing,
      onPulseTook: nothing,
      onKernel: async () => true,
      onInstanceLog: async () => true,
    },
    systemClock,
  );
  return {
    agents,
    events,
    closed,
    sent,
    connect: () => {
      let say: (frame: AgentFrame) => void = nothing;
      const stream: AgentStream = {
        host,
        send: (frame) => {
          if (frame.type !== 'desired') return;
          if (frame.instances.some(({ config }) => config === 'huge')) throw tooLarge;
          sent.push(frame.instances.map(({ config }) => config).join());
        },
        close: (reason) => closed.push(reason),
        onFrame: (handler) => {
          say = handler;
        },
        onClose: nothing,
      };
      agents.attach(stream);
      return (frame) => say(frame);
    },
  };
}

function seen(epoch: number, linkUp: boolean): ObservedInstance {
  return {
    id,
    name: 'web' as InstanceName,
    phase: linkUp ? 'serving' : 'standby',
    epoch: epoch as Epoch,
    containerRunning: true,
    linkUp,
    mac: '02:00:00:00:00:01',
    addresses: [],
    configHash: null,
    problem: null,
  };
}

function hello(seq: number, instances: readonly ObservedInstance[]): AgentFrame {
  return { type: 'hello', seq, protocol: protocolVersion, facts: modelFacts, instances };
}

test('a word that comes late or twice does not undo a later one', () => {
  const { agents, connect } = scene();
  const say = connect();
  say(hello(3, [seen(1, true)]));
  say({ type: 'observed', seq: 5, instances: [seen(2, true)], removed: [] });
  say({ type: 'observed', seq: 4, instances: [seen(2, false)], removed: [] });
  say({ type: 'observed', seq: 5, instances: [], removed: [id] });
  say(hello(3, []));
  assert.deepEqual(agents.observed(host, id), seen(2, true));
  say({ type: 'observed', seq: 6, instances: [], removed: [id] });
  assert.equal(agents.observed(host, id), null);
});

test('an agent that has started again counts anew on its new stream', () => {
  const { agents, connect } = scene();
  const before = connect();
  before(hello(70, [seen(1, true)]));
  const after = connect();
  after(hello(1, [seen(1, false)]));
  after({ type: 'observed', seq: 2, instances: [seen(2, true)], removed: [] });
  before({ type: 'observed', seq: 71, instances: [seen(1, true)], removed: [] });
  assert.deepEqual(agents.observed(host, id), seen(2, true));
});

test('an agent of another protocol is turned away with both numbers', () => {
  const { agents, closed, connect } = scene();
  connect()({ ...hello(1, []), protocol: protocolVersion - 1 } as AgentFrame);
  assert.equal(agents.isConnected(host), false);
  assert.match(closed[0] ?? '', new RegExp(`${protocolVersion}.*${protocolVersion - 1}`));
});

test('an agent speaks for its own host, and for instances and certificates that it was given', () => {
  const { agents, events, connect } = scene();
  const say = connect();
  // That it claims to hold one says nothing.
  say(hello(1, [seen(1, true)]));
  agents.tell(host, 1, [desired('small')]);
  say({ type: 'event', kind: 'desired.stale', object: 'host', message: 'm' });
  say({ type: 'event', kind: 'grant.stale', object: 'instance/web', message: 'm' });
  agents.send(host, { type: 'certificates', items: [{ name: 'a.pem', version: 1, pem: '' }] });
  say({ type: 'event', kind: 'certificate.swapped', object: 'certificate/a.pem', message: 'm' });
  for (const object of ['host/host-2', 'instance/other', 'certificate/b.pem']) {
    say({ type: 'event', kind: 'forged', object, message: 'm' });
  }
  assert.deepEqual(events, [
    'desired.stale host/host-1',
    'grant.stale instance/web',
    'certificate.swapped certificate/a.pem',
    ...Array.from({ length: 3 }, () => 'forged host/host-1'),
  ]);
});

test('what is too large to be told is one event and an error, until it is something else', () => {
  const { agents, events, sent, connect } = scene();
  connect()(hello(1, []));
  const huge = [desired('huge')];
  assert.equal(agents.tell(host, 1, [desired('small')]), true);
  assert.equal(agents.tell(host, 2, huge), false);
  assert.equal(agents.isNews(host, [desired('huge')]), false);
  assert.equal(agents.tell(host, 3, [desired('huge')]), false);
  assert.deepEqual(events, ['desired.too-large host/host-1']);
  assert.equal(agents.untellable(host, huge), tooLarge);
  assert.equal(agents.untellable(host, [desired('small')]), null);
  assert.equal(agents.tell(host, 4, [desired('less')]), true);
  assert.equal(agents.untellable(host, huge), null);
  assert.deepEqual(sent, ['small', 'less']);
});

function desired(config: string): DesiredInstance {
  return {
    ...{
      id,
      name: 'web' as InstanceName,
      role: 'active',
      epoch: 1 as Epoch,
      released: false,
      waitMs: 0,
    },
    ...{ image: 'image:1', resources: { memoryMib: 64, cpus: 1, maxConnections: 10 } },
    ...{ mac: '02:00:00:00:00:01', addresses: [], config, configHash: config },
  };
}
