import type { InstanceId } from '../domain/ids.ts';
import { instanceObject, type Operation } from '../domain/operation.ts';
import { roomsBeingMade } from '../operations/shed.ts';
import { planStandbys, type StandbyPlan } from '../placement/standbys.ts';
import type { FleetState, Store } from '../store/store.ts';
import type { ReadFleet } from './remembered-fleet.ts';

/**
 * Keeps the number of warm copies that each instance asks for: made where there is none, made anew
 * after one was used or its host died, and taken away where more are left over.
 *
 * @returns those that were added and removed
 */
export async function keepStandbys(store: Store, readFleet: ReadFleet): Promise<StandbyPlan> {
  const now = planned(...(await readFleet((tx) => tx.openOperations())));
  if (now.add.length + now.remove.length === 0) return now;
  return store.transact(async (tx) => {
    const plan = planned(await tx.fleet(), await tx.openOperations());
    for (const standby of plan.remove) await tx.deleteStandby(standby);
    for (const standby of plan.add) await tx.putStandby(standby);
    return plan;
  });
}

function planned(fleet: FleetState, open: readonly Operation[]): StandbyPlan {
  const held = new Set(open.flatMap(({ objects }) => objects));
  const busy = new Set<InstanceId>(
    fleet.instances.flatMap(({ id, spec }) => (held.has(instanceObject(spec.name)) ? id : [])),
  );
  return planStandbys({ ...fleet, kept: roomsBeingMade(open) }, busy);
}
