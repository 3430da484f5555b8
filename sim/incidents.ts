import { isOpen } from '../src/domain/operation.ts';
import { Breach } from './breach.ts';
import type { Tables } from './tables.ts';

/** Each death of a host has one incident, and an incident no more than one death. */
export function checkIncidents(before: Tables, after: Tables): void {
  if (before.incidents === after.incidents) return;
  const deaths = new Map<string, number>();
  for (const { id, failoverId } of after.incidents.values()) {
    if (failoverId === null) continue;
    const other = deaths.get(failoverId);
    if (other !== undefined) {
      throw new Breach('one incident', `${other} and ${id} are of failover ${failoverId}`);
    }
    deaths.set(failoverId, id);
    const claimed = after.causes.get(`failover/${failoverId}`)?.incidentId;
    if (claimed !== id) {
      throw new Breach('one incident', `${id} is of failover ${failoverId}, which has ${claimed}`);
    }
  }
}

/** What is missing of the incidents while all else has come to rest; null where nothing is. */
export function incidentUnrest({
  operations,
  causes,
  incidents,
  assignments,
}: Tables): string | null {
  for (const { operation } of operations.values()) {
    if (operation.kind !== 'failover' || isOpen(operation)) continue;
    if (!causes.has(`failover/${operation.id}`)) return `${operation.id} has no incident`;
  }
  for (const { id, state, story } of incidents.values()) {
    if (state !== 'open') continue;
    const gaveWay = story.sheds.filter((one) => one.role === 'active' && one.state === 'done');
    const concerned = [...story.moves, ...gaveWay];
    // Where there is no room for all, one may stay open for ever.
    if (concerned.every((one) => assignments.has(one.id))) return `incident ${id} is still open`;
  }
  return null;
}
