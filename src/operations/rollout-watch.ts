import type { InstanceId } from '../domain/ids.ts';
import type { Assignment } from '../domain/model.ts';
import { isOpen, type Operation } from '../domain/operation.ts';
import type { Rollout, RolloutTarget } from '../domain/rollout.ts';
import type { Point } from '../numbers/point.ts';
import type { Transaction } from '../store/store.ts';
import type { RolloutState, Shown, Tally, TargetState } from './rollout-decision.ts';
import { tallyOf } from './rollout-tally.ts';
import type { Run } from './run.ts';

/** What an instance counted in a time, in its order. */
export type NumbersOf = (
  instance: InstanceId,
  sinceMs: number,
  untilMs: number,
) => Promise<readonly Point[]>;

/** What was before is told from this much of it at least. */
const beforeLeastMs = 60_000;
/** A host takes up to this long until it runs what it was given, mostly. */
const loadMs = 5_000;
/** And what is now of the time of the watch and this much more. */
const sinceMostMs = 600_000;

/** A target that was changed, with all that is read of it at once. */
interface Seen {
  readonly target: RolloutTarget;
  readonly operation: Operation | null;
  readonly assignment: Assignment | null;
  /** What it is to run now; null where it is not there any more. */
  readonly configHash: string | null;
  /** What it serves by the word of a host that another scheduler hears. */
  readonly servedElsewhere: string | null;
}

/** Sees how the instances of a rollout do. */
export class RolloutWatch {
  readonly #run: Run;
  readonly #numbersOf: NumbersOf;
  /** Since when, monotonic, an instance does not serve what it is to. */
  readonly #notServingSince = new Map<InstanceId, number>();
  readonly #tallies = new Map<InstanceId, Tally>();
  #shown: readonly Shown[] = [];

  constructor(run: Run, numbersOf: NumbersOf) {
    this.#run = run;
    this.#numbersOf = numbersOf;
  }

  /** The rollout's record. */
  async stored(tx: Transaction): Promise<Rollout> {
    const { id } = this.#run.operation;
    const found = await tx.rollout(id);
    if (found === null) throw new Error(`operation ${id} has no rollout`);
    return found;
  }

