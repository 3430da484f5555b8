import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { isOpen, type Operation } from '../domain/operation.ts';
import { type Rollout, rolloutObject } from '../domain/rollout.ts';
import type { RolloutView } from '../protocol/config-views.ts';
import type { Store, Transaction } from '../store/store.ts';

/** Looks at rollouts, has them pause, and go on. */
export class RolloutDesk {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The newest first. */
  list(limit: number): Promise<readonly RolloutView[]> {
    return this.#store.transact(async (tx) => {
      const views: RolloutView[] = [];
      for (const rollout of await tx.rollouts(limit)) {
        const operation = await tx.operation(rollout.id);
        if (operation !== null) views.push(viewOf(rollout, operation));
      }
      return views;
    }, 'snapshot');
  }

  /** @throws BridgeheadError NOT_FOUND */
  show(id: string): Promise<RolloutView> {
    return this.#store.transact(async (tx) => {
      const { rollout, operation } = await find(tx, id);
      return viewOf(rollout, operation);
    }, 'snapshot');
  }

  /**
   * Has it begin no further batch. What was changed is watched on, and goes back where it has to.
   *
   * @throws BridgeheadError NOT_FOUND, ROLLOUT_ENDED
   */
  pause(id: string, reason: string, who: string): Promise<RolloutView> {
    const pause = { who, reason, atMs: this.#clock.wallMs() };
    return this.#set(id, pause, `paused by ${who}${reason === '' ? '' : `: ${reason}`}`);
  }

  /** @throws BridgeheadError NOT_FOUND, ROLLOUT_ENDED */
  resume(id: string, who: string): Promise<RolloutView> {
    return this.#set(id, null, `goes on, by ${who}`);
  }

  #set(id: string, pause: Rollout['pause'], what: string): Promise<RolloutView> {
    return this.#store.transact(async (tx) => {
      const { rollout, operation } = await find(tx, id);
      if (!isOpen(operation) || rollout.breach !== null) throw hasEnded(rollout, operation);
      await tx.setRolloutPause(id, pause);
      const object = rolloutObject(rollout.owner, rollout.service);
      const kind = pause === null ? 'rollout.resumed' : 'rollout.paused';
      const message = `rollout ${id} ${what}`;
      await tx.addEvent({ atMs: this.#clock.wallMs(), kind, object, message });
      return viewOf({ ...rollout, pause }, operation);
    });
  }
}

async function find(tx: Transaction, id: string) {
  const [rollout, operation] = [await tx.rollout(id), await tx.operation(id)];
  if (rollout !== null && operation !== null) return { rollout, operation };
  throw new BridgeheadError(
    'NOT_FOUND',
    `there is no rollout ${id}`,
    'See which there are: bridgehead rollout list',
  );
}

function hasEnded({ id, breach }: Rollout, { state }: Operation): BridgeheadError {
  return new BridgeheadError(
    'ROLLOUT_ENDED',
    breach === null ? `rollout ${id} has ended (${state})` : `rollout ${id} goes back: ${breach}`,
    `See what came of it: bridgehead rollout show ${id}`,
  );
}

function viewOf(rollout: Rollout, operation: Operation): RolloutView {
  const { id, owner, service, settings, breach, pause } = rollout;
  const { state, who, reason, requestedMs, endedMs } = operation;
  return {
    ...{ id, owner, service, settings: { ...settings }, breach, state, who, reason },
    ...{ requestedMs, endedMs, pause: pause === null ? null : { ...pause } },
    targets: rollout.targets.map((target) => {
      const { name, batch, fromVersion, toVersion, leftBecause } = target;
      return { name, batch, fromVersion, toVersion, leftBecause, phase: phaseOf(target) };
    }),
  };
}

function phaseOf(target: Rollout['targets'][number]): RolloutView['targets'][number]['phase'] {
  if (target.leftBecause !== null) return 'left';
  if (target.backOperation !== null) return 'back';
  if (target.toVersion === null) return 'waiting';
  return target.loadedMs === null ? 'loading' : 'changed';
}
