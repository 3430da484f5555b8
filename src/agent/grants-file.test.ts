import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch, InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
import { acceptGrants, type Grants, readGrants } from './grants.ts';
import { GrantsFile } from './grants-file.ts';
import { ModelMachine } from './model-machine.ts';

const boot = 'boot-1';

function grant(epoch: number, change: Partial<DesiredInstance> = {}): DesiredInstance {
  const at = { family: 4, pool: 'p' as PoolName, prefix: 16, gateway: null } as const;
  return {
    id: '11111111-1111-4111-8111-111111111111' as InstanceId,
    name: 'web' as InstanceName,
    ...{ role: 'active', epoch: epoch as Epoch, released: true, waitMs: 0, image: 'image:1' },
    resources: { memoryMib: 64, cpus: 1, maxConnections: 100 },
    mac: '02:00:00:00:00:01',
    addresses: ['198.18.10.1', '198.18.10.2'].map((address) => {
      return { address, ...at, bridge: 'br0', vlan: null };
    }),
    ...{ config: '', configHash: 'hash' },
    ...change,
  };
}

function told(revision: number, ...instances: DesiredInstance[]): Grants {
  const before = readGrants(null, boot);
  return acceptGrants(before, { revision, digest: 'd', instances }).grants;
}

/** A machine whose disk syncs nothing until it is told to. */
function scene() {
  const machine = new ModelMachine();
  const { promise, resolve: go } = Promise.withResolvers<void>();
  machine.before = (effect) => (effect === 'replaceFile' ? promise : undefined);
  const problems: string[] = [];
  return { machine, go, problems, file: new GrantsFile(machine, (text) => problems.push(text)) };
}

async function isWaiting(work: Promise<void>): Promise<boolean> {
  const turns = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 20));
  return Promise.race([work.then(() => false), turns]);
}

test('what is given is acted on before the disk has it, and an agent that restarts knows it', async () => {
  const { machine, file } = scene();
  await file.keep(told(0), told(1, grant(1)));
  await file.keep(told(1, grant(1)), told(2, grant(2)));
  const again = new GrantsFile(machine, () => undefined);
  assert.deepEqual(await again.read(boot), told(2, grant(2)));
});

test('what is taken is on the disk first', async () => {
  const [one] = grant(1).addresses;
  assert.ok(one !== undefined);
  const lesser = [[], [grant(2, { role: 'standby' })], [grant(2, { addresses: [one] })]];
  for (const instances of lesser) {
    const { machine, file, go } = scene();
    await file.keep(told(0), told(1, grant(1)));
    const taking = file.keep(told(1, grant(1)), told(2, ...instances));
    assert.ok(await isWaiting(taking));
    go();
    await taking;
    machine.reboot();
    assert.equal((await new GrantsFile(machine, () => undefined).read('boot-2')).revision, 2);
  }
});

test('after a power cut what was synced counts, and nothing is granted', async () => {
  const { machine, file, go } = scene();
  go();
  await file.keep(told(0), told(1, grant(1)));
  await file.keep(told(1, grant(1)), told(2, grant(3), grant(1, { role: 'standby' })));
  await file.keep(told(2, grant(3)), told(3));
  machine.reboot();
  const { revision, desired, newest } = await file.read('boot-2');
  assert.deepEqual([revision, desired, [...newest.values()]], [3, [], []]);
});

test('what was not synced may be anything after a power cut', async () => {
  for (const left of ['', '\0\0\0', '{"version":2', '{"bootId":"boot-0"}']) {
    const { machine, file } = scene();
    machine.files.set('grants-of-boot.json', left);
    assert.deepEqual(await file.read(boot), readGrants(null, boot));
  }
});

test('a disk that is slow gets the last of what came meanwhile', async () => {
  const { machine, file, go } = scene();
  for (let revision = 1; revision < 10; revision += 1) {
    await file.keep(told(revision - 1, grant(1)), told(revision, grant(1)));
  }
  const taking = file.keep(told(9, grant(1)), told(10));
  go();
  await taking;
  const writes = machine.done.filter((one) => one.startsWith('replaceFile'));
  assert.ok(writes.length <= 2, writes.join());
  assert.equal(readGrants(machine.files.get('grants.json') ?? null, boot).revision, 10);
});

test('a disk that is full is told of, and fails what is taken', async () => {
  const { machine, file, problems } = scene();
  machine.before = (effect) => {
    if (effect === 'replaceFile') throw new Error('no space left on device');
  };
  await file.keep(told(0), told(1, grant(1)));
  await assert.rejects(file.keep(told(1, grant(1)), told(2)), /no space left/);
  assert.deepEqual(problems, ['cannot keep grants for the next boot']);
});
