import { BridgeheadError } from '../domain/errors.ts';
import type { HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { hostObject, type Operation } from '../domain/operation.ts';
import { explain } from '../placement/explain.ts';
import type { FleetState } from '../store/store.ts';
import { isCancelled, movedAsPartOf, toldOf } from './child-moves.ts';
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
        const { name } = next.spec;
        const target = () => placeFor(fleet, name, host);
        const move = { instance: name, target, reason: `drain of ${host}` };
        return toldOf(await movedAsPartOf(run, engine, move));
      });
    }
    await run.end(left.length === 0 ? 'done' : 'failed', stuck(host, left));
  } catch (error) {
    if (error instanceof Abandoned) throw error;
    await run.end(isCancelled(error) ? 'cancelled' : 'failed', error);
  }
}

/** True for an operation that brings something to the host. */
function isMoveTo({ kind, args, state }: Operation, host: HostName): boolean {
  return kind === 'migrate' && state === 'running' && args['target'] === host;
}

function placeFor(fleet: FleetState, name: InstanceName, host: HostName): HostName {
  const target = explain(fleet, name).candidates.find((one) => one.fits && one.host !== host);
  if (target === undefined) throw noPlace(name);
  return target.host;
}

function instancesOn(fleet: FleetState, host: HostName): readonly Instance[] {
  const here = new Set(
    fleet.assignments.filter((one) => one.host === host).map(({ instanceId }) => instanceId),
  );
  return fleet.instances
    .filter(({ id }) => here.has(id))
    .toSorted((a, b) => a.spec.tier - b.spec.tier || (a.spec.name < b.spec.name ? -1 : 1));
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
