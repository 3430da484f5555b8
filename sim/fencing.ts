import { instanceObject, isOpen } from '../src/domain/operation.ts';
import { Breach } from './breach.ts';
import type { SimHost } from './host.ts';
import type { Tables } from './tables.ts';

/**
 * What a commit may do to a host that is held for dead: it is granted nothing until it shows that
 * nothing of before is on the wire from there; and what it held goes to its standbys at once.
 */
export function checkFencing(hosts: readonly SimHost[], before: Tables, after: Tables): void {
  if (before.assignments !== after.assignments || before.fences !== after.fences) {
    for (const [id, held] of after.assignments) {
      const was = before.assignments.get(id);
      if (!after.fences.has(held.host) || was === held) continue;
      // What it still is down for while its last lease runs out: it is told of nothing any more.
      if (before.fences.has(held.host) && was?.host === held.host) continue;
      const name = after.instances.get(id)?.instance.spec.name ?? id;
      const how = held.granted ? 'granted to' : 'taken back from';
      throw new Breach('fenced', `${name} was ${how} ${held.host}, which is held for dead`);
    }
  }
  if (before.fences === after.fences) return;
  for (const host of before.fences.keys()) {
    if (after.fences.has(host)) continue;
    const held = hosts.find(({ name }) => name === host)?.held ?? [];
    if (held.length === 0) continue;
    const what = held.map(({ address }) => address).join(', ');
    throw new Breach('fenced', `${host} is taken back with ${what} on its ports`);
  }
}

/**
 * The most important first: while something waits for a host, nothing of a later tier gets one. What
 * an operation holds, or is in line for, waits for that; and what goes where its own standby is takes
 * room from nobody.
 */
export function checkTiers(before: Tables, after: Tables): void {
  if (before.assignments === after.assignments) return;
  const warm = new Set(
    [...before.standbys.values()].map(({ instanceId, host }) => `${instanceId} ${host}`),
  );
  const placed = [...after.assignments.values()]
    .filter(({ instanceId, host }) => {
      return !before.assignments.has(instanceId) && !warm.has(`${instanceId} ${host}`);
    })
    .map(({ instanceId }) => instanceId);
  if (placed.length === 0) return;
  const tierOf = (id: string) => after.instances.get(id)?.instance.spec.tier ?? 0;
  const spoken = new Set(
    [...before.operations.values(), ...after.operations.values()].flatMap(({ operation }) =>
      isOpen(operation) ? operation.objects : [],
    ),
  );
  const last = Math.max(...placed.map(tierOf));
  for (const [id, { instance }] of after.instances) {
    const { tier, name } = instance.spec;
    if (tier >= last || after.assignments.has(id) || !before.instances.has(id)) continue;
    if (spoken.has(instanceObject(name))) continue;
    throw new Breach('in order', `tier ${last} is placed while ${name} of tier ${tier} waits`);
  }
}
