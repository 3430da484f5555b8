import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetMemory } from '../store/fleet-memory.ts';
import type { FleetState, Transaction } from '../store/store.ts';
import { systemClock } from '../system/clock.ts';
import { rememberedFleet } from './remembered-fleet.ts';

class Scene {
  /** The memories of the readings, in their order. */
  readonly memories: FleetMemory[] = [];
  nowMs = 0;
  fault: Error | null = null;
  /** How many readings were under way at once at the most. */
  most = 0;
  #atWork = 0;

  readonly read = rememberedFleet(
    {
      moment: async (memory, more) => {
        this.memories.push(memory);
        this.#atWork += 1;
        this.most = Math.max(this.most, this.#atWork);
        await systemClock.sleep(1);
        this.#atWork -= 1;
        if (this.fault !== null) throw this.fault;
        const fleet = { hosts: [] } as unknown as FleetState;
        return [{ fleet, observations: [] }, await more({} as Transaction)];
      },
    },
    { ...systemClock, monotonicMs: () => this.nowMs },
  );
}

const nothing = async () => null;

test('readings share a memory, one after the other', async () => {
  const one = new Scene();
  const all = await Promise.all([1, 2, 3].map((more) => one.read(async () => more)));
  assert.deepEqual(
    all.map(([, more]) => more),
    [1, 2, 3],
  );
  assert.equal(new Set(one.memories).size, 1);
  assert.equal(one.most, 1);
});

test('after a reading that failed all is read anew, and nobody else fails for it', async () => {
  const one = new Scene();
  await one.read(nothing);
  one.fault = new Error('gone');
  await assert.rejects(one.read(nothing), /gone/);
  one.fault = null;
  await one.read(nothing);
  const [first, second, third] = one.memories;
  assert.equal(first, second);
  assert.notEqual(second, third);
});

test('now and then all is read anew, whatever is remembered', async () => {
  const one = new Scene();
  for (one.nowMs = 0; one.nowMs < 61_000; one.nowMs += 1_000) await one.read(nothing);
  assert.equal(new Set(one.memories).size, 3);
});
