import { BridgeheadError } from '../domain/errors.ts';
import type { HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { instanceObject, type Words } from '../domain/operation.ts';
import { type SyncedSection, syncedSections } from '../haproxy/migration-peers.ts';
import { lookResult, quiesceResult } from '../protocol/frames.ts';
import type { Kind } from './kind.ts';
import { checkMigration } from './migrate-checks.ts';
import { giveBack, grant, hasLetGo, takeBack } from './release.ts';
import { Abandoned, type Run } from './run.ts';
import { carry } from './saga.ts';
import { TableSync } from './table-sync.ts';
import { verifiedFrom } from './verify.ts';

const prepareTimeoutMs = 60_000;
/** How long stick tables may take before the move goes on without what is missing. */
const syncLimitMs = 10_000;
/** How long open requests may take to end before the address moves away under them. */
const quiesceLimitMs = 2_000;
const releaseTimeoutMs = 10_000;
const switchTimeoutMs = 10_000;
const removeTimeoutMs = 30_000;
const lookTimeoutMs = 1_000;

/**
 * Moves an instance with its addresses to another host. Whatever fails before the target has been
 * granted the addresses is undone; from there on there is only forward.
 */
export const migrate: Kind = {
  kind: 'migrate',
  whenCancelled: 'It serves where it did before.',
  objectsOf: ({ instance }) => [instanceObject(String(instance))],
  check: (view, args) => {
    const target = args['target'] as HostName;
    const { instance, assignment } = checkMigration(view, args['instance'] as InstanceName, target);
    const { host: source, epoch } = assignment;
    const seen = view.observed(source, instance.id);
    return {
      args: { ...args, instanceId: instance.id, source },
      observed: { host: source, epoch, phase: seen?.phase ?? null, linkUp: seen?.linkUp ?? null },
    };
  },
  run: async (run) => {
    const move = await Move.of(run);
    try {
      await carry(
        run,
        () => move.forward(),
        (cause) => move.undo(cause),
        (cause) => move.complete(cause),
      );
    } finally {
      await move.endSync();
    }
  },
  resume: async (run) => {
    const move = await Move.of(run);
    if (run.operation.isForward) return move.resumeForward();
    return move.undo(leftBehind(run));
  },
};

function leftBehind(run: Run): BridgeheadError {
  return new BridgeheadError(
    'OPERATION_FAILED',
    `the scheduler that migrated ${run.word('instance')} was gone before the switch`,
    'Begin it again; everything is as it was.',
  );
}

/** True for an operation whose instance has been let go of by its last holder, by its own word. */
export function isReleased(operation: {
  readonly isForward: boolean;
  readonly kind: string;
}): boolean {
  return operation.kind === 'migrate' && operation.isForward;
}

/** The instance that an operation moves. */
export function movedInstance(args: Words): InstanceId {
  return args['instanceId'] as InstanceId;
}

class Move {
  readonly #run: Run;
  readonly #instance: Instance;
  readonly #source: HostName;
  readonly #target: HostName;
  /** Where HAProxy's peers can bring stick tables along. */
  readonly #sections: readonly SyncedSection[];
  #sync: TableSync | null = null;

  private constructor(run: Run, instance: Instance) {
    this.#run = run;
    this.#instance = instance;
    this.#source = run.word('source') as HostName;
    this.#target = run.word('target') as HostName;
    this.#sections = syncedSections(instance.rendered);
  }

  static async of(run: Run): Promise<Move> {
    const instance = await run.instance(run.word('instance') as InstanceName);
    // It is locked, so nobody can have deleted it.
    if (instance === null) throw new Error('a migration of an instance that is not there');
    return new Move(run, instance);
  }

  async forward(): Promise<void> {
    const run = this.#run;
    await run.step('prepare', () => this.#prepare());
    if (this.#sections.length > 0) await run.step('sync', () => this.#synchronise());
    await run.step('quiesce', () => this.#quiesce());
    await run.step('release', () => this.#release());
    await run.step('switch', () => this.#switch());
  }

  async complete(cause: unknown): Promise<void> {
    const run = this.#run;
    await this.endSync();
    if (cause !== null) {
      // The source keeps its copy: it may be needed again.
      await run.end('failed', cause);
      return;
    }
    // What follows the switch must not stop half way because a witness could not look.
    const attempt = async (name: string, work: () => Promise<string>) => {
      try {
        await run.step(name, work);
      } catch (error) {
        if (error instanceof Abandoned) throw error;
      }
    };
    await attempt('verify', () => verifiedFrom(run, this.#instance, this.#target, this.#source));
    await attempt('remove', () => this.#remove());
    await run.end('done', null, (tx) =>
      tx.addEvent({
        atMs: run.clock.wallMs(),
        kind: 'instance.migrated',
        object: instanceObject(this.#instance.spec.name),
        message: `migrated from ${this.#source} to ${this.#target}`,
      }),
    );
    await run.hands.push();
  }

  /** Goes on behind the switch that a scheduler before this one has made. */
  async resumeForward(): Promise<void> {
    try {
      await this.#run.step('switch', () => this.#serves());
    } catch (error) {
      if (error instanceof Abandoned) throw error;
      return this.complete(error);
    }
    return this.complete(null);
  }

  async undo(cause: unknown): Promise<void> {
    const run = this.#run;
    const { id: instanceId, spec } = this.#instance;
    const message = cause instanceof Error ? cause.message : String(cause);
    // A new epoch, so that a late word of the failed attempt is void everywhere.
    await run.end('undone', cause, async (tx) => {
      await giveBack(tx, instanceId, this.#source);
      await tx.deleteStandby({ instanceId, host: this.#target });
      await tx.addEvent({
        atMs: run.clock.wallMs(),
        kind: 'instance.migration-undone',
        object: instanceObject(spec.name),
        message: `migration from ${this.#source} to ${this.#target} undone: ${message}`,
      });
    });
    await run.hands.push();
  }

  async #prepare(): Promise<string> {
    const { hands } = this.#run;
    const target = this.#target;
    const { id: instanceId, configHash } = this.#instance;
    await this.#run.commit(async (tx) => {
      const { hosts } = await tx.fleet();
      // It may have been cordoned, for a drain say, while this was on its way.
      const cordon = hosts.find(({ name }) => name === target)?.cordonReason ?? null;
      if (cordon !== null) throw this.#failed(`${target} was cordoned: ${cordon}`, target);
      await tx.putStandby({ instanceId, host: target });
    });
    await hands.push();
    const isReady = () => {
      const seen = hands.observed(target, instanceId);
      return seen?.phase === 'standby' && seen.configHash === configHash;
    };
    const hasFailed = () => hands.observed(target, instanceId)?.phase === 'failed';
    await this.#run.until(
      () => isReady() || hasFailed() || !hands.isConnected(target),
      prepareTimeoutMs,
    );
    if (isReady()) return `standby on ${target} runs the configuration`;
    const problem = hands.observed(target, instanceId)?.problem?.message;
    throw this.#failed(`${target} did not get a standby ready: ${problem ?? 'no word'}`, target);
  }

  // The way stays open after this, for what the source counts until it has let go. Tables are not
  // worth a failed migration: it goes on without what did not come over.
  async #synchronise(): Promise<string> {
    const { hands, clock } = this.#run;
    const { id: instance } = this.#instance;
    const startMs = clock.monotonicMs();
    const epoch = await this.#run.look((tx) => tx.lastEpoch(instance));
    const [source, target, sections] = [this.#source, this.#target, this.#sections];
    const sync = new TableSync({ hands, instance, epoch, source, target, sections });
    this.#sync = sync;
    await this.#run.until(() => sync.isSettled, syncLimitMs);
    const { learned, problems } = sync;
    const tookMs = Math.round(clock.monotonicMs() - startMs);
    return [
      ...(learned.length > 0
        ? [`${this.#target} has the stick tables of ${learned.join(', ')} after ${tookMs} ms`]
        : []),
      ...problems.map((problem) => `not brought along: ${problem}`),
    ].join('; ');
  }

  /** Stick tables go no further; nothing happens where they do not go. */
  async endSync(): Promise<void> {
    await this.#sync?.end();
    this.#sync = null;
  }

  async #quiesce(): Promise<string> {
    const { id } = this.#instance;
    const epoch = await this.#run.look((tx) => tx.lastEpoch(id));
    const body = { kind: 'quiesce', instance: id, epoch, limitMs: quiesceLimitMs } as const;
    const answer = await this.#run.hands.ask(this.#source, body, quiesceLimitMs + 3_000);
    const { openConnections, tookMs } = quiesceResult.parse(answer);
    return `${openConnections} connections still open after ${Math.round(tookMs)} ms`;
  }

  // The source's own word that the port is off the bridge is the proof that the switch rests on.
  async #release(): Promise<string> {
    const { hands } = this.#run;
    const source = this.#source;
    const { id } = this.#instance;
    await this.#checkStandby();
    const epoch = await this.#run.commit((tx) => takeBack(tx, id, source));
    await hands.push();
    const isReleased = () => hasLetGo(hands, source, id, epoch);
    if (await this.#run.until(isReleased, releaseTimeoutMs)) return `${source} is off the wire`;
    throw this.#failed(`${source} did not confirm that it let go`, source);
  }

  // Nobody is told to let go for a target that has died, or lost its copy, since it was prepared.
  async #checkStandby(): Promise<void> {
    const { hands } = this.#run;
    const target = this.#target;
    const { id, configHash } = this.#instance;
    const answer = await hands.ask(target, { kind: 'look', instance: id }, lookTimeoutMs);
    const { instance: seen } = lookResult.parse(answer);
    const isReady = seen?.phase === 'standby' && seen.configHash === configHash;
    if (!isReady) throw this.#failed(`${target} has its standby ready no more`, target);
  }

  async #switch(): Promise<string> {
    const target = this.#target;
    const { id: instanceId } = this.#instance;
    await this.#checkStandby();
    // One transaction: the grant, and the knowledge that there is only forward from here.
    await this.#run.commit(
      async (tx) => {
        const next = await grant(tx, instanceId, target);
        await tx.deleteStandby({ instanceId, host: target });
        await tx.putStandby({ instanceId, host: this.#source });
        // The source is off the wire altogether.
        await tx.deleteLeaving(instanceId, next);
        return next;
      },
      { isForward: true },
    );
    return this.#serves();
  }

  async #serves(): Promise<string> {
    const { hands, clock } = this.#run;
    const target = this.#target;
    const { id: instanceId } = this.#instance;
    const startMs = clock.monotonicMs();
    const epoch = await this.#run.look((tx) => tx.lastEpoch(instanceId));
    await hands.push();
    const serves = () => {
      const seen = hands.observed(target, instanceId);
      return seen?.phase === 'serving' && seen.epoch === epoch;
    };
    if (await this.#run.until(serves, switchTimeoutMs)) {
      return `${target} serves under epoch ${epoch} after ${Math.round(clock.monotonicMs() - startMs)} ms`;
    }
    throw this.#failed(
      `${target} holds epoch ${epoch} but does not say yet that it serves`,
      target,
    );
  }

  async #remove(): Promise<string> {
    const { hands } = this.#run;
    const source = this.#source;
    const { id: instanceId } = this.#instance;
    await this.#run.commit((tx) => tx.deleteStandby({ instanceId, host: source }));
    await hands.push();
    const isGone = () => hands.isConnected(source) && hands.observed(source, instanceId) === null;
    if (await this.#run.until(isGone, removeTimeoutMs)) return `nothing is left on ${source}`;
    return `${source} did not confirm yet; its agent removes the rest by itself`;
  }

  #failed(message: string, host: HostName): BridgeheadError {
    return new BridgeheadError(
      'OPERATION_FAILED',
      `instance ${this.#instance.spec.name}: ${message}`,
      `See what is wrong there: bridgehead describe host ${host}`,
    );
  }
}
