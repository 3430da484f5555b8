import { BridgeheadError } from '../domain/errors.ts';
import type { HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { hostObject, instanceObject, isOpen, type Operation } from '../domain/operation.ts';
import { explain } from '../placement/explain.ts';
import type { FleetState } from '../store/store.ts';
import type { OperationEngine } from './engine.ts';
import { findHost } from './find-host.ts';
import type { Kind } from './kind.ts';
import { Abandoned, type Run } from './run.ts';

const lookMs = 200;

/**
 * Moves every instance off a host, one after the other, the most important first: each by a
 * migration of its own, with that one's lock and checks. The host is cordoned first, and stays so.
 *
 * @param engine begins the migrations; handed in late, since it is made of the kinds
 */
export function drain(engine: () => OperationEngine): Kind {
  return {
    kind: 'drain',
    whenCancelled: 'What was moved stays where it is now, and the host stays cordoned.',
    objectsOf: ({ host }) => [hostObject(host as HostName)],
    check: ({ fleet }, args) => {
      const name = args['host'] as HostName;
      const host = findHost(fleet.hosts, name);
      const count = instancesOn(fleet, name).length;
      return { args, observed: { state: host.state, instances: count } };
    },
    run: (run) => empty(run, engine()),
    resume: (run) => empty(run, engine()),
  };
}

async function empty(run: Run, engine: OperationEngine): Promise<void> {
  const host = run.word('host') as HostName;
  let left: readonly string[] = [];
  try {
    await run.step('cordon', async () => {
      const { who, reason } = run.operation;
      const why = `drained by ${who}${reason === '' ? '' : `: ${reason}`}`;
      await run.commit(async (tx) => {
        await tx.setCordon(host, why);
        const atMs = run.clock.wallMs();
        await tx.addEvent({ atMs, kind: 'host.cordoned', object: hostObject(host), message: why });
      });
      return 'nothing new is placed here';
    });
    const tried = new Set<InstanceId>();
    for (;;) {
      const { fleet, arriving } = await run.look(async (tx) => ({
        fleet: await tx.fleet(),
        arriving: (await tx.openOperations()).find((one) => isMoveTo(one, host)) ?? null,
      }));
      const next = instancesOn(fleet, host).find(({ id }) => !tried.has(id));
      if (next === undefined && arriving === null) {
        left = instancesOn(fleet, host).map(({ spec }) => spec.name);
        break;
      }
      if (next === undefined) {
        // It passed its checks before the host was cordoned: what it brings has to leave again.
        await run.clock.sleep(lookMs);
        continue;
      }
      tried.add(next.id);
      await run.step(`move ${next.spec.name}`, async () => {
        const ended = await moved(run, engine, fleet, next);
        if (ended.state === 'done') return `to ${String(ended.args['target'])} (${ended.id})`;
        return `failed: ${ended.error?.message ?? ended.state} (${ended.id})`;
      });
    }
    await run.end(left.length === 0 ? 'done' : 'failed', stuck(host, left));
  } catch (error) {
    if (error instanceof Abandoned) throw error;
    await run.end(isCancelled(error) ? 'cancelled' : 'failed', error);
  }
}

// One that was left half way finds the migration that it had begun, and waits for that.
async function moved(
  run: Run,
  engine: OperationEngine,
  fleet: FleetState,
  { spec }: Instance,
): Promise<Pick<Operation, 'id' | 'state' | 'args' | 'error'>> {
  const { operation, clock } = run;
  const object = instanceObject(spec.name);
  const begun = (await run.look((tx) => tx.openOperations())).find(
    ({ parentId, objects }) => parentId === operation.id && objects.includes(object),
  );
  try {
    let child: Operation | null = begun ?? (await beginMove(operation, engine, fleet, spec.name));
    const { id } = child;
    while (child !== null && isOpen(child)) {
      await clock.sleep(lookMs);
      child = await run
        .look((tx) => tx.operation(id))
        .catch(async (error: unknown) => {
          if (isCancelled(error)) await endMove(run, engine, id);
          throw error;
        });
    }
    if (child !== null) return child;
    throw new Error('the migration is not in the journal any more');
  } catch (error) {
    if (error instanceof Abandoned || isCancelled(error)) throw error;
    if (error instanceof BridgeheadError && error.code === 'DATABASE_UNAVAILABLE') {
      throw new Abandoned('the store does not answer', error);
    }
    const { code, message, next } = BridgeheadError.wrap(error);
    return { id: 'not begun', state: 'failed', args: {}, error: { code, message, next } };
  }
}

// Whoever cancels a drain means the move that is under way too. One that is past its switch ends well.
async function endMove(run: Run, engine: OperationEngine, id: string): Promise<void> {
  await engine
    .cancel(id, run.operation.cancelledBy ?? run.operation.who)
    .catch((error: unknown) => {
      if (!(error instanceof BridgeheadError) || error.code !== 'NOT_CANCELLABLE') throw error;
    });
}

/** True for an operation that brings something to the host. */
function isMoveTo({ kind, args, state }: Operation, host: HostName): boolean {
  return kind === 'migrate' && state === 'running' && args['target'] === host;
}

async function beginMove(
  { id, who, args: { host } }: Operation,
  engine: OperationEngine,
  fleet: FleetState,
  name: InstanceName,
): Promise<Operation> {
  const target = explain(fleet, name).candidates.find((one) => one.fits && one.host !== host);
  if (target === undefined) throw noPlace(name);
  return engine.submit({
    kind: 'migrate',
    args: { instance: name, target: target.host },
    who,
    reason: `drain of ${String(host)}`,
    mayWait: true,
    key: null,
    parentId: id,
  });
}

function instancesOn(fleet: FleetState, host: HostName): readonly Instance[] {
  const here = new Set(
    fleet.assignments.filter((one) => one.host === host).map(({ instanceId }) => instanceId),
  );
  return fleet.instances
    .filter(({ id }) => here.has(id))
    .toSorted((a, b) => a.spec.tier - b.spec.tier || (a.spec.name < b.spec.name ? -1 : 1));
}

function isCancelled(error: unknown): boolean {
  return error instanceof BridgeheadError && error.code === 'CANCELLED';
}

function noPlace(name: string): BridgeheadError {
  return new BridgeheadError(
    'NO_PLACE',
    `instance ${name} fits on no other host`,
    `See why: bridgehead explain ${name}`,
  );
}

function stuck(host: HostName, names: readonly string[]): BridgeheadError | null {
  if (names.length === 0) return null;
  return new BridgeheadError(
    'OPERATION_FAILED',
    `host ${host} is not empty: ${names.join(', ')} could not be moved`,
    'See why at each step, mend it, and drain again.',
  );
}
