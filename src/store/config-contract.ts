// For tests: what a store does with versions of configurations.

import assert from 'node:assert/strict';
import { type ConfigVersion, configVersionsMax } from '../domain/config-version.ts';
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
