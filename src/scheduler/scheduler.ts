import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import type { Host, HostFacts, ObservedInstance } from '../domain/model.ts';
import { explain } from '../placement/explain.ts';
import { place } from '../placement/place.ts';
import type { ApplyAnswer, Change } from '../protocol/api.ts';
import type { Migration, Store } from '../store/store.ts';
import { type AgentStream, Agents } from './agents.ts';
import { type ApplyRequest, apply } from './apply.ts';
import { busy } from './busy.ts';
import { desiredStateOf } from './desired-state.ts';
import { MigrationRun } from './migrate.ts';
import { checkMigration } from './migration-checks.ts';
import { Reconciler, type ReconcilerStatus } from './reconciler.ts';
import { grant } from './release.ts';
import type { ViewSource } from './views.ts';

const placePeriodMs = 2_000;
const pushPeriodMs = 1_000;
const livenessPeriodMs = 1_000;
/** After a start every host looks silent: so long nobody is called suspect for it. */
const graceMs = 10_000;

export interface SchedulerParts {
  readonly store: Store;
  readonly clock: Clock;
  /** Makes the ids of migrations. */
  readonly newId: () => string;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/**
 * The scheduler: what the fleet is meant to be (in the store), what it is (from the agents), and
 * the work that brings the second to the first.
 */
export class Scheduler implements AsyncDisposable {
  readonly agents: Agents;
  readonly #parts: SchedulerParts;
  readonly #placer: Reconciler;
  readonly #pusher: Reconciler;
  readonly #liveness: Reconciler;
  readonly #runs = new Map<string, Promise<Migration>>();
  /** What agents said goes to the store in the order it was said. */
  #journal: Promise<void> = Promise.resolve();
  readonly #startedMs: number;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.monotonicMs();
    this.agents = new Agents(
      {
        onHello: (host, facts, instances) => this.#welcome(host, facts, instances),
        onFacts: (host, facts) => this.#recordSeen(host, facts),
        onObserved: (host, instances, removed) =>
          this.#write('observation', () =>
            parts.store.recordObserved(host, {
              complete: false,
              instances,
              removed,
              atMs: parts.clock.wallMs(),
            }),
          ),
        onEvent: (host, event) =>
          this.#recordEvent(event.kind, event.object, `${host}: ${event.message}`),
        onGone: (host, reason) => this.#lose(host, reason),
      },
      parts.clock,
    );
    this.#placer = new Reconciler('placement', placePeriodMs, parts.clock, () => this.#place());
    this.#pusher = new Reconciler('push', pushPeriodMs, parts.clock, () => this.#push());
    this.#liveness = new Reconciler('liveness', livenessPeriodMs, parts.clock, () => this.#watch());
  }

  /** Ends what an earlier scheduler left half done, once the agents have had time to come back. */
  start(): void {
    void this.#resumeLeft().catch((error: unknown) =>
      this.#parts.log('cannot resume migrations', { error: String(error) }),
    );
  }

  /** Seconds since this scheduler started. */
  get uptimeS(): number {
    return (this.#parts.clock.monotonicMs() - this.#startedMs) / 1_000;
  }

  get reconcilers(): readonly ReconcilerStatus[] {
    return [this.#placer.status, this.#pusher.status, this.#liveness.status];
  }

  attach(stream: AgentStream): void {
    this.agents.attach(stream);
  }

  /** To be called when the desired state has changed: places what has no host and tells the agents. */
  async changed(): Promise<void> {
    await this.#placer.run();
    await this.#pusher.run();
  }

  /** Sends every connected host what the store now says it is to do. */
  push(): Promise<void> {
    return this.#pusher.run();
  }

  /** Everything that views are made of. */
  async viewSource(): Promise<ViewSource> {
    const { store } = this.#parts;
    const [state, observations] = await Promise.all([
      store.transact(async (tx) => ({
        fleet: await tx.fleet(),
        migrations: await tx.unfinishedMigrations(),
      })),
      store.observations(),
    ]);
    return { ...state, observations };
  }

  /** Takes a spec as a whole, or says what it would change. See {@link apply}. */
  async apply(request: ApplyRequest, who: string): Promise<ApplyAnswer> {
    const { store, clock, newId } = this.#parts;
    const push = () => this.push();
    const parts = { store, clock, newId, push, agents: this.agents };
    const { changes, warnings } = await apply(request, who, parts);
    if (!request.dryRun) await this.changed();
    return {
      dryRun: request.dryRun,
      changes: structuredClone(changes) as Change[],
      warnings: [...warnings],
    };
  }

  async explain(name: InstanceName): Promise<ReturnType<typeof explain>> {
    const fleet = await this.#parts.store.transact((tx) => tx.fleet());
    return explain(fleet, name);
  }

  /** @throws BridgeheadError NOT_FOUND */
  async setCordon(name: HostName, reason: string | null, who: string): Promise<void> {
    const { store, clock } = this.#parts;
    await store.transact(async (tx) => {
      findHost((await tx.fleet()).hosts, name);
      await tx.setCordon(name, reason);
      const kind = reason === null ? 'host.uncordoned' : 'host.cordoned';
      const why = reason === null || reason === '' ? '' : `: ${reason}`;
      await tx.addEvent({
        atMs: clock.wallMs(),
        kind,
        object: `host/${name}`,
        message: `by ${who}${why}`,
      });
    });
    this.#placer.wake();
  }

  /**
   * Begins a migration, after every check of its source and target.
   *
   * @returns its record, and `ended`, which resolves with the record at its end
   * @throws BridgeheadError of {@link checkMigration}, or BUSY while another one runs
   */
  async migrate(
    name: InstanceName,
    to: HostName,
    reason: string,
    who: string,
  ): Promise<{ readonly record: Migration; readonly ended: Promise<Migration> }> {
    const { store, clock, newId } = this.#parts;
    const { record, instance } = await store.transact(async (tx) => {
      const fleet = await tx.fleet();
      const view = {
        fleet,
        isConnected: (host: HostName) => this.agents.isConnected(host),
        observed: (host: HostName, one: { readonly id: InstanceId }) =>
          this.agents.observed(host, one.id),
      };
      const running = (await tx.unfinishedMigrations()).find(
        (one) => fleet.instances.find(({ id }) => id === one.instanceId)?.spec.name === name,
      );
      // The lock is asked before the source: while something else moves it, the source means nothing.
      if (running !== undefined) throw busy(name, running, clock.wallMs());
      const start = checkMigration(view, name, to);
      const fresh: Migration = {
        id: newId(),
        instanceId: start.instance.id,
        source: start.assignment.host,
        target: to,
        who,
        reason,
        phase: 'prepare',
        switched: false,
        steps: [],
        startedMs: clock.wallMs(),
        endedMs: null,
        outcome: null,
        error: null,
      };
      await tx.putMigration(fresh);
      return { record: fresh, instance: start.instance };
    });
    const run = new MigrationRun(this.#migrationParts(), instance, record);
    return { record, ended: this.#track(record.id, run.run()) };
  }

  /** Waits for the work that was begun here, and for what agents said to be in the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const reconciler of [this.#placer, this.#pusher, this.#liveness])
      reconciler[Symbol.dispose]();
    await Promise.allSettled([...this.#runs.values()]);
    await this.#journal;
  }

  #migrationParts() {
    const { store, clock } = this.#parts;
    return { store, clock, agents: this.agents, push: () => this.push() };
  }

  #track(id: string, run: Promise<Migration>): Promise<Migration> {
    const tracked = run.finally(() => this.#runs.delete(id));
    this.#runs.set(id, tracked);
    tracked.catch((error: unknown) =>
      this.#parts.log('a migration lost its store', { id, error: String(error) }),
    );
    return tracked;
  }

  async #resumeLeft(): Promise<void> {
    const { store } = this.#parts;
    const left = await store.transact(async (tx) => {
      const migrations = await tx.unfinishedMigrations();
      const moving = new Set(migrations.map(({ instanceId }) => instanceId));
      const { instances, assignments } = await tx.fleet();
      // Taken back for a deletion that was never written: the instance still exists, so it serves.
      for (const assignment of assignments) {
        if (assignment.granted || moving.has(assignment.instanceId)) continue;
        await grant(tx, assignment.instanceId, assignment.host);
      }
      return { migrations, instances };
    });
    for (const record of left.migrations) {
      const instance = left.instances.find(({ id }) => id === record.instanceId);
      if (instance === undefined) continue;
      const run = new MigrationRun(this.#migrationParts(), instance, record);
      const bothBack = () =>
        this.agents.isConnected(record.source) && this.agents.isConnected(record.target);
      await this.agents.until(bothBack, graceMs);
      this.#parts.log('ends a migration that was left', {
        id: record.id,
        switched: record.switched,
      });
      await this.#track(record.id, record.switched ? run.complete() : run.undoLeft());
    }
  }

  async #place(): Promise<string> {
    const { store, clock } = this.#parts;
    const placed = await store.transact(async (tx) => {
      const fleet = await tx.fleet();
      const { decisions } = place(fleet);
      let count = 0;
      for (const { instanceId, instance, host, explanation } of decisions) {
        if (host === null) continue;
        count += 1;
        await grant(tx, instanceId, host);
        const message = `placed on ${host}: ${explanation}`;
        const object = `instance/${instance}`;
        await tx.addEvent({ atMs: clock.wallMs(), kind: 'instance.placed', object, message });
      }
      return { count, waiting: decisions.length - count };
    });
    if (placed.count > 0) this.#pusher.wake();
    return `placed ${placed.count}, ${placed.waiting} without a place`;
  }

  async #push(): Promise<string> {
    const { fleet, migrations } = await this.#parts.store.transact(async (tx) => ({
      fleet: await tx.fleet(),
      migrations: await tx.unfinishedMigrations(),
    }));
    const released = new Set(
      migrations.filter(({ switched }) => switched).map(({ instanceId }) => instanceId),
    );
    const hosts = this.agents.connected;
    const told = hosts.filter((host) =>
      this.agents.tell(host, desiredStateOf(host, fleet, released)),
    );
    return `told ${told.length} of ${hosts.length} connected hosts something new`;
  }

  async #watch(): Promise<string> {
    const { store, clock } = this.#parts;
    if (clock.monotonicMs() - this.#startedMs < graceMs) return 'waits for agents after the start';
    const { hosts } = await store.transact((tx) => tx.fleet());
    const silent = hosts.filter(
      ({ name, state }) => state === 'ready' && !this.agents.isConnected(name),
    );
    for (const { name } of silent) this.#lose(name, 'not connected since the scheduler started');
    return `${this.agents.connected.length} connected, ${silent.length} fell silent`;
  }

  #welcome(host: HostName, facts: HostFacts, instances: readonly ObservedInstance[]): void {
    const { store, clock } = this.#parts;
    this.#recordSeen(host, facts);
    this.#write('observation', () =>
      store.recordObserved(host, { complete: true, instances, removed: [], atMs: clock.wallMs() }),
    );
    const message = `agent connected: kernel ${facts.kernel}, Docker ${facts.docker}, boot ${facts.bootId}`;
    this.#recordEvent('host.ready', `host/${host}`, message);
    // Only once the store knows that the host is ready may it be told and be placed on.
    void this.#journal.then(() => this.changed());
  }

  #lose(host: HostName, reason: string): void {
    const { store, clock } = this.#parts;
    const seen = { state: 'suspect' as const, facts: null, atMs: clock.wallMs() };
    this.#write('host state', async () => {
      if (this.agents.isConnected(host)) return;
      await store.transact((tx) => tx.setHostSeen(host, seen));
    });
    this.#recordEvent('host.suspect', `host/${host}`, `agent is silent: ${reason}`);
  }

  #recordSeen(host: HostName, facts: HostFacts): void {
    const { store, clock } = this.#parts;
    const seen = { state: 'ready' as const, facts, atMs: clock.wallMs() };
    this.#write('host facts', () => store.transact((tx) => tx.setHostSeen(host, seen)));
  }

  #recordEvent(kind: string, object: string, message: string): void {
    const { store, clock } = this.#parts;
    const event = { atMs: clock.wallMs(), kind, object, message };
    this.#write('event', () => store.transact((tx) => tx.addEvent(event)));
  }

  #write(what: string, work: () => Promise<void>): void {
    this.#journal = this.#journal.then(work).catch((error: unknown) => {
      this.#parts.log(`cannot record an ${what}`, { error: String(error) });
    });
  }
}

/** @throws BridgeheadError NOT_FOUND */
export function findHost(hosts: readonly Host[], name: HostName): Host {
  const host = hosts.find((one) => one.name === name);
  if (host !== undefined) return host;
  throw new BridgeheadError(
    'NOT_FOUND',
    `host ${name} does not exist`,
    'See the hosts there are: bridgehead get hosts',
  );
}
