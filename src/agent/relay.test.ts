// The relay over a HAProxy in memory that says and hears bytes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch, InstanceId, InstanceName } from '../domain/ids.ts';
import type { RelayOpen } from '../protocol/relay-frames.ts';
import { systemClock } from '../system/clock.ts';
import type { PeerConnection } from './machine.ts';
import { ModelMachine } from './model-machine.ts';
import { Relay } from './relay.ts';
import { Relays } from './relays.ts';

const greeting = Buffer.from('HAProxyS 2.1\nbridgehead.migration\nweb 12 1\n');
const lessonEnd = Buffer.from([0, 1]);
const id = '11111111-1111-4111-8111-111111111111' as InstanceId;

/** An entry of a table: any message with a length. */
const entry = (size: number, fill = 7) =>
  Buffer.concat([Buffer.from([10, 128, size]), Buffer.alloc(size, fill)]);

class ModelPeer implements PeerConnection {
  readonly heard: string[] = [];
  isClosed = false;
  readonly #said: Buffer[] = [];
  #wake: () => void = () => undefined;

  constructor(...said: readonly Buffer[]) {
    this.#said.push(...said);
  }

  say(bytes: Buffer): void {
    this.#said.push(bytes);
    this.#wake();
  }

  /** What it has said and nobody has read. */
  get unread(): number {
    return this.#said.length;
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#said.length === 0 && !this.isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.isClosed ? null : (this.#said.shift() ?? null);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.heard.push(Buffer.from(bytes).toString('hex'));
  }

  close(): void {
    this.isClosed = true;
    this.#wake();
  }
}

test('a source is asked for all it has, and its messages are taken whole', async () => {
  const peer = new ModelPeer(greeting.subarray(0, 9), greeting.subarray(9));
  const relay = await Relay.open(peer, 'source', 1_000, systemClock);
  assert.deepEqual(peer.heard, [Buffer.from('200\n').toString('hex'), '0000']);
  assert.deepEqual(await relay.read(0), { data: '', isTaught: false });
  peer.say(entry(5).subarray(0, 4));
  assert.deepEqual(await relay.read(20), { data: '', isTaught: false });
  peer.say(Buffer.concat([entry(5).subarray(4), lessonEnd, Buffer.from([10])]));
  const { data, isTaught } = await relay.read(1_000);
  assert.deepEqual(Buffer.from(data, 'base64'), Buffer.concat([entry(5), lessonEnd]));
  assert.equal(isTaught, true);
  assert.equal(peer.heard.at(-1), '0003', 'it hears that the lesson is over, and goes on');
  relay.close();
  assert.ok(peer.isClosed);
  await assert.rejects(relay.read(0), /relay has ended/);
});

test('a source that says more than is taken has to wait, and nothing is lost', async () => {
  const peer = new ModelPeer(greeting);
  const relay = await Relay.open(peer, 'source', 1_000, systemClock);
  const many = 30;
  const one = Buffer.concat(Array.from({ length: 300 }, () => entry(200)));
  for (let said = 0; said < many; said += 1) peer.say(one);
  await systemClock.sleep(20);
  assert.ok(peer.unread > 0, 'it is not read to the end');
  let taken = 0;
  while (taken < many * one.length) {
    const { data } = await relay.read(1_000);
    assert.notEqual(data, '');
    taken += Buffer.from(data, 'base64').length;
  }
  assert.equal(taken, many * one.length);
  relay.close();
});

test('a target confirms by itself what it was given whole', async () => {
  const peer = new ModelPeer(greeting);
  const relay = await Relay.open(peer, 'target', 1_000, systemClock);
  const write = (bytes: Buffer, waitMs = 0) => relay.write(bytes.toString('base64'), waitMs);
  assert.deepEqual(await write(entry(5), 1_000), { isLearned: false });
  const ended = write(lessonEnd, 1_000);
  peer.say(Buffer.from([0, 0, 0, 3]));
  assert.deepEqual(await ended, { isLearned: true });
  assert.deepEqual(peer.heard.slice(1), [entry(5).toString('hex'), '0001']);
  await assert.rejects(write(entry(5).subarray(0, 3)), /inside a message/);
  assert.ok(peer.isClosed);
});

test('what is no peer, or says nothing, is closed', async () => {
  const stranger = new ModelPeer(Buffer.from('GET / HTTP/1.1\na: b\n\n'));
  await assert.rejects(Relay.open(stranger, 'source', 1_000, systemClock), /not a greeting/);
  const silent = new ModelPeer();
  await assert.rejects(Relay.open(silent, 'source', 10, systemClock), /before it said/);
  assert.ok(stranger.isClosed && silent.isClosed);
});

test('a relay speaks to keep HAProxy there, and ends when nobody asks any more', async () => {
  let nowMs = 0;
  const beats: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => nowMs,
    every: (_, task) => {
      beats.push(task);
      return () => undefined;
    },
  };
  const peer = new ModelPeer(greeting);
  const relay = await Relay.open(peer, 'target', 1_000, clock);
  nowMs = 9_000;
  beats[0]?.();
  assert.equal(peer.heard.at(-1), '0004');
  await relay.write('', 0);
  nowMs = 18_000;
  beats[0]?.();
  assert.equal(relay.isClosed, false);
  nowMs = 20_000;
  beats[0]?.();
  assert.ok(relay.isClosed && peer.isClosed);
});

test('a relay is opened only for who has the role, under the epoch of the grant', async () => {
  const machine = new ModelMachine();
  let desired = { name: 'web' as InstanceName, role: 'active', epoch: 4 } as DesiredInstance | null;
  using relays = new Relays({ machine, clock: systemClock, desired: () => desired });
  const request: RelayOpen = {
    kind: 'relay-open',
    instance: id,
    epoch: 4 as Epoch,
    end: 'source',
    socket: 'peers-1.sock',
    waitMs: 1_000,
  };
  const code = (expected: string) => (error: unknown) =>
    (error as { code?: string }).code === expected;
  await assert.rejects(relays.open({ ...request, epoch: 3 as Epoch }), code('EPOCH_STALE'));
  await assert.rejects(relays.open({ ...request, end: 'target' }), code('SOURCE_MISMATCH'));
  await assert.rejects(relays.open(request), code('OPERATION_FAILED'), 'nobody connects');
  assert.deepEqual(machine.done, [`acceptPeer ${id} peers-1.sock`]);

  const peer = new ModelPeer(greeting);
  machine.peers.set('peers-1.sock', peer);
  const { relay } = await relays.open(request);
  assert.deepEqual(await relays.read(relay, 0), { data: '', isTaught: false });
  relays.close(relay);
  assert.ok(peer.isClosed);
  assert.throws(() => relays.read(relay, 0), code('NOT_FOUND'));

  const late = new ModelPeer(greeting);
  machine.peers.set('peers-1.sock', late);
  machine.before = () => {
    desired = null;
  };
  await assert.rejects(relays.open(request), code('SOURCE_MISMATCH'), 'the grant went meanwhile');
  assert.ok(late.isClosed);
});
