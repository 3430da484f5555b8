import assert from 'node:assert/strict';
import { test } from 'node:test';
import { productionTimings } from '../detection/timings.ts';
import type { Clock } from '../domain/clock.ts';
import type { AgentFrame } from '../protocol/frames.ts';
import type { PulseFrame } from '../protocol/pulse-frames.ts';
import type { Peer } from './links.ts';
import type { MachineFiles } from './machine.ts';
import { type Witness, Witnessing } from './witnessing.ts';

const frame = (version: number): PulseFrame => ({
  ...{ type: 'pulse', session: 's', timings: productionTimings, version },
  ...{ witnesses: [], quorum: 0, targets: [] },
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Files that are kept for as long as this object is. */
function memory(): MachineFiles {
  const files = new Map<string, string>();
  return {
    readFile: async (name) => files.get(name) ?? null,
    replaceFile: async (name, text) => void files.set(name, text),
    removeFolder: async () => undefined,
  };
}

test('rules that the kernel did not take are tried again, until others have come', async () => {
  const tried: number[] = [];
  const said: AgentFrame[] = [];
  const slept: (() => void)[] = [];
  let isBroken = true;
  const witness: Witness = {
    assign: async ({ version }) => {
      tried.push(version);
      if (isBroken) throw new Error('nft is not there');
    },
    watch: () => assert.fail('nothing older came'),
    reach: () => undefined,
    resume: () => undefined,
    hurry: () => undefined,
    onReport: () => undefined,
  };
  const clock = {
    sleep: () => new Promise<void>((resolve) => slept.push(resolve)),
  } as unknown as Clock;
  const peer = {
    name: 'scheduler',
    send: (one: AgentFrame) => said.push(one) > 0,
  } as unknown as Peer;
  const { signal } = new AbortController();
  const witnessing = new Witnessing(witness, memory(), clock, signal, () => undefined);
  witnessing.hear(frame(1), peer);
  await turn();
  assert.deepEqual([tried, said, slept.length], [[1], [], 1]);
  witnessing.hear(frame(2), peer);
  await turn();
  isBroken = false;
  for (const wake of slept.splice(0)) wake();
  await turn();
  assert.deepEqual(tried, [1, 2, 2], 'the older is not tried again');
  assert.deepEqual(said, [{ type: 'pulse-took', version: 2 }]);
});

test('an agent that was restarted takes no older set than the one before it had confirmed', async () => {
  const files = memory();
  const taken: number[] = [];
  const watched: number[] = [];
  const said: AgentFrame[] = [];
  const witness = {
    assign: async ({ version }: PulseFrame) => void taken.push(version),
    watch: ({ targets }: PulseFrame) => watched.push(targets.length),
    reach: () => undefined,
    onReport: () => undefined,
  } as unknown as Witness;
  const peer = {
    name: 'scheduler',
    send: (one: AgentFrame) => said.push(one) > 0,
  } as unknown as Peer;
  const clock = {} as Clock;
  for (const versions of [[7], [6, 7, 5]]) {
    const { signal } = new AbortController();
    const witnessing = new Witnessing(witness, files, clock, signal, () => undefined);
    for (const version of versions) witnessing.hear(frame(version), peer);
    await turn();
  }
  assert.deepEqual(taken, [7, 7], 'the same set is taken anew: its prober has to know whom to ask');
  assert.equal(said.length, 2);
  assert.deepEqual(
    watched,
    [0],
    'whom to ask is taken from the older as long as nothing else came',
  );
});
