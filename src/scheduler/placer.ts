import type { Clock } from '../domain/clock.ts';
import type { InstanceName } from '../domain/ids.ts';
import type { Shed } from '../domain/model.ts';
import { instanceObject, type Operation, type OperationKind } from '../domain/operation.ts';
import { create } from '../operations/create.ts';
import type { OperationEngine } from '../operations/engine.ts';
import type { Hands } from '../operations/hands.ts';
import { freeLeft, provenLeft } from '../operations/leaving.ts';
import { grant } from '../operations/release.ts';
import { roomsBeingMade } from '../operations/shed.ts';
import { type Decision, place } from '../placement/place.ts';
import type { FleetState, Store, Transaction } from '../store/store.ts';
import type { ReadFleet } from './remembered-fleet.ts';

/** Operations that wait for their instance to be placed. */
export const awaitsPlace: ReadonlySet<OperationKind> = new Set(['create', 'configure', 'failover']);

export interface PlacerParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly engine: OperationEngine;
  readonly hands: Pick<Hands, 'isConnected' | 'observed'>;
  readonly readFleet: ReadFleet;
}

/** How many found a host, and how many did not. */
export interface Placed {
  readonly placed: number;
  readonly waiting: number;
}

/**
 * Gives instances that have no host one, the most important first, and begins what sees them there.
 * One that had been shed is back with that.
 */
export async function placeWaiting(parts: PlacerParts): Promise<Placed> {
  const { store, clock, engine, hands, readFleet } = parts;
  const [seen, seenOpen] = await readFleet((tx) => tx.openOperations());
  const left = provenLeft(seen, hands);
  if (left.length > 0) await store.transact((tx) => freeLeft(tx, left), 'rows');
  const wanted = planned(seen, seenOpen);
  if (wanted.every(({ host }) => host === null)) return { placed: 0, waiting: wanted.length };
  const { begun, waiting } = await store.transact(async (tx) => {
    const fleet = await tx.fleet();
    const open = await tx.openOperations();
    const decisions = planned(fleet, open);
    // What is being removed, say, may not be given addresses behind its operation's back.
    const isHeld = (name: InstanceName) =>
      open.some(
        ({ objects, kind }) => objects.includes(instanceObject(name)) && !awaitsPlace.has(kind),
      );
    const found = decisions.filter(({ host, instance }) => host !== null && !isHeld(instance));
    const operations: (Operation | null)[] = [];
    for (const decision of found) operations.push(await assign(tx, engine, decision, open));
    const sheds = new Map(fleet.sheds.map((one) => [one.instanceId, one]));
    for (const { instanceId } of found) {
      if (sheds.has(instanceId)) await tx.deleteShed(instanceId);
    }
    // Last: nobody else writes an event from the first one to the commit.
    const atMs = clock.wallMs();
    for (const decision of found) {
      await tx.addEvent({ atMs, ...eventOf(decision, sheds.get(decision.instanceId) ?? null) });
    }
    return { begun: operations, waiting: decisions.length - found.length };
  });
  for (const operation of begun) if (operation !== null) engine.launch(operation);
  return { placed: begun.length, waiting };
}

function planned(fleet: FleetState, open: readonly Operation[]): readonly Decision[] {
  return place({ ...fleet, kept: roomsBeingMade(open) }).decisions;
}

// What was just applied has an operation that waits for this; for the rest one begins here.
async function assign(
  tx: Transaction,
  engine: OperationEngine,
  { instanceId, instance, host, explanation }: Decision,
  open: readonly Operation[],
): Promise<Operation | null> {
  if (host === null) return null;
  const object = instanceObject(instance);
  await grant(tx, instanceId, host);
  if (open.some(({ objects }) => objects.includes(object))) return null;
  const start = { args: { instance }, observed: { host: null } };
  const ask = { kind: create.kind, args: start.args, who: 'scheduler', reason: explanation };
  return engine.begin(tx, ask, start);
}

function eventOf({ instance, host, explanation }: Decision, shed: Shed | null) {
  const object = instanceObject(instance);
  const message = `placed on ${host}: ${explanation}`;
  if (shed === null) return { kind: 'instance.placed', object, message };
  const { host: before, forInstance, forTier } = shed;
  const why = `it had given way on ${before} to ${forInstance}, tier ${forTier}`;
  return { kind: 'instance.restored', object, message: `${message}; ${why}` };
}
