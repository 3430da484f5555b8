import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import type { Assignment } from '../domain/model.ts';
import { instanceObject } from '../domain/operation.ts';
import { refusalsFor } from '../placement/candidates.ts';
import type { Kind } from './kind.ts';
import { Abandoned, type Run } from './run.ts';
import { settled } from './settle.ts';

/** Placement runs when something changed, and every two seconds. */
const placeTimeoutMs = 6_000;
const placeLookMs = 200;

/**
 * Sees an instance that was applied to its first host: placement chooses it, its agent starts it.
 * What does not come about stays desired, and is tried again when the fleet changes.
 */
export const create: Kind = {
  kind: 'create',
  // What was applied stays desired, so its instance would be started anyway.
  whenCancelled: null,
  objectsOf: ({ instance }) => [instanceObject(String(instance))],
  check: (_, args) => ({ args, observed: { host: null } }),
  run: bringUp,
  resume: bringUp,
};

async function bringUp(run: Run): Promise<void> {
  const name = run.word('instance') as InstanceName;
  const instance = await run.instance(name);
  if (instance === null) return run.end('undone', gone(name));
  try {
    let assignment: Assignment | null = null;
    await run.step('place', async () => {
      assignment = await placed(run, instance.id);
      if (assignment !== null) return `on ${assignment.host}`;
      const fleet = await run.look((tx) => tx.fleet());
      throw nowhere(
        name,
        fleet.hosts.flatMap((host) => refusalsFor(fleet, instance, host.name).slice(0, 1)),
      );
    });
    const held = assignment as Assignment | null;
    if (held !== null) await run.step('start', () => settled(run, instance, held));
    await run.end('done', null);
  } catch (error) {
    if (error instanceof Abandoned) throw error;
    await run.end('failed', error);
  }
}

async function placed(run: Run, id: Assignment['instanceId']): Promise<Assignment | null> {
  const endMs = run.clock.monotonicMs() + placeTimeoutMs;
  for (;;) {
    const assignment = await run.look((tx) => tx.assignment(id));
    if (assignment !== null || run.clock.monotonicMs() >= endMs) return assignment;
    await run.clock.sleep(placeLookMs);
  }
}

function nowhere(name: string, refusals: readonly { readonly message: string }[]): BridgeheadError {
  const why = refusals.map(({ message }) => message).join('; ');
  return new BridgeheadError(
    'NO_PLACE',
    `instance ${name} has no host: ${why === '' ? 'the fleet has none' : why}`,
    `It is placed as soon as one fits. See which would do: bridgehead explain ${name}`,
  );
}

function gone(name: string): BridgeheadError {
  return new BridgeheadError(
    'NOT_FOUND',
    `instance ${name} is not there any more`,
    'Apply it again, if it is to be.',
  );
}
