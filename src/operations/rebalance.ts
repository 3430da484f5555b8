import type { InstanceId } from '../domain/ids.ts';
import { instanceObject, type Operation } from '../domain/operation.ts';
import { type BalancingMove, planRebalance } from '../placement/rebalance.ts';
import type { FleetState } from '../store/store.ts';
import { isCancelled, movedAsPartOf, toldOf } from './child-moves.ts';
import type { OperationEngine } from './engine.ts';
import type { Kind } from './kind.ts';
import { Abandoned, type Run } from './run.ts';

/** What only one rebalancing at a time holds. */
const balance = 'fleet/balance';
const moveStep = 'move ';

/**
 * Evens out the load of the hosts by migrations, one after the other, at most `movesMax` of them: the
 * way back after a failover, which nothing takes by itself. Each move is planned when its turn comes,
 * from the fleet as it is then.
 */
export function rebalance(engine: () => OperationEngine): Kind {
  return {
    kind: 'rebalance',
    whenCancelled: 'What was moved stays where it is now.',
    objectsOf: () => [balance],
    check: ({ fleet }, args) => {
      const moves = planRebalance(fleet, Number(args['movesMax']), new Set());
      return { args, observed: { moves: moves.length } };
    },
    run: (run) => evenOut(run, engine()),
    resume: (run) => evenOut(run, engine()),
  };
}

/** The moves that a rebalancing would make now. */
export function rebalancingOf(
  fleet: FleetState,
  open: readonly Operation[],
  movesMax: number,
): readonly BalancingMove[] {
  return planRebalance(fleet, movesMax, heldBy(fleet, open));
}

async function evenOut(run: Run, engine: OperationEngine): Promise<void> {
  const movesMax = Number(run.operation.args['movesMax']);
  // Also those of a scheduler before this one: the budget is the operation's.
  const tried = new Set(
    run.operation.steps.flatMap(({ name }) =>
      name.startsWith(moveStep) ? name.slice(moveStep.length) : [],
    ),
  );
  try {
    while (tried.size < movesMax) {
      const { fleet, open } = await run.look(async (tx) => ({
        fleet: await tx.fleet(),
        open: await tx.openOperations(),
      }));
      const names = fleet.instances.flatMap(({ id, spec }) => (tried.has(spec.name) ? id : []));
      const skip = new Set([...heldBy(fleet, open), ...names]);
      const [next] = planRebalance(fleet, 1, skip);
      if (next === undefined) break;
      tried.add(next.instance);
      await run.step(`${moveStep}${next.instance}`, async () => {
        const move = { instance: next.instance, target: () => next.to, reason: next.explanation };
        return toldOf(await movedAsPartOf(run, engine, move));
      });
    }
    await run.end('done', null);
  } catch (error) {
    if (error instanceof Abandoned) throw error;
    await run.end(isCancelled(error) ? 'cancelled' : 'failed', error);
  }
}

function heldBy({ instances }: FleetState, open: readonly Operation[]): ReadonlySet<InstanceId> {
  const held = new Set(open.flatMap(({ objects }) => objects));
  return new Set(
    instances.flatMap(({ id, spec }) => (held.has(instanceObject(spec.name)) ? id : [])),
  );
}
