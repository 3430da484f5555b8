import type { Clock } from '../domain/clock.ts';
import type { Epoch } from '../domain/ids.ts';
import { macOfInstance } from '../domain/mac.ts';
import type { Instance } from '../domain/model.ts';
import { publicPorts } from '../haproxy/public-ports.ts';
import { probeResult, quiesceResult } from '../protocol/frames.ts';
import type { Migration, MigrationPhase, Store } from '../store/store.ts';
import type { Agents } from './agents.ts';
import { grant, hasLetGo, takeBack } from './release.ts';

const prepareTimeoutMs = 60_000;
/** How long open requests may take to end before the address moves away under them. */
const quiesceLimitMs = 2_000;
const releaseTimeoutMs = 10_000;
const switchTimeoutMs = 10_000;
const removeTimeoutMs = 30_000;
const probeTimeoutMs = 1_000;

export interface MigrationParts {
  readonly store: Store;
  readonly agents: Agents;
  readonly clock: Clock;
  /** Sends every connected host what the store now says it is to do. */
  readonly push: () => Promise<void>;
}

/** Carries one migration from its record to its end, and keeps the record true at each step. */
export class MigrationRun {
  readonly #parts: MigrationParts;
  readonly #instance: Instance;
  #record: Migration;

  constructor(parts: MigrationParts, instance: Instance, record: Migration) {
    this.#parts = parts;
    this.#instance = instance;
    this.#record = record;
  }

