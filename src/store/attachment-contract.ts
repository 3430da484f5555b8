// For tests: what a store does with what is in attachments.

import assert from 'node:assert/strict';
import { contentOf } from '../domain/config-version.ts';
import type { Epoch, HostName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import type { Store } from './store.ts';
import { host, instance, seeded } from './store-contract-rows.ts';

const version = { atMs: 1, who: 'ann', reason: '', hash: 'h' };
const hashOf = (letter: string) => letter.repeat(64);

function attachedTo(one: Instance, ...letters: string[]): Instance {
  const attachments = letters.map((letter) => ({
    ...{ name: `${letter}.map`, sha256: hashOf(letter), sizeBytes: 1, path: null },
  }));
  return { ...one, spec: { ...one.spec, attachments } };
}

export function attachmentContract(
  test: (title: string, work: () => Promise<void>) => void,
  fresh: () => Promise<Store>,
): void {
  test('a content is there once, for hosts of its instances, until nobody has it', async () => {
    await using store = await seeded(await fresh());
    const [first, second] = [instance(1, '198.18.10.10'), instance(2, '198.18.10.11')];
    const contents = new Map([
      [hashOf('a'), new Uint8Array([0, 255])],
      [hashOf('b'), new Uint8Array(0)],
    ]);
    const other = 'host-2' as HostName;
    const read = async (from: HostName | null, letter: string) => {
      const found = await store.transact((tx) => tx.contentFor(from, hashOf(letter)));
      return found === null ? null : [...found];
    };
    await store.transact(async (tx) => {
      await tx.putHost({ name: other, zone: 'z', rack: 'r', labels: {}, capacity: null });
      await tx.putContents(contents);
      await tx.putContents(contents);
      await tx.putInstance(attachedTo(first, 'a'));
      await tx.putInstance(attachedTo(second, 'a', 'b'));
      const grant = { host, epoch: 1 as Epoch, granted: true };
      await tx.putAssignment({ ...grant, instanceId: first.id });
      await tx.putStandby({ instanceId: second.id, host: other });
    });
    assert.deepEqual(await read(host, 'a'), [0, 255]);
    assert.deepEqual(await read(other, 'a'), [0, 255]);
    assert.deepEqual(await read(other, 'b'), []);
    assert.equal(await read(host, 'b'), null, 'of no instance there');
    assert.equal(await read(host, 'c'), null, 'of nobody');
    assert.equal(await read('host-3' as HostName, 'a'), null, 'not a host of them');
    const drop = () => store.transact((tx) => tx.dropUnusedContents());
    assert.equal(await drop(), 0);
    await store.transact((tx) => tx.deleteInstance(second.id));
    assert.equal(await drop(), 1);
    assert.deepEqual(await read(host, 'a'), [0, 255]);
    await store.transact(async (tx) => {
      await tx.putInstance(first);
      await tx.addConfigVersion(first.id, {
        ...version,
        content: contentOf(attachedTo(first, 'a').spec),
      });
    });
    assert.equal(await drop(), 0, 'a version of the configuration has it');
    assert.deepEqual(await read(host, 'a'), [0, 255]);
    await store.transact((tx) => tx.deleteInstance(first.id));
    assert.equal(await read(host, 'a'), null);
    assert.deepEqual(await read(null, 'a'), [0, 255]);
    assert.equal(await drop(), 1);
    assert.equal(await read(null, 'a'), null);
  });
}
