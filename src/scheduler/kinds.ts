import { configure } from '../operations/configure.ts';
import { create } from '../operations/create.ts';
import { drain } from '../operations/drain.ts';
import type { OperationEngine } from '../operations/engine.ts';
import { failover } from '../operations/failover.ts';
import type { Kind } from '../operations/kind.ts';
import { migrate } from '../operations/migrate.ts';
import { remove } from '../operations/remove.ts';

/** Every kind of operation there is. */
export function operationKinds(engine: () => OperationEngine): readonly Kind[] {
  return [create, configure, migrate, remove, drain(engine), failover];
}