  /**
   * Reads all that a decision rests on; what has been loaded meanwhile is written down.
   *
   * @throws BridgeheadError CANCELLED where somebody asked for its end
   */
  async look(): Promise<{ readonly rollout: Rollout; readonly state: RolloutState }> {
    const { rollout, seen } = await this.#run.look(async (tx) => {
      const stored = await this.stored(tx);
      const all: (Seen | null)[] = [];
      for (const target of stored.targets) all.push(await see(tx, target, this.#run));
      return { rollout: stored, seen: all };
    });
    await this.#noteLoaded(rollout, seen);
    const targets: RolloutState['targets'][number][] = [];
    for (const [index, { name, batch, leftBecause }] of rollout.targets.entries()) {
      const one = seen[index] ?? null;
      const untouched = leftBecause === null ? ('waiting' as const) : ('left' as const);
      const state = one === null ? { state: untouched } : await this.#stateOf(one, rollout);
      targets.push({ ...state, name, batch });
    }
    this.#shown = targets.flatMap((one) =>
      one.state === 'loaded' && one.shown !== null ? one.shown : [],
    );
    const isPaused = rollout.pause !== null;
    return { rollout, state: { settings: rollout.settings, isPaused, targets } };
  }

  /** What was seen of all that were changed so far, in words. */
  summary(): string {
    const sum = (part: 'before' | 'since', field: 'requests' | 'failed') =>
      this.#shown.reduce((total, one) => total + one[part][field], 0);
    const shares = (['since', 'before'] as const).map(
      (part) => `${sum(part, 'failed')} of ${sum(part, 'requests')}`,
    );
    return `requests answered with 5xx: ${shares[0]}, before ${shares[1]}`;
  }

  async #noteLoaded(rollout: Rollout, seen: readonly (Seen | null)[]): Promise<void> {
    const isFresh = seen.some(
      (one) => one !== null && isLoaded(one) && one.target.loadedMs === null,
    );
    if (!isFresh) return;
    const targets = rollout.targets.map((target, index) => {
      const one = seen[index] ?? null;
      return one !== null && isLoaded(one) ? { ...target, loadedMs: loadedMsOf(one) } : target;
    });
    await this.#run.commit((tx) => tx.putRollout({ ...rollout, targets }));
  }

  async #stateOf(seen: Seen, { settings }: Rollout): Promise<TargetState> {
    const { target, operation, assignment } = seen;
    if (!isLoaded(seen)) {
      if (operation !== null && isOpen(operation)) return { state: 'loading' };
      return { state: 'failed', why: operation?.error?.message ?? 'nobody knows what came of it' };
    }
    const loadedMs = loadedMsOf(seen);
    if (assignment === null || seen.configHash === null) {
      return { state: 'loaded', loadedMs, shown: null };
    }
    const nowMs = this.#run.clock.wallMs();
    const watchMs = settings.watchS * 1_000;
    const fromMs = Math.max(loadedMs, nowMs - watchMs - sinceMostMs);
    const points = await this.#numbersOf(target.instanceId, fromMs, nowMs);
    return {
      ...{ state: 'loaded', loadedMs },
      shown: {
        before: await this.#before(target, Math.max(beforeLeastMs, watchMs)),
        since: tallyOf(points, fromMs, nowMs),
        notServingMs: this.#notServingMs(seen, assignment),
      },
    };
  }

  // What was before does not change: it is read once.
  async #before({ instanceId, changedMs, fromMs }: RolloutTarget, spanMs: number) {
    const known = this.#tallies.get(instanceId);
    if (known !== undefined) return known;
    const toMs = changedMs ?? 0;
    // Of the configuration before that one it says nothing: that may have been the bad one.
    const sinceMs = Math.min(toMs, Math.max(toMs - spanMs, fromMs + loadMs));
    const tally = tallyOf(await this.#numbersOf(instanceId, sinceMs, toMs), sinceMs, toMs);
    this.#tallies.set(instanceId, tally);
    return tally;
  }

  #notServingMs({ target, configHash, servedElsewhere }: Seen, { host }: Assignment): number {
    const { hands, clock } = this.#run;
    const here = hands.isConnected(host) ? hands.observed(host, target.instanceId) : null;
    const served = here?.phase === 'serving' ? here.configHash : servedElsewhere;
    const nowMs = clock.monotonicMs();
    if (served === configHash) {
      this.#notServingSince.delete(target.instanceId);
      return 0;
    }
    const sinceMs = this.#notServingSince.get(target.instanceId) ?? nowMs;
    this.#notServingSince.set(target.instanceId, sinceMs);
    return nowMs - sinceMs;
  }
}

async function see(tx: Transaction, target: RolloutTarget, { hands }: Run): Promise<Seen | null> {
  const { instanceId, name, toVersion, operation: id } = target;
  if (toVersion === null || id === null) return null;
  const instance = await tx.instanceNamed(name);
  const assignment = await tx.assignment(instanceId);
  const isHere = assignment === null || hands.isConnected(assignment.host);
  const heard = isHere ? null : await tx.observation(assignment.host, instanceId);
  return {
    ...{ target, assignment },
    operation: target.loadedMs === null ? await tx.operation(id) : null,
    configHash: instance?.id === instanceId ? instance.configHash : null,
    servedElsewhere: heard?.phase === 'serving' ? heard.configHash : null,
  };
}

function isLoaded({ target, operation }: Seen): boolean {
  return target.loadedMs !== null || operation?.state === 'done';
}

function loadedMsOf({ target, operation }: Seen): number {
  return target.loadedMs ?? operation?.endedMs ?? 0;
}
