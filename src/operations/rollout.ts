import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import { isOpen } from '../domain/operation.ts';
import { type Rollout, rolloutObject } from '../domain/rollout.ts';
import type { OperationEngine } from './engine.ts';
import type { Kind } from './kind.ts';
import { type Begun, changeTarget, takeBack } from './rollout-change.ts';
import { type NextStep, nextStep } from './rollout-decision.ts';
import { type NumbersOf, RolloutWatch } from './rollout-watch.ts';
import { Abandoned, type Run } from './run.ts';

const lookMs = 1_000;
/** How long an instance that another operation holds is waited for. */
const busyMaxMs = 600_000;

/**
 * Gives many instances another configuration, a batch at a time: each batch is watched before the
 * next one, and where one does worse than before, all go back to what they had. How far it is stands
 * in the store, so that whoever takes it over goes on at the same step.
 *
 * @param engine begins the operations that bring hosts there; handed in late, as it is made of the kinds
 * @param numbersOf what instances have counted
 */
export function rollout(engine: () => OperationEngine, numbersOf: NumbersOf): Kind {
  const carry = (run: Run) => new RolloutRun(run, engine(), numbersOf).carry();
  return {
    kind: 'rollout',
    whenCancelled: 'What it had changed went back to what it had.',
    objectsOf: ({ owner, service }) => [rolloutObject(String(owner), String(service))],
    check: (_, args) => ({ args, observed: { instances: args['instances'] ?? 0 } }),
    run: carry,
    resume: carry,
  };
}

type Wait = Extract<NextStep, { kind: 'wait' }>;
type Next = Exclude<NextStep, { kind: 'go-back' }>;

class RolloutRun {
  readonly #run: Run;
  readonly #engine: OperationEngine;
  readonly #watch: RolloutWatch;

  constructor(run: Run, engine: OperationEngine, numbersOf: NumbersOf) {
    this.#run = run;
    this.#engine = engine;
    this.#watch = new RolloutWatch(run, numbersOf);
  }

  async carry(): Promise<void> {
    try {
      await this.#forward();
      await this.#run.end('done', null);
    } catch (error) {
      // A bug is tried again; no configuration is to blame for it.
      if (!(error instanceof BridgeheadError)) throw error;
      if (error.code === 'DATABASE_UNAVAILABLE') {
        throw new Abandoned('the store does not answer', error);
      }
      await this.#back(error);
    }
  }

