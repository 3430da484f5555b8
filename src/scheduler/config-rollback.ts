import type { InstanceName } from '../domain/ids.ts';
import { fingerprintOf, keptFor } from '../operations/idempotency.ts';
import { type ApplyAnswer, applyAnswer } from '../protocol/api.ts';
import type { Store } from '../store/store.ts';
import type { Planner } from './apply.ts';
import { ConfigDesk, planRollback } from './config-desk.ts';
import type { Scheduler } from './scheduler.ts';

export interface RollbackRequest {
  /** The version to go back to; null for the newest that is not equal to the present one. */
  readonly to: number | null;
  readonly reason: string;
  readonly who: string;
  /** The caller's own name for the request, so that a repeated one is not done twice. */
  readonly key: string | null;
}

/**
 * Gives an instance a configuration again that it had. It is judged anew by its image, and applied as
 * everything is: a new version, and an operation that brings the host there.
 *
 * @throws BridgeheadError NOT_FOUND, CONFIG_SAME, and what `apply` throws
 */
export async function rollback(
  name: InstanceName,
  { to, reason, who, key }: RollbackRequest,
  { scheduler, store }: { readonly scheduler: Scheduler; readonly store: Store },
): Promise<ApplyAnswer> {
  const where = to === null ? 'what it had before' : `version ${to}`;
  const source = `rollback of ${name} to ${where}`;
  const flags = { dryRun: false, prune: false, takeOver: false };
  const asked = { source, text: '', ...flags, reason: reason || `rollback to ${where}` };
  // Before the target is looked for: once it is reached, the present one would be another.
  const kept =
    key === null
      ? null
      : await store.transact((tx) => keptFor(tx, key, fingerprintOf(asked)), 'snapshot');
  if (kept !== null) return applyAnswer.parse(kept);
  const target = await new ConfigDesk(store).rollbackTarget(name, to);
  const planOf: Planner = (fleet) => planRollback(fleet, name, target, source);
  return scheduler.apply(asked, who, key, planOf);
}
