import type { InstanceId } from '../src/domain/ids.ts';
import { Breach } from './breach.ts';
import type { SimHost } from './host.ts';
import type { Tables } from './tables.ts';

/**
 * An address is an instance's from the apply that gives it until the instance's host has left it:
 * whatever a host answers for is in the rows of the very instance that answers. And an instance is
 * forgotten only once nobody may answer for it any more.
 */
export function checkBelonging(hosts: readonly SimHost[], before: Tables, after: Tables): void {
  for (const { name, claims } of hosts) {
    for (const { address, instance } of claims) {
      if (isOf(after, instance, address)) continue;
      const what = after.instances.has(instance) ? 'it belongs to it no more' : 'it was forgotten';
      const who = nameOf(before, after, instance);
      throw new Breach('whose address', `${name} answers for ${address} of ${who}, but ${what}`);
    }
  }
  if (before.instances === after.instances) return;
  for (const [id, { instance }] of before.instances) {
    if (after.instances.has(id) || before.assignments.get(id)?.granted !== true) continue;
    throw new Breach('whose address', `${instance.spec.name} was forgotten while it had its grant`);
  }
}

function isOf({ instances, leaving }: Tables, id: InstanceId, address: string): boolean {
  const row = instances.get(id)?.instance;
  if (row?.addresses.some((one) => one.address === address) === true) return true;
  return leaving.get(address)?.instanceId === id;
}

function nameOf(before: Tables, after: Tables, id: InstanceId): string {
  const row = after.instances.get(id) ?? before.instances.get(id);
  return row?.instance.spec.name ?? id;
}