  async #forward(): Promise<void> {
    for (;;) {
      const { rollout: stored, next } = await this.#next();
      if (next.kind === 'done') return;
      const batches = Math.max(...stored.targets.map(({ batch }) => batch)) + 1;
      if (next.kind === 'change') {
        const name = `batch ${next.batch + 1} of ${batches}: ${next.names.join(', ')}`;
        await this.#run.step(name, () => this.#changed(next.names));
      } else if (next.why === 'paused') {
        const { who, reason } = stored.pause ?? { who: '', reason: '' };
        await this.#run.step(`pause by ${who}`, async () => {
          await this.#waitWhile(({ why }) => why === 'paused');
          return reason;
        });
      } else {
        // Another scheduler had begun it.
        await this.#run.step('watch', () => this.#watched());
      }
    }
  }

  async #changed(names: readonly InstanceName[]): Promise<string> {
    for (const name of names) await this.#whenFree(name, changeTarget);
    await this.#run.hands.push();
    return this.#watched();
  }

  async #watched(): Promise<string> {
    await this.#waitWhile(({ why }) => why !== 'paused');
    return this.#watch.summary();
  }

  async #waitWhile(condition: (next: Wait) => boolean): Promise<void> {
    for (;;) {
      const { next } = await this.#next();
      if (next.kind !== 'wait' || !condition(next)) return;
      await this.#run.clock.sleep(lookMs);
    }
  }

  /** @throws BridgeheadError ROLLOUT_STOPPED where what comes next is the way back */
  async #next(): Promise<{ readonly rollout: Rollout; readonly next: Next }> {
    const seen = await this.#watch.look();
    // Whoever carried it before had begun to go back.
    if (seen.rollout.breach !== null) throw stopped(seen.rollout.breach);
    const next = nextStep(seen.state, this.#run.clock.wallMs());
    if (next.kind === 'go-back') throw stopped(next.why);
    return { rollout: seen.rollout, next };
  }

  // Migrations and failovers of an instance come first: a rollout can wait.
  async #whenFree(name: InstanceName, work: typeof changeTarget): Promise<void> {
    const { clock } = this.#run;
    const endMs = clock.monotonicMs() + busyMaxMs;
    for (;;) {
      const { operation, blocker }: Begun = await work(this.#run, this.#engine, name);
      if (operation !== null) this.#engine.launch(operation);
      if (blocker === null) return;
      if (clock.monotonicMs() >= endMs) {
        throw stopped(`instance ${name} was held for too long by operation ${blocker}`);
      }
      await clock.sleep(lookMs);
    }
  }

  async #back(cause: BridgeheadError): Promise<void> {
    const begun = await this.#noteBreach(cause.message);
    const changed = begun.targets.filter(({ toVersion }) => toVersion !== null);
    const failures: string[] = [];
    const goBack = async () => {
      for (const { name } of changed) {
        await this.#whenFree(name, takeBack).catch((error: unknown) => {
          if (!(error instanceof BridgeheadError)) throw error;
          failures.push(error.message);
        });
      }
      await this.#run.hands.push();
      const { targets, errors } = await this.#takenBack();
      failures.push(...errors);
      return targets
        .filter(({ toVersion }) => toVersion !== null)
        .map(({ name, leftBecause }) => `${name} ${leftBecause ?? 'has what it had'}`)
        .join('; ');
    };
    if (changed.length > 0) await this.#run.step('go back', goBack, true);
    if (failures.length === 0) await this.#run.end('undone', cause);
    else await this.#run.end('failed', notBack(cause, failures));
  }

  // Kept before anything goes back, so that whoever takes it over goes on with that.
  #noteBreach(why: string): Promise<Rollout> {
    return this.#run.commit(async (tx) => {
      const stored = await this.#watch.stored(tx);
      if (stored.breach !== null) return stored;
      const next = { ...stored, breach: why };
      await tx.putRollout(next);
      const object = rolloutObject(stored.owner, stored.service);
      const message = `rollout ${stored.id} goes back: ${why}`;
      const atMs = this.#run.clock.wallMs();
      await tx.addEvent({ atMs, kind: 'rollout.stopped', object, message });
      return next;
    });
  }

  async #takenBack() {
    for (;;) {
      const { targets, ended } = await this.#run.commit(async (tx) => {
        const stored = await this.#watch.stored(tx);
        const operations = [];
        for (const { backOperation } of stored.targets) {
          if (backOperation !== null) operations.push(await tx.operation(backOperation));
        }
        return { targets: stored.targets, ended: operations.filter((one) => one !== null) };
      });
      if (!ended.some(isOpen)) {
        const bad = ended.filter(({ state }) => state !== 'done');
        return { targets, errors: bad.map(({ state, error }) => error?.message ?? state) };
      }
      await this.#run.clock.sleep(lookMs);
    }
  }
}

function stopped(why: string): BridgeheadError {
  return new BridgeheadError(
    'ROLLOUT_STOPPED',
    why,
    'What it had changed went back by itself. Mend the configuration, and apply it again.',
  );
}

function notBack(cause: BridgeheadError, failures: readonly string[]): BridgeheadError {
  return new BridgeheadError(
    'OPERATION_FAILED',
    `the rollout was stopped (${cause.message}), and not all went back: ${failures.join('; ')}`,
    'See what is wrong there, then give each what it had: bridgehead config rollback INSTANCE',
  );
}
