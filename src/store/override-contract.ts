// For tests: what a store does with what is kept of live changes.

import assert from 'node:assert/strict';
import type { KeptOverride } from '../domain/live.ts';
import type { Store } from './store.ts';
import { instance, seeded } from './store-contract-rows.ts';

export function overrideContract(
  test: (title: string, work: () => Promise<void>) => void,
  fresh: () => Promise<Store>,
): void {
  test('what is kept of an instance is one for each name, and goes with it', async () => {
    await using store = await seeded(await fresh());
    const { id } = instance(1);
    const kept = (key: string, value: string): KeptOverride => {
      const override = { kind: 'map', file: '/f', key, value } as const;
      return { override, who: 'ann', reason: '', atMs: 1 };
    };
    await store.transact(async (tx) => {
      for (const one of [kept('b', '1'), kept('a', '2'), kept('b', '3')]) {
        await tx.putOverride(id, one);
      }
    });
    const own = () => store.transact(async (tx) => (await tx.overrides()).get(id) ?? []);
    assert.deepEqual(await own(), [kept('a', '2'), kept('b', '3')]);
    await store.transact((tx) => tx.deleteOverride(id, 'map /f a'));
    assert.deepEqual(await own(), [kept('b', '3')]);
    await store.transact((tx) => tx.deleteInstance(id));
    assert.deepEqual(await own(), []);
  });
}
