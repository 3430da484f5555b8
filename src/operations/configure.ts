import type { InstanceName } from '../domain/ids.ts';
import { instanceObject } from '../domain/operation.ts';
import type { Kind } from './kind.ts';
import { Abandoned, type Run } from './run.ts';
import { settled } from './settle.ts';

/**
 * Sees a change that was applied to a running instance onto its host. A host that refuses it goes
 * on with what it had, and the operation says so; what was applied stays desired.
 */
export const configure: Kind = {
  kind: 'configure',
  // What was applied stays desired, so its host would load it anyway.
  whenCancelled: null,
  objectsOf: ({ instance }) => [instanceObject(String(instance))],
  check: (view, args) => {
    const instance = view.fleet.instances.find(({ spec }) => spec.name === args['instance']);
    const held = view.fleet.assignments.find(({ instanceId }) => instanceId === instance?.id);
    const seen = held === undefined ? null : view.observed(held.host, held.instanceId);
    return {
      args,
      observed: {
        host: held?.host ?? null,
        epoch: held?.epoch ?? null,
        phase: seen?.phase ?? null,
        configHash: seen?.configHash ?? null,
      },
    };
  },
  run: load,
  resume: load,
};

async function load(run: Run): Promise<void> {
  const instance = await run.instance(run.word('instance') as InstanceName);
  const assignment = instance === null ? null : await run.look((tx) => tx.assignment(instance.id));
  // Changed before it ever had a host: it starts with the change when it gets one.
  if (instance === null || assignment === null) return run.end('done', null);
  try {
    await run.step('load', () => settled(run, instance, assignment));
    const { epoch } = assignment;
    await run.end('done', null, (tx) => tx.deleteLeaving(instance.id, epoch));
  } catch (error) {
    if (error instanceof Abandoned) throw error;
    await run.end('failed', error);
  }
}
