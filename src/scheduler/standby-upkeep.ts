import type { InstanceId } from '../domain/ids.ts';
import { instanceObject } from '../domain/operation.ts';
import { roomsBeingMade } from '../operations/shed.ts';
import { planStandbys, type StandbyPlan } from '../placement/standbys.ts';
import type { Store, Transaction } from '../store/store.ts';

/**
 * Keeps the number of warm copies that each instance asks for: made where there is none, made anew
 * after one was used or its host died, and taken away where more are left over.
 *
 * @returns those that were added and removed
 */
export async function keepStandbys(store: Store): Promise<StandbyPlan> {
  const now = await store.transact(planned, 'snapshot');
  if (now.add.length + now.remove.length === 0) return now;
  return store.transact(async (tx) => {
    const plan = await planned(tx);
    for (const standby of plan.remove) await tx.deleteStandby(standby);
    for (const standby of plan.add) await tx.putStandby(standby);
    return plan;
  });
}

async function planned(tx: Transaction): Promise<StandbyPlan> {
  const fleet = await tx.fleet();
  const open = await tx.openOperations();
  const held = new Set(open.flatMap(({ objects }) => objects));
  const busy = new Set<InstanceId>(
    fleet.instances.flatMap(({ id, spec }) => (held.has(instanceObject(spec.name)) ? id : [])),
  );
  return planStandbys({ ...fleet, kept: roomsBeingMade(open) }, busy);
}
