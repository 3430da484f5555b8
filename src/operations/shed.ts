import { BridgeheadError } from '../domain/errors.ts';
import type { Epoch, HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import type { Tier } from '../domain/model.ts';
import { instanceObject, type Operation } from '../domain/operation.ts';
import type { KeptRoom } from '../placement/input.ts';
import type { Shedding } from '../placement/shed.ts';
import { lookResult } from '../protocol/frames.ts';
import type { Transaction } from '../store/store.ts';
import type { FleetView, Kind, Start } from './kind.ts';
import { giveBack, hasLetGo, takeBack } from './release.ts';
import { Abandoned, type Run } from './run.ts';

const releaseTimeoutMs = 10_000;
const removeTimeoutMs = 20_000;
const lookTimeoutMs = 2_000;
const lookPauseMs = 200;
const removeStep = 'remove';

/**
 * Takes an instance, or its standby, off a host, so that a more important instance has room there.
 * The row that holds the room is deleted only once the host has shown that it let go: of the
 * addresses first, and then of the container. Until that very end it is undone when anything fails.
 * The instance stays desired, and placement brings it back.
 *
 * @param onEnded is told of each end, so that the room can be used, or asked for elsewhere
 */
export function shed(onEnded: (host: HostName, isDone: boolean) => void): Kind {
  const see = async (run: Run) => {
    await giveWay(run);
    onEnded(sourceOf(run.operation), run.operation.state === 'done');
  };
  return {
    kind: 'shed',
    whenCancelled: 'It serves where it did before.',
    objectsOf: ({ instance }) => [instanceObject(String(instance))],
    check: () => {
      throw new Error('a shedding begins with the instance that has no place');
    },
    run: see,
    resume: see,
  };
}

/** What the shedding of one victim starts from. */
export function startShedding(
  view: Pick<FleetView, 'fleet' | 'observed'>,
  { instance: needy, host }: Shedding,
  { instance: { id, spec }, role }: Shedding['victims'][number],
): Start {
  const held = view.fleet.assignments.find(({ instanceId }) => instanceId === id);
  const seen = view.observed(host, id);
  return {
    args: {
      ...{ instance: spec.name, instanceId: id, role, source: host },
      ...{ for: needy.spec.name, forId: needy.id, forTier: needy.spec.tier },
    },
    observed: {
      ...{ host: held?.host ?? null, epoch: held?.epoch ?? null },
      phase: seen?.phase ?? null,
    },
  };
}

/** Room that sheddings are making, so that nobody less important takes it. */
export function roomsBeingMade(open: readonly Operation[]): readonly KeptRoom[] {
  return open.filter(isShedding).map((operation) => ({
    host: sourceOf(operation),
    instance: operation.args['for'] as InstanceName,
    tier: operation.args['forTier'] as Tier,
  }));
}

/** Instances whose containers are to go from a host although its rows still have them there. */
export function droppedAt(open: readonly Operation[]): ReadonlyMap<InstanceId, HostName> {
  return new Map(
    open
      .filter((one) => isShedding(one) && isDropped(one))
      .map((one) => [victimOf(one), sourceOf(one)]),
  );
}

/** True for a shedding that is under way. */
export function isShedding({ kind, state }: Pick<Operation, 'kind' | 'state'>): boolean {
  return kind === 'shed' && state === 'running';
}

/** Who gives way in it. */
export function victimOf({ args }: Pick<Operation, 'args'>): InstanceId {
  return args['instanceId'] as InstanceId;
}

/** Where it gives way. */
export function sourceOf({ args }: Pick<Operation, 'args'>): HostName {
  return args['source'] as HostName;
}

/** For whom. */
export function needyOf({ args }: Pick<Operation, 'args'>): InstanceId {
  return args['forId'] as InstanceId;
}

function isDropped({ steps }: Operation): boolean {
  return steps.some(({ name }) => name === removeStep);
}

async function giveWay(run: Run): Promise<void> {
  const id = victimOf(run.operation);
  const host = sourceOf(run.operation);
  try {
    // One that was taken over past its release has nothing to let go of any more.
    if (run.word('role') === 'active' && !isDropped(run.operation)) {
      await run.step('release', async () => {
        const epoch = await run.commit((tx) => takenBack(run, tx));
        await run.hands.push();
        const isOff = () => hasLetGo(run.hands, host, id, epoch);
        if (await run.until(isOff, releaseTimeoutMs)) return `${host} is off the wire`;
        throw notReleased(run, 'let go of the addresses');
      });
    }
    await run.step(removeStep, async () => {
      await run.commit((tx) => stillNeeded(run, tx));
      // The journal has this step by now, and with it every telling leaves the instance out.
      await run.hands.push();
      if (await isGone(run)) return `${host} has its container no more`;
      throw notReleased(run, 'took its container away');
    });
    await run.end('done', null, (tx) => remember(run, tx));
  } catch (error) {
    if (error instanceof Abandoned) throw error;
    await run.end('undone', error, async (tx) => {
      const held = await tx.assignment(id);
      if (held !== null && !held.granted) await giveBack(tx, id, held.host);
    });
    await run.hands.push();
  }
}

// What was told to be there a moment ago may not have been seen yet: the host is asked as well.
async function isGone(run: Run): Promise<boolean> {
  const { hands, clock } = run;
  const id = victimOf(run.operation);
  const host = sourceOf(run.operation);
  const endMs = clock.monotonicMs() + removeTimeoutMs;
  const isUnseen = () => hands.isConnected(host) && hands.observed(host, id) === null;
  for (let leftMs = removeTimeoutMs; leftMs > 0; leftMs = endMs - clock.monotonicMs()) {
    if (!(await run.until(isUnseen, leftMs))) return false;
    const answer = await hands
      .ask(host, { kind: 'look', instance: id }, lookTimeoutMs)
      .catch(() => null);
    if (answer !== null && lookResult.parse(answer).instance === null && isUnseen()) return true;
    await clock.sleep(lookPauseMs);
  }
  return false;
}

// One that was taken over half way has it taken back already.
async function takenBack(run: Run, tx: Transaction): Promise<Epoch> {
  await stillNeeded(run, tx);
  const id = victimOf(run.operation);
  const held = await tx.assignment(id);
  if (held === null) throw new Error('the instance has lost its host under its lock');
  return held.granted ? takeBack(tx, id, held.host) : held.epoch;
}

// A host that came back, say, may have taken the needy one meanwhile.
async function stillNeeded(run: Run, tx: Transaction): Promise<void> {
  const name = run.word('for') as InstanceName;
  const needy = await tx.instanceNamed(name);
  if (needy?.id === needyOf(run.operation) && (await tx.assignment(needy.id)) === null) return;
  throw new BridgeheadError(
    'OPERATION_FAILED',
    `instance ${name} has found a place elsewhere, or is gone`,
    'Nothing: whoever was to give way to it stays.',
  );
}

async function remember(run: Run, tx: Transaction): Promise<void> {
  await stillNeeded(run, tx);
  const { args, reason } = run.operation;
  const instanceId = victimOf(run.operation);
  const host = sourceOf(run.operation);
  const object = instanceObject(run.word('instance'));
  const atMs = run.clock.wallMs();
  if (run.word('role') === 'standby') {
    await tx.deleteStandby({ instanceId, host });
    const message = `standby on ${host} given up: ${reason}`;
    return tx.addEvent({ atMs, kind: 'standby.shed', object, message });
  }
  await tx.deleteLeaving(instanceId, await tx.lastEpoch(instanceId));
  await tx.deleteAssignment(instanceId);
  const forTier = args['forTier'] as Tier;
  const forInstance = run.word('for') as InstanceName;
  await tx.putShed({ instanceId, host, forInstance, forTier, atMs });
  const message = `taken off ${host}: ${reason}; comes back when there is room again`;
  await tx.addEvent({ atMs, kind: 'instance.shed', object, message });
}

function notReleased(run: Run, what: string): BridgeheadError {
  const host = sourceOf(run.operation);
  return new BridgeheadError(
    'HOST_NOT_READY',
    `instance ${run.word('instance')} cannot give way to ${run.word('for')}: ${host} does not confirm that it ${what}`,
    `See what is wrong there: bridgehead describe host ${host}`,
  );
}
