import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import type { Epoch, HostName, InstanceId } from '../domain/ids.ts';
import type { AgentRequest } from '../protocol/frames.ts';
import { TableSync } from './table-sync.ts';

const instance = '11111111-1111-4111-8111-111111111111' as InstanceId;
const source = 'one' as HostName;
const target = 'two' as HostName;
const section = (number: number) => ({ name: `p${number}`, socket: `peers-${number}.sock` });

/** Two hosts whose HAProxies are a list of pieces here, and a list of what came there. */
class ModelHosts {
  /** What the source says: each piece in base64; the last one ends the lesson. */
  readonly pieces: string[];
  readonly given: string[] = [];
  readonly asked: { readonly host: HostName; readonly body: AgentRequest }[] = [];
  refuse: (host: HostName, body: AgentRequest) => boolean = () => false;
  #wake: () => void = () => undefined;
  #isTaught = false;

  constructor(...pieces: readonly string[]) {
    this.pieces = [...pieces];
  }

  /** Something that the source counts after its lesson. */
  say(piece: string): void {
    this.pieces.push(piece);
    this.#wake();
  }

  opened(host: HostName): number {
    return this.asked.filter((one) => one.host === host && one.body.kind === 'relay-open').length;
  }

  closed(host: HostName): number {
    return this.asked.filter((one) => one.host === host && one.body.kind === 'relay-close').length;
  }

  async ask(host: HostName, body: AgentRequest): Promise<unknown> {
    this.asked.push({ host, body });
    await Promise.resolve();
    if (this.refuse(host, body)) throw new BridgeheadError('OPERATION_FAILED', 'no', 'Nothing.');
    switch (body.kind) {
      case 'relay-open':
        return { relay: host === source ? 7 : 9 };
      case 'relay-read':
        assert.deepEqual([host, body.relay], [source, 7]);
        return { data: await this.#next(body.waitMs), isTaught: this.#isTaught };
      case 'relay-write':
        assert.deepEqual([host, body.relay], [target, 9]);
        if (body.data !== '') this.given.push(body.data);
        return { isLearned: this.#isTaught };
      case 'relay-close':
        return {};
      case 'validate':
      case 'look':
      case 'probe':
      case 'quiesce':
      case 'live-show':
      case 'live-set':
        throw new Error(`nobody asks for ${body.kind} here`);
    }
  }

  async #next(waitMs: number): Promise<string> {
    if (this.pieces.length === 0 && waitMs > 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, waitMs).unref();
      });
    }
    const piece = this.pieces.shift() ?? '';
    if (this.pieces.length === 0) this.#isTaught = true;
    return piece;
  }
}

function begin(hosts: ModelHosts, sections = [section(1)]): TableSync {
  const hands = { ask: (host: HostName, body: AgentRequest) => hosts.ask(host, body) };
  return new TableSync({ hands, instance, epoch: 4 as Epoch, source, target, sections });
}

async function settled(sync: TableSync): Promise<void> {
  for (let tries = 0; tries < 1_000 && !sync.isSettled; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(sync.isSettled);
}

test('the target gets all that the source says, in order, and later words until the end', async () => {
  const hosts = new ModelHosts('AAAA', 'BBBB', 'CCCC');
  const sync = begin(hosts);
  assert.equal(sync.isSettled, false);
  await settled(sync);
  assert.deepEqual([sync.learned, sync.problems], [['p1'], []]);
  hosts.say('DDDD');
  hosts.say('EEEE');
  await sync.end();
  assert.deepEqual(hosts.given, ['AAAA', 'BBBB', 'CCCC', 'DDDD', 'EEEE']);
  assert.deepEqual([hosts.closed(source), hosts.closed(target)], [1, 1]);
  for (const { body } of hosts.asked) if (body.kind === 'relay-open') assert.equal(body.epoch, 4);
});

test('a source that never stops talking is cut off at the end', async () => {
  const hosts = new ModelHosts('AAAA');
  const sync = begin(hosts);
  await settled(sync);
  for (let more = 0; more < 1_000; more += 1) hosts.say('FFFF');
  await sync.end();
  assert.ok(hosts.pieces.length > 900);
  assert.equal(hosts.closed(source), 1);
});

for (const host of [source, target]) {
  test(`where ${host} has no peer, that is the problem, and the other's relay is closed`, async () => {
    const hosts = new ModelHosts('AAAA');
    hosts.refuse = (asked, { kind }) => asked === host && kind === 'relay-open';
    const sync = begin(hosts);
    await settled(sync);
    assert.deepEqual([sync.learned, sync.problems], [[], ['p1: no']]);
    await sync.end();
    assert.deepEqual(hosts.given, []);
    assert.equal(hosts.closed(host), 0);
    assert.equal(hosts.closed(host === source ? target : source), 1);
  });
}

test('what breaks after the tables have come over takes nothing back', async () => {
  const hosts = new ModelHosts('AAAA');
  const sync = begin(hosts);
  await settled(sync);
  hosts.refuse = (_, { kind }) => kind === 'relay-read';
  await sync.end();
  assert.deepEqual([sync.learned, sync.problems], [['p1'], []]);
});

test('only so many sections are carried at once', async () => {
  const hosts = new ModelHosts();
  const sync = begin(
    hosts,
    Array.from({ length: 20 }, (_, index) => section(index + 1)),
  );
  await settled(sync);
  await sync.end();
  assert.deepEqual([hosts.opened(source), hosts.opened(target)], [8, 8]);
});
