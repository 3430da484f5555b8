import { contentOf } from '../domain/config-version.ts';
import type { Operation } from '../domain/operation.ts';
import { type RolloutTarget, rolloutObject } from '../domain/rollout.ts';
import type { Author } from '../operations/desire.ts';
import type { OperationEngine } from '../operations/engine.ts';
import { batchesOf } from '../operations/rollout-decision.ts';
import type { Transaction } from '../store/store.ts';
import type { ApplyPlan, PlannedInstance } from './apply-plan.ts';

/** Begins a rollout for each service of which configurations are held back. */
export async function beginRollouts(
  { held, rollout: settings }: ApplyPlan,
  { who, reason }: Pick<Author, 'who' | 'reason'>,
  tx: Transaction,
  engine: OperationEngine,
): Promise<readonly Operation[]> {
  if (settings === null) return [];
  const services = Map.groupBy(held, ({ instance: { spec } }) =>
    rolloutObject(spec.owner, spec.service),
  );
  const begun: Operation[] = [];
  for (const planned of services.values()) {
    const { owner = '', service = '' } = planned[0]?.instance.spec ?? {};
    const candidates = planned.map(({ instance }) => {
      const { name, tier } = instance.spec;
      return { name, tier, instance };
    });
    const targets: RolloutTarget[] = [];
    for (const { one, batch } of batchesOf(candidates, settings)) {
      const { id, spec } = one.instance;
      const [newest] = await tx.configVersions(id);
      targets.push({
        ...{ instanceId: id, name: spec.name, batch, content: contentOf(spec) },
        ...{ fromVersion: newest?.version ?? 0, fromMs: newest?.atMs ?? 0 },
        ...{ toVersion: null, operation: null, changedMs: null, loadedMs: null },
        ...{ backOperation: null, leftBecause: null },
      });
    }
    const args = { owner, service, instances: targets.length };
    const start = { args, observed: { instances: targets.length } };
    const operation = await engine.begin(tx, { kind: 'rollout', args, who, reason }, start);
    const { id } = operation;
    await tx.putRollout({ id, owner, service, settings, targets, breach: null });
    begun.push(operation);
  }
  return begun;
}

/** What of an update is done by the apply itself: the rest is held back for a rollout. */
export function fieldsNow(
  { held }: ApplyPlan,
  { name, fields }: ApplyPlan['changes'][number],
): ApplyPlan['changes'][number]['fields'] {
  const isHeld = held.some(({ instance }: PlannedInstance) => instance.spec.name === name);
  return isHeld ? fields.filter(({ field }) => field !== 'config' && field !== 'image') : fields;
}
