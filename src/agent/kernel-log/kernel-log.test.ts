import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordHeader } from '../../logs/kernel-record.ts';
import { readKmsg } from '../../logs/kmsg.ts';
import type { AgentFrame, SchedulerFrame } from '../../protocol/frames.ts';
import type { KernelFrame, KernelRecord } from '../../protocol/kernel-frames.ts';
import type { Peer } from '../links.ts';
import { type KernelRing, KmsgDevice, type RingLook } from './kernel-ring.ts';
import { type KernelBatch, KernelSender } from './kernel-sender.ts';
import { KernelTail } from './kernel-tail.ts';

// Virtual time: a sleep lasts as long as the tests' own tasks take.
class QuickClock {
  nowMs = 1_000_000;
  wallMs = () => this.nowMs;
  monotonicMs = () => this.nowMs;
  every = () => () => undefined;
  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    await new Promise((done) => setImmediate(done));
    signal?.throwIfAborted();
    this.nowMs += durationMs;
  }
}

class Files {
  readonly texts = new Map<string, string>();
  readFile = async (name: string) => this.texts.get(name) ?? null;
  replaceFile = async (name: string, text: string) => void this.texts.set(name, text);
}

/** A ring of so many records, which overwrites as the kernel's does. */
class ModelRing implements KernelRing {
  fault: Error | null = null;
  #first = 0;
  #next = 0;
  #at = 0;
  readonly #records: string[] = [];
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  say(text: string): void {
    this.#records.push(`6,${this.#next},${this.#next * 1_000_000},-;${text}\n`);
    this.#next += 1;
    if (this.#records.length <= this.#size) return;
    this.#records.shift();
    this.#first += 1;
  }

  look(): RingLook {
    if (this.fault !== null) throw this.fault;
    if (this.#at < this.#first) {
      this.#at = this.#first;
      return { kind: 'overrun' };
    }
    if (this.#at === this.#next) return { kind: 'empty' };
    this.#at += 1;
    return { kind: 'record', text: this.#records[this.#at - 1 - this.#first] ?? '' };
  }

  close(): void {
    this.#at = 0;
  }
}

interface Scene {
  readonly ring: ModelRing;
  readonly files: Files;
  readonly clock: QuickClock;
  readonly got: KernelRecord[];
  readonly logged: string[];
  /** Runs a tail until it has delivered so many records in all. */
  readonly follow: (count: number, boot?: string) => Promise<void>;
}

function scene(size: number): Scene {
  const ring = new ModelRing(size);
  const files = new Files();
  const clock = new QuickClock();
  const got: KernelRecord[] = [];
  const logged: string[] = [];
  const follow = async (count: number, boot = 'boot-1') => {
    const stop = new AbortController();
    const sender = {
      deliver: async (batch: KernelBatch) => {
        assert.deepEqual([batch.boot, batch.source], [boot, 'kmsg']);
        got.push(...batch.records);
      },
    };
    const log = (message: string) => logged.push(message);
    const tail = new KernelTail({ ring, files, clock, sender, boot, uptimeMs: () => 100_000, log });
    const run = tail.run(stop.signal);
    for (let turns = 0; turns < 1_000 && got.length < count; turns += 1) {
      await new Promise((done) => setImmediate(done));
    }
    // The position is written after the delivery.
    for (let turns = 0; turns < 5; turns += 1) await new Promise((done) => setImmediate(done));
    stop.abort();
    await run;
    assert.equal(got.length, count);
  };
  return { ring, files, clock, got, logged, follow };
}

const textOf = ({ sequence, text, lost }: KernelRecord) =>
  lost === undefined
    ? `${sequence} ${readKmsg(text, null)?.text.slice(15)}`
    : `${lost} lost from ${sequence}`;

test('all that the ring has is sent, and after a restart only what was not acknowledged', async () => {
  const { ring, got, follow } = scene(100);
  ring.say('a');
  ring.say('b');
  await follow(2);
  ring.say('c');
  await follow(3);
  assert.deepEqual(got.map(textOf), ['0 a', '1 b', '2 c']);
});

test('what was overwritten is counted by the numbers that are missing', async () => {
  const { ring, got, follow } = scene(3);
  ring.say('a');
  await follow(1);
  for (const text of ['b', 'c', 'd', 'e', 'f']) ring.say(text);
  await follow(5);
  assert.deepEqual(got.map(textOf), ['0 a', '2 lost from 1', '3 d', '4 e', '5 f']);
});

test('a new boot begins anew, and what its ring has lost before anybody read is no loss', async () => {
  const { ring, got, follow } = scene(2);
  ring.say('a');
  await follow(1);
  ring.say('b');
  ring.say('c');
  await follow(3, 'boot-2');
  assert.deepEqual(got.map(textOf), ['0 a', '1 b', '2 c']);
});

test('the backlog has the time of its stamps, what comes now has the time of now', async () => {
  const { ring, clock, got, follow } = scene(100);
  for (let count = 0; count < 3; count += 1) ring.say('old');
  const bootedMs = clock.nowMs - 100_000;
  const more = follow(4);
  while (got.length < 3) await new Promise((done) => setImmediate(done));
  ring.say('new');
  await more;
  const times = got.map(({ saidMs }) => saidMs);
  assert.deepEqual(
    times.slice(0, 3),
    [0, 1_000, 2_000].map((ms) => bootedMs + ms),
  );
  assert.ok((times[3] ?? 0) >= bootedMs + 100_000);
});

test('a ring that cannot be read is told of once and tried again', async () => {
  const { ring, logged, follow } = scene(9);
  ring.fault = new Error('EIO');
  ring.say('a');
  setTimeout(() => {
    ring.fault = null;
  }, 5);
  await follow(1);
  assert.deepEqual(logged, ['cannot read the kernel log']);
});

class ModelPeer implements Peer {
  readonly name: string;
  readonly sent: KernelFrame[] = [];
  readonly waitingBytes = 0;
  isOpen = true;

  constructor(name: string) {
    this.name = name;
  }

  send(frame: AgentFrame): boolean {
    if (this.isOpen && frame.type === 'kernel') this.sent.push(frame);
    return this.isOpen;
  }
}

test('a batch goes to one scheduler that takes it, and to another where that one does not answer', async () => {
  const [old, one, two] = ['old', 'one', 'two'].map((name) => new ModelPeer(name));
  assert.ok(old !== undefined && one !== undefined && two !== undefined);
  const sender = new KernelSender(() => [old, one, two], new QuickClock());
  const takes: SchedulerFrame = { type: 'heartbeat', takes: ['kernel'] };
  const batch = { boot: 'b', source: 'kmsg', records: [{ sequence: 1, saidMs: null, text: 'x' }] };
  const { signal } = new AbortController();
  const first = sender.deliver(batch, signal);
  const second = sender.deliver(batch, signal);
  sender.hear({ type: 'heartbeat' }, old);
  sender.hear(takes, one);
  sender.hear(takes, two);
  while (two.sent.length === 0) await new Promise((done) => setImmediate(done));
  sender.hear({ type: 'kernel-took', batch: 1 }, two);
  await first;
  assert.ok(one.sent.length > 0);
  assert.deepEqual(old.sent, []);
  one.isOpen = false;
  two.sent.length = 0;
  while (two.sent.length === 0) await new Promise((done) => setImmediate(done));
  assert.deepEqual(two.sent[0], { type: 'kernel', batch: 2, ...batch });
  sender.hear({ type: 'kernel-took', batch: 2 }, two);
  await second;
});

test('whoever waits for a scheduler can be stopped', async () => {
  const sender = new KernelSender(() => [], new QuickClock());
  const stop = new AbortController();
  const batch = { boot: 'b', source: 'kmsg', records: [] };
  const waiting = sender.deliver(batch, stop.signal);
  stop.abort();
  await assert.rejects(waiting);
});

test('the real /dev/kmsg is read to its end', (context) => {
  const ring = new KmsgDevice();
  const sequences: number[] = [];
  try {
    for (let look = ring.look(); look.kind !== 'empty'; look = ring.look()) {
      if (look.kind === 'overrun') continue;
      const record = recordHeader(look.text);
      assert.ok(record !== null, look.text);
      sequences.push(record.sequence);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    context.skip(`/dev/kmsg cannot be read here: ${code}`);
    return;
  } finally {
    ring.close();
  }
  assert.deepEqual(
    sequences,
    sequences.toSorted((a, b) => a - b),
  );
  context.diagnostic(`${sequences.length} records`);
});
