import { configure } from '../operations/configure.ts';
import { create } from '../operations/create.ts';
import { drain } from '../operations/drain.ts';
import type { OperationEngine } from '../operations/engine.ts';
import { failover } from '../operations/failover.ts';
import type { Kind } from '../operations/kind.ts';
import { migrate } from '../operations/migrate.ts';
import { rebalance } from '../operations/rebalance.ts';
import { remove } from '../operations/remove.ts';
import { rollout } from '../operations/rollout.ts';
import type { NumbersOf } from '../operations/rollout-watch.ts';
import { shed } from '../operations/shed.ts';

/** Every kind of operation there is. @param onShed see {@link shed} @param numbersOf see {@link rollout} */
export function operationKinds(
  engine: () => OperationEngine,
  onShed: Parameters<typeof shed>[0],
  numbersOf: NumbersOf,
): readonly Kind[] {
  const byMoves = [drain(engine), rebalance(engine)];
  return [
    create,
    configure,
    migrate,
    remove,
    ...byMoves,
    failover,
    shed(onShed),
    rollout(engine, numbersOf),
  ];
}
