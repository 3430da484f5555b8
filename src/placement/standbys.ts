import type { InstanceId } from '../domain/ids.ts';
import type { Standby } from '../domain/model.ts';
import { refusalsOf } from './constraints.ts';
import { byText, FleetIndex } from './fleet-index.ts';
import type { PlacementInput } from './input.ts';
import { compareScored, type Scored, scored, scoreOf } from './score.ts';

/** Warm copies that are to be made, and those that are to go. */
export interface StandbyPlan {
  readonly add: readonly Standby[];
  readonly remove: readonly Standby[];
}

/**
 * Brings every instance to the number of standbys it asks for, the most important first: on hosts
 * where it might run, of another rack and zone than its own as far as the score has it so. Copies
 * on hosts that are dead, and more than were asked for, go. Pure.
 *
 * @param busy instances that an operation holds: theirs are left as they are
 */
export function planStandbys(input: PlacementInput, busy: ReadonlySet<InstanceId>): StandbyPlan {
  const hostOf = new Map(input.assignments.map((one) => [one.instanceId, one]));
  const stateOf = new Map(input.hosts.map(({ name, state }) => [name, state]));
  const copies = Map.groupBy(input.standbys, ({ instanceId }) => instanceId);
  const remove: Standby[] = [];
  const short: { readonly id: InstanceId; readonly missing: number }[] = [];
  for (const { id, spec } of input.instances) {
    if (busy.has(id)) continue;
    const home = hostOf.get(id);
    const usable = (copies.get(id) ?? []).filter(
      ({ host }) => stateOf.get(host) !== 'dead' && host !== home?.host,
    );
    const wanted = home === undefined ? 0 : spec.standbys;
    // The rest are the same ones whoever looks, so that two schedulers do not take away both.
    const kept = usable.toSorted((a, b) => byText(a.host, b.host)).slice(0, wanted);
    remove.push(...(copies.get(id) ?? []).filter((one) => !kept.includes(one)));
    if (kept.length < wanted) short.push({ id, missing: wanted - kept.length });
  }
  if (short.length === 0) return { add: [], remove };
  const gone = new Set(remove);
  const missing = new Map(short.map((one) => [one.id, one.missing]));
  const waiting = input.instances
    .filter(({ id }) => missing.has(id))
    .toSorted((a, b) => a.spec.tier - b.spec.tier || byText(a.spec.name, b.spec.name));
  const index = new FleetIndex(
    { ...input, standbys: input.standbys.filter((one) => !gone.has(one)) },
    waiting,
  );
  // They are asked about, but where they run they take room all the same, and are kept away from.
  for (const instance of waiting) {
    const home = hostOf.get(instance.id)?.host;
    if (home !== undefined && index.entry(home) !== undefined) index.occupy(instance, home);
  }
  const add: Standby[] = [];
  for (const instance of waiting) {
    const taken = new Set([
      hostOf.get(instance.id)?.host,
      ...(copies.get(instance.id) ?? []).filter((one) => !gone.has(one)).map(({ host }) => host),
    ]);
    const subject = index.subject(instance);
    const candidates: Scored[] = index.entries
      // Room that is being made is for an instance, not for a copy of one.
      .filter(({ host, keptFor }) => !taken.has(host.name) && keptFor === null)
      .filter((entry) => refusalsOf(subject, entry).length === 0)
      .map((entry) => scored(subject, entry, scoreOf(subject, entry)))
      .toSorted(compareScored);
    for (const { entry } of candidates.slice(0, missing.get(instance.id))) {
      add.push({ instanceId: instance.id, host: entry.host.name });
      index.occupy(instance, entry.host.name);
    }
  }
  return { add, remove };
}
