import assert from 'node:assert/strict';
import { test } from 'node:test';
import { productionTimings } from '../detection/timings.ts';
import type { Clock } from '../domain/clock.ts';
import type { AgentFrame } from '../protocol/frames.ts';
import type { PulseFrame } from '../protocol/pulse-frames.ts';
import type { Peer } from './links.ts';
import { type Witness, Witnessing } from './witnessing.ts';

const frame = (version: number): PulseFrame => ({
  ...{ type: 'pulse', session: 's', timings: productionTimings, version },
  ...{ witnesses: [], quorum: 0, targets: [] },
});

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
    reach: () => undefined,
    promise: () => undefined,
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
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const witnessing = new Witnessing(witness, clock, new AbortController().signal, () => undefined);
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