  /**
   * Moves the instance. Whatever fails before the target has been granted the addresses is undone;
   * from there on there is only forward.
   *
   * @returns the ended record; never rejects but for a store that is gone
   */
  async run(): Promise<Migration> {
    try {
      await this.#step('prepare', () => this.#prepare());
      await this.#step('quiesce', () => this.#quiesce());
      await this.#step('release', () => this.#release());
      await this.#step('switch', () => this.#switch());
    } catch (error) {
      if (!this.#record.switched) return this.#undo(error as Error);
      await this.#note(`after the switch: ${(error as Error).message}`);
    }
    return this.complete();
  }

  /** Ends a migration whose target holds the grant; for one that an earlier scheduler left too. */
  async complete(): Promise<Migration> {
    await this.#step('verify', () => this.#verify());
    await this.#step('remove', () => this.#remove());
    return this.#end('done', null);
  }

  /** Ends a migration that an earlier scheduler left before its switch. */
  async undoLeft(): Promise<Migration> {
    return this.#undo(new Error('the scheduler that ran it ended before the switch'));
  }

  async #prepare(): Promise<string> {
    const { source, target } = this.#record;
    const { store, agents } = this.#parts;
    const standby = { instanceId: this.#instance.id, host: target };
    await store.transact((tx) => tx.putStandby(standby));
    await this.#parts.push();
    const isReady = () => {
      const seen = agents.observed(target, this.#instance.id);
      return seen?.phase === 'standby' && seen.configHash === this.#instance.configHash;
    };
    const hasFailed = () => agents.observed(target, this.#instance.id)?.phase === 'failed';
    await agents.until(
      () => isReady() || hasFailed() || !agents.isConnected(target),
      prepareTimeoutMs,
    );
    if (isReady()) return `standby on ${target} runs the configuration`;
    const problem = agents.observed(target, this.#instance.id)?.problem?.message;
    throw new Error(
      `${target} did not get a standby ready beside ${source}: ${problem ?? 'no word'}`,
    );
  }

  async #quiesce(): Promise<string> {
    const { source } = this.#record;
    const body = { kind: 'quiesce', instance: this.#instance.id, limitMs: quiesceLimitMs } as const;
    const answer = await this.#parts.agents.ask(source, body, quiesceLimitMs + 3_000);
    const { openConnections, tookMs } = quiesceResult.parse(answer);
    return `${openConnections} connections still open after ${Math.round(tookMs)} ms`;
  }

  // The source's own word that the port is off the bridge is the proof that the switch rests on.
  async #release(): Promise<string> {
    const { source } = this.#record;
    const { agents } = this.#parts;
    const { id } = this.#instance;
    const epoch = await this.#parts.store.transact((tx) => takeBack(tx, id, source));
    await this.#parts.push();
    const isReleased = () => hasLetGo(agents, source, id, epoch);
    if (await agents.until(isReleased, releaseTimeoutMs)) return `${source} is off the wire`;
    throw new Error(`${source} did not confirm that it let go`);
  }

  async #switch(): Promise<string> {
    const { target } = this.#record;
    const { agents, clock } = this.#parts;
    const startMs = clock.monotonicMs();
    const epoch = await this.#grantTarget();
    await this.#parts.push();
    const serves = () => {
      const seen = agents.observed(target, this.#instance.id);
      return seen?.phase === 'serving' && seen.epoch === epoch;
    };
    if (await agents.until(serves, switchTimeoutMs)) {
      return `${target} serves under epoch ${epoch} after ${Math.round(clock.monotonicMs() - startMs)} ms`;
    }
    throw new Error(`${target} holds epoch ${epoch} but does not say yet that it serves`);
  }

  /** Looks from a third host, as a client would; with two hosts only, from the source. */
  async #verify(): Promise<string> {
    const { source, target } = this.#record;
    const { agents } = this.#parts;
    const others = agents.connected.filter((host) => host !== target && host !== source);
    const witness = others[0] ?? (agents.isConnected(source) ? source : null);
    if (witness === null) return 'no other host is there to look from';
    const mac = macOfInstance(this.#instance.id);
    const ports = new Map(
      publicPorts({ ...this.#instance.spec, addresses: this.#instance.addresses }).map((one) => [
        one.address,
        one.ports,
      ]),
    );
    const seen = await Promise.all(
      this.#instance.addresses.map(async (address) => {
        const wanted = [...(ports.get(address.address) ?? [])];
        const body = { kind: 'probe', address, ports: wanted, timeoutMs: probeTimeoutMs } as const;
        const probe = probeResult.parse(await agents.ask(witness, body, probeTimeoutMs + 2_000));
        const isRight = probe.mac === mac && probe.openPorts.length === wanted.length;
        const opened = `${probe.openPorts.length} of ${wanted.length} ports open`;
        const text = `${address.address} is at ${probe.mac ?? 'nobody'}, ${opened}`;
        return isRight ? text : `NOT RIGHT: ${text}`;
      }),
    );
    return `from ${witness}: ${seen.join('; ')}`;
  }

  async #remove(): Promise<string> {
    const { source } = this.#record;
    const { agents, store } = this.#parts;
    await store.transact((tx) => tx.deleteStandby({ instanceId: this.#instance.id, host: source }));
    await this.#parts.push();
    const isGone = () => agents.observed(source, this.#instance.id) === null;
    if (await agents.until(isGone, removeTimeoutMs)) return `nothing is left on ${source}`;
    return `${source} did not confirm yet; its agent removes the rest by itself`;
  }

  async #undo(cause: Error): Promise<Migration> {
    const { source, target } = this.#record;
    // A new epoch, so that a late word of the failed attempt is void everywhere.
    const { id: instanceId } = this.#instance;
    await this.#parts.store.transact(async (tx) => {
      await grant(tx, instanceId, source);
      await tx.deleteStandby({ instanceId, host: target });
    });
    await this.#parts.push();
    return this.#end('undone', cause.message);
  }

  // One transaction: the grant, and the knowledge that there is only forward from here.
  async #grantTarget(): Promise<Epoch> {
    const { source, target } = this.#record;
    const instanceId = this.#instance.id;
    const record = { ...this.#record, switched: true };
    const epoch = await this.#parts.store.transact(async (tx) => {
      const next = await grant(tx, instanceId, target);
      await tx.deleteStandby({ instanceId, host: target });
      await tx.putStandby({ instanceId, host: source });
      await tx.putMigration(record);
      return next;
    });
    this.#record = record;
    return epoch;
  }

  async #step(phase: MigrationPhase, work: () => Promise<string>): Promise<void> {
    const { clock } = this.#parts;
    const begun = { phase, startedMs: clock.wallMs(), endedMs: null, note: '' };
    await this.#keep({ ...this.#record, phase, steps: [...this.#record.steps, begun] });
    let note = '';
    try {
      note = await work();
    } catch (error) {
      note = `failed: ${(error as Error).message}`;
      // What follows the switch must not stop half way because a witness could not look.
      if (!this.#record.switched || phase === 'switch') throw error;
    } finally {
      // Written with the beginning of the next step, or the end: one commit a step, while no new
      // connection gets through.
      const ended = { ...begun, endedMs: clock.wallMs(), note };
      this.#record = { ...this.#record, steps: [...this.#record.steps.slice(0, -1), ended] };
    }
  }

  async #note(text: string): Promise<void> {
    await this.#keep({ ...this.#record, error: text });
  }

  async #keep(record: Migration): Promise<void> {
    await this.#parts.store.transact((tx) => tx.putMigration(record));
    this.#record = record;
  }

  async #end(outcome: 'done' | 'undone', error: string | null): Promise<Migration> {
    const { store, clock } = this.#parts;
    const atMs = clock.wallMs();
    const { source, target } = this.#record;
    const record = { ...this.#record, outcome, endedMs: atMs, error: error ?? this.#record.error };
    const { name } = this.#instance.spec;
    const message =
      outcome === 'done'
        ? `migrated from ${source} to ${target}`
        : `migration from ${source} to ${target} undone: ${error ?? ''}`;
    await store.transact(async (tx) => {
      await tx.putMigration(record);
      await tx.addEvent({
        atMs,
        kind: `instance.migration-${outcome}`,
        object: `instance/${name}`,
        message,
      });
    });
    this.#record = record;
    await this.#parts.push();
    return record;
  }
}
