// For tests: what a store does with versions of configurations.

import assert from 'node:assert/strict';
import { type ConfigVersion, configVersionsMax } from '../domain/config-version.ts';
import { type RolloutRecord, rolloutDefaults } from '../domain/rollout.ts';
import type { Store } from './store.ts';
import { instance, seeded } from './store-contract-rows.ts';

export function configContract(
  test: (title: string, work: () => Promise<void>) => void,
  fresh: () => Promise<Store>,
): void {
  const { id } = instance(1);
  const fields = (hash: string): Omit<ConfigVersion, 'version'> => ({
    ...{ atMs: 7, who: 'ann', reason: 'because', hash },
    content: { image: 'image:1', config: 'frontend f\n  bind "ü"\n' },
  });

  test('versions of a configuration are numbered from 1, and go with their instance', async () => {
    await using store = await seeded(await fresh());
    const numbers = await store.transact(async (tx) => [
      await tx.addConfigVersion(id, fields('a')),
      await tx.addConfigVersion(id, fields('b')),
    ]);
    assert.deepEqual(numbers, [1, 2]);
    const { content, ...head } = fields('b');
    const [newest] = await store.transact((tx) => tx.configVersions(id));
    assert.deepEqual(newest, { ...head, version: 2 });
    const two = await store.transact((tx) => tx.configVersion(id, 2));
    assert.deepEqual(two, { ...head, content, version: 2 });
    await store.transact((tx) => tx.deleteInstance(id));
    assert.deepEqual(await store.transact((tx) => tx.configVersions(id)), []);
  });

  test('a rollout comes back as it was put, and what carries it leaves its pause alone', async () => {
    await using store = await fresh();
    const rollout = (number: number): RolloutRecord => ({
      id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
      ...{ owner: 'team', service: 'web', settings: rolloutDefaults, targets: [], breach: null },
    });
    const pause = { who: 'ann', reason: 'lunch', atMs: 9 };
    const { id: first } = rollout(1);
    await store.transact(async (tx) => {
      for (const number of [1, 2]) await tx.putRollout(rollout(number));
      await tx.setRolloutPause(first, pause);
      await tx.putRollout({ ...rollout(1), breach: 'too bad' });
    });
    const read = (id: string) => store.transact((tx) => tx.rollout(id));
    assert.deepEqual(await read(first), { ...rollout(1), breach: 'too bad', pause });
    await store.transact((tx) => tx.setRolloutPause(first, null));
    assert.equal((await read(first))?.pause, null);
    const all = await store.transact((tx) => tx.rollouts(10));
    assert.deepEqual(
      all.map(({ id }) => id),
      [rollout(2).id, first],
    );
    assert.equal((await store.transact((tx) => tx.rollouts(1))).length, 1);
  });

  test('of many versions of a configuration the oldest go', async () => {
    await using store = await seeded(await fresh());
    await store.transact(async (tx) => {
      for (let i = 0; i < configVersionsMax + 2; i += 1) await tx.addConfigVersion(id, fields('a'));
    });
    const kept = await store.transact((tx) => tx.configVersions(id));
    assert.equal(kept.length, configVersionsMax);
    assert.equal(kept[0]?.version, configVersionsMax + 2);
    assert.equal(await store.transact((tx) => tx.configVersion(id, 2)), null);
  });
}
