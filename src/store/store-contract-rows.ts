// For tests: the rows that the store's contract is tried with.

import type { HostName, InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
import type { Instance, Pool } from '../domain/model.ts';
import type { Store } from './store.ts';

/** The one host of these tests. */
export const host = 'host-1' as HostName;
/** The pool that its addresses are from. */
export const pool: Pool = {
  name: 'public' as PoolName,
  cidr: '198.18.10.0/24',
  range: { from: '198.18.10.10', to: '198.18.10.20' },
  prefix: 16,
  gateway: '198.18.0.1',
  bridge: 'br0',
  vlan: null,
};

/** An instance by number; equal calls give equal ones. */
export function instance(number: number, ...addresses: string[]): Instance {
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as InstanceId;
  return {
    id,
    spec: {
      name: `web-${number}` as InstanceName,
      owner: 'team',
      service: 'web',
      tier: 1,
      standbys: 1,
      contact: 'a@example.com',
      notes: '',
      image: 'image:1',
      resources: { memoryMib: 64, cpus: 0.5, maxConnections: 100 },
      placement: { zones: [], racks: [], labels: { disk: 'fast' }, avoid: [] },
      addresses: addresses.map((address) => ({ pool: pool.name, address })),
      config: 'frontend f\n  bind :80\n',
    },
    addresses: addresses.map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
      pool: pool.name,
      prefix: 16,
      gateway: '198.18.0.1',
      bridge: 'br0',
      vlan: null,
    })),
    rendered: 'global\n',
    configHash: 'hash',
  };
}

/** Puts host, pool and the first instance. @returns the store */
export async function seeded(store: Store): Promise<Store> {
  await store.transact(async (tx) => {
    await tx.putPool(pool);
    await tx.putHost({ name: host, zone: 'z', rack: 'r', labels: { a: 'b' }, capacity: null });
    await tx.putInstance(instance(1, '198.18.10.10', '2001:db8::10'));
  });
  return store;
}
