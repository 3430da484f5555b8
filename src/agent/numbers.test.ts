import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../domain/clock.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { ObservedInstance } from '../domain/model.ts';
import { valueOf } from '../numbers/fields.ts';
import { answer } from '../numbers/test-answer.ts';
import { numbersFrame } from '../protocol/number-frames.ts';
import { ModelPeer } from './model-links.ts';
import { Numbers } from './numbers.ts';

const id = '11111111-1111-4111-8111-111111111111' as InstanceId;

function scene() {
  const [first, second] = [new ModelPeer('first'), new ModelPeer('second')];
  first.isOpen = true;
  const state = { nowMs: 0, pid: 1, sessions: 0, open: 1, serving: [id], isStuck: false };
  const clock: Clock = {
    ...{ wallMs: () => 0, monotonicMs: () => state.nowMs },
    ...{ sleep: () => Promise.resolve(), every: () => () => undefined },
  };
  const numbers = new Numbers({
    clock,
    read: async () => {
      if (state.isStuck) throw new Error('no answer');
      const { pid, sessions: stot, open: scur } = state;
      return answer(pid, [
        { name: 'web', type: 0, values: { stot, scur } },
        { name: 'quiet', type: 1 },
      ]);
    },
    observed: () => state.serving.map((one) => ({ id: one, phase: 'serving' }) as ObservedInstance),
    peers: () => [first, second],
  });
  /** Five seconds later. */
  const later = async (change: Partial<typeof state> = {}) => {
    Object.assign(state, change, { nowMs: state.nowMs + 5_000 });
    await numbers.round();
  };
  const said = (peer: ModelPeer) => peer.all('numbers').map((frame) => numbersFrame.parse(frame));
  const last = (peer: ModelPeer) => said(peer).at(-1)?.instances[0];
  const sessions = (peer: ModelPeer) =>
    valueOf(last(peer)?.rows.find(([key]) => key === 'frontend/web')?.[1] ?? [], 'sessions');
  return { first, second, later, said, last, sessions, numbers };
}

test('the first reading says nothing yet; then what came since, all of it once, and what changed', async () => {
  const { first, later, said, last, sessions } = scene();
  await later({ sessions: 1_000 });
  assert.equal(said(first).length, 0);
  await later({ sessions: 1_050 });
  assert.equal(last(first)?.isWhole, true);
  assert.deepEqual(
    last(first)?.rows.map(([key]) => key),
    ['process', 'frontend/web', 'backend/quiet'],
  );
  assert.deepEqual([sessions(first), last(first)?.spanMs], [50, 5_000]);
  await later({ sessions: 1_060 });
  assert.equal(last(first)?.isWhole, false);
  assert.deepEqual(
    last(first)?.rows.map(([key]) => key),
    ['frontend/web'],
  );
  await later({});
  // It is said once more, since its sessions have ended to come.
  assert.deepEqual(last(first)?.rows, []);
});

test('after a reload all is said, counted from the new worker’s start', async () => {
  const { first, later, last, sessions } = scene();
  await later({ sessions: 1_000 });
  await later({ sessions: 1_010 });
  await later({ pid: 2, sessions: 20 });
  assert.deepEqual([last(first)?.isWhole, sessions(first)], [true, 20]);
  await later({ sessions: 25 });
  assert.equal(sessions(first), 5);
});

test('what could not be sent, or read, is in what is sent next', async () => {
  const { first, later, said, last, sessions } = scene();
  await later({ sessions: 100 });
  await later({ sessions: 110 });
  first.waitingBytes = 1_000_000;
  await later({ sessions: 130 });
  assert.equal(said(first).length, 1);
  first.waitingBytes = 0;
  await later({ sessions: 150, isStuck: true });
  assert.equal(said(first).length, 1);
  await later({ sessions: 160, isStuck: false });
  assert.deepEqual([sessions(first), last(first)?.spanMs], [50, 15_000]);
});

test('one scheduler is told; where it goes, the next hears all', async () => {
  const { first, second, later, said, last, sessions } = scene();
  second.isOpen = true;
  await later({ sessions: 10 });
  await later({ sessions: 20 });
  assert.deepEqual([said(first).length, said(second).length], [1, 0]);
  first.isOpen = false;
  await later({ sessions: 30 });
  assert.deepEqual([last(second)?.isWhole, sessions(second)], [true, 10]);
});

test('every minute all is said; what serves no more is forgotten', async () => {
  const { first, later, said } = scene();
  for (let count = 0; count < 16; count += 1) await later();
  const wholes = said(first).map(({ instances }) => instances[0]?.isWhole);
  assert.deepEqual([wholes.indexOf(true), wholes.lastIndexOf(true), wholes.length], [0, 13, 15]);
  await later({ serving: [] });
  await later({ serving: [id], sessions: 1_000_000 });
  assert.equal(said(first).length, 15);
});
