// What a rollout writes: one instance at a time, each in a transaction that holds all that it rests on.

import { type ConfigContent, contentHash, withContent } from '../domain/config-version.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { instanceObject, type Operation } from '../domain/operation.ts';
import type { Rollout, RolloutTarget } from '../domain/rollout.ts';
import { renderConfig } from '../haproxy/render.ts';
import type { Transaction } from '../store/store.ts';
import { configure } from './configure.ts';
import { putDesired } from './desire.ts';
import type { OperationEngine } from './engine.ts';
import { blockerOf } from './locks.ts';
import type { Run } from './run.ts';

/** What came of a change: the operation that was begun, or the one that is in the way, or neither. */
export interface Begun {
  readonly operation: Operation | null;
  /** Id of the operation that holds the instance. */
  readonly blocker: string | null;
}

const nothing: Begun = { operation: null, blocker: null };

/**
 * Gives an instance what it is to get. One that has gone or was changed by others is left as it is,
 * and the rollout's record says so; one that was changed already is not changed again.
 */
export function changeTarget(
  run: Run,
  engine: OperationEngine,
  name: InstanceName,
): Promise<Begun> {
  return inOne(run, name, async (tx, rollout, target) => {
    if (target.toVersion !== null || target.leftBecause !== null) return nothing;
    const from = await tx.configVersion(target.instanceId, target.fromVersion);
    const found = await unchanged(tx, target, from?.hash);
    if (typeof found === 'string') return left(tx, rollout, target, found);
    if (target.content === null) throw new Error('a rollout without what it is to give');
    const { blocker, operation } = await give(tx, run, engine, found, target.content);
    if (operation === null) return { blocker, operation };
    const toVersion = (await tx.configVersions(target.instanceId))[0]?.version ?? null;
    const given = { toVersion, operation: operation.id, changedMs: operation.requestedMs };
    await write(tx, rollout, { ...target, ...given, content: null });
    return { blocker, operation };
  });
}

/** Gives an instance again what it had, in the same way. */
export function takeBack(run: Run, engine: OperationEngine, name: InstanceName): Promise<Begun> {
  return inOne(run, name, async (tx, rollout, target) => {
    if (target.backOperation !== null || target.leftBecause !== null) return nothing;
    const to = await tx.configVersion(target.instanceId, target.toVersion ?? 0);
    const found = await unchanged(tx, target, to?.hash);
    if (typeof found === 'string') return left(tx, rollout, target, found);
    const from = await tx.configVersion(target.instanceId, target.fromVersion);
    if (from === null) throw new Error(`version ${target.fromVersion} of ${name} is not kept`);
    const why = `rollout went back: ${rollout.breach ?? ''}`;
    const { blocker, operation } = await give(tx, run, engine, found, from.content, why);
    if (operation === null) return { blocker, operation };
    await write(tx, rollout, { ...target, backOperation: operation.id });
    return { blocker, operation };
  });
}

function inOne(
  run: Run,
  name: InstanceName,
  work: (tx: Transaction, rollout: Rollout, target: RolloutTarget) => Promise<Begun>,
): Promise<Begun> {
  const { id } = run.operation;
  return run.commit(
    async (tx) => {
      const rollout = await tx.rollout(id);
      const target = rollout?.targets.find((one) => one.name === name);
      if (rollout === null || target === undefined) throw new Error(`no ${name} in rollout ${id}`);
      return work(tx, rollout, target);
    },
    {},
    'serializable',
  );
}

// Only what the rollout itself wrote, or saw when it began, is changed.
async function unchanged(
  tx: Transaction,
  { instanceId, name }: RolloutTarget,
  hash: string | undefined,
): Promise<Instance | string> {
  const instance = await tx.instanceNamed(name);
  if (instance === null || instance.id !== instanceId) return 'it is not there any more';
  return contentHash(instance.spec) === hash ? instance : 'it was given another configuration';
}

async function give(
  tx: Transaction,
  run: Run,
  engine: OperationEngine,
  before: Instance,
  content: ConfigContent,
  why?: string,
): Promise<Begun> {
  const { name, resources } = before.spec;
  const blocker = blockerOf([instanceObject(name)], await tx.openOperations());
  if (blocker !== null) return { operation: null, blocker: blocker.id };
  const { id, who, reason: asked } = run.operation;
  const reason = why ?? asked;
  const { addresses } = before;
  const { text, configHash, findings } = renderConfig({
    ...{ name, addresses, resources, config: content.config, attachments: content.attachments },
  });
  const [fault] = findings;
  if (fault !== undefined) throw doesNotFit(name, fault.message);
  const spec = withContent(before.spec, content);
  const instance: Instance = { ...before, spec, rendered: text, configHash };
  const atMs = run.clock.wallMs();
  const assignment = await tx.assignment(before.id);
  await putDesired(tx, instance, before, assignment, { who, reason, atMs });
  const message = `updated by ${who}: config, by rollout ${id}: ${reason}`;
  await tx.addEvent({ atMs, kind: 'instance.updated', object: instanceObject(name), message });
  const view = {
    fleet: await tx.fleet(),
    isConnected: run.hands.isConnected.bind(run.hands),
    observed: run.hands.observed.bind(run.hands),
  };
  const start = configure.check(view, { instance: name });
  const ask = { kind: configure.kind, args: start.args, who, reason, parentId: id };
  return { operation: await engine.begin(tx, ask, start), blocker: null };
}

async function left(
  tx: Transaction,
  rollout: Rollout,
  target: RolloutTarget,
  leftBecause: string,
): Promise<Begun> {
  await write(tx, rollout, { ...target, content: null, leftBecause });
  return nothing;
}

async function write(tx: Transaction, rollout: Rollout, target: RolloutTarget): Promise<void> {
  const targets = rollout.targets.map((one) => (one.name === target.name ? target : one));
  await tx.putRollout({ ...rollout, targets });
}

function doesNotFit(name: string, what: string): BridgeheadError {
  return new BridgeheadError(
    'ROLLOUT_STOPPED',
    `instance ${name}: its configuration does not fit it any more: ${what}`,
    'Mend the configuration, and apply it again.',
  );
}
