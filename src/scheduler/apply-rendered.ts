import { unifiedDiff } from '../spec/unified-diff.ts';
import type { ApplyPlan } from './apply-plan.ts';

/** The changes with what they mean for what HAProxy reads: of interest before something is applied. */
export function withRendered({ changes, instances, held }: ApplyPlan): ApplyPlan['changes'] {
  const byName = new Map(
    [...instances, ...held].map((one) => [one.instance.spec.name as string, one]),
  );
  return changes.map((change) => {
    const one = change.kind === 'instance' ? byName.get(change.name) : undefined;
    const after = unifiedDiff(one?.before?.rendered ?? '', one?.instance.rendered ?? '');
    if (one === undefined || after === '') return change;
    return { ...change, fields: [...change.fields, { field: 'rendered', before: null, after }] };
  });
}
