import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import type { Assignment, Instance } from '../domain/model.ts';
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
  for (;;) {
    const instance = await run.instance(run.word('instance') as InstanceName);
    if (instance === null) return run.end('done', null);
    const assignment = await run.look((tx) => tx.assignment(instance.id));
    if (assignment !== null) return settle(run, instance, assignment);
    // Changed before it ever had a host: it starts with the change when it gets one.
    if (await hasEndedUnplaced(run, instance)) return;
  }
}

async function settle(run: Run, instance: Instance, assignment: Assignment): Promise<void> {
  try {
    await run.step('load', () => settled(run, instance, assignment));
    const { epoch } = assignment;
    await run.end('done', null, (tx) => tx.deleteLeaving(instance.id, epoch));
  } catch (error) {
    if (error instanceof Abandoned) throw error;
    await run.end('failed', error);
  }
}

async function hasEndedUnplaced(run: Run, { id, spec }: Instance): Promise<boolean> {
  try {
    await run.end('done', null, async (tx) => {
      if ((await tx.assignment(id)) !== null) throw new PlacedMeanwhile(spec.name);
    });
    return true;
  } catch (error) {
    if (error instanceof PlacedMeanwhile) return false;
    throw error;
  }
}

/** Placement found a host between a look and the end that was to rest on it. */
class PlacedMeanwhile extends BridgeheadError {
  constructor(name: InstanceName) {
    super('BUSY', `instance ${name} has just been placed`, 'Nothing: it is looked at again.');
  }
}
