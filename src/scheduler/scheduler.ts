import { productionTimings, type Timings } from '../detection/timings.ts';
import type { Clock } from '../domain/clock.ts';
import type { HostName, InstanceName } from '../domain/ids.ts';
import { hostObject, type Operation } from '../domain/operation.ts';
import { OperationEngine } from '../operations/engine.ts';
import { findHost } from '../operations/find-host.ts';
import type { Hands } from '../operations/hands.ts';
import type { Kind } from '../operations/kind.ts';
import { type LockRules, lockRules } from '../operations/locks.ts';
import { rebalancingOf } from '../operations/rebalance.ts';
import type { NumbersOf } from '../operations/rollout-watch.ts';
import { SchedulerSession } from '../operations/session.ts';
import type { ApplyAnswer, ExplainView } from '../protocol/api.ts';
import type { FleetMoment } from '../store/fleet-memory.ts';
import type { Store, Transaction } from '../store/store.ts';
import { type AgentLogs, logListener } from './agent-logs.ts';
import type { AgentStream } from './agent-stream.ts';
import { Agents, type AgentsListener } from './agents.ts';
import { type ApplyParts, type ApplyRequest, apply, type Planner } from './apply.ts';
import { AttachmentDesk } from './attachment-desk.ts';
import { Detection } from './detection.ts';
import { IncidentDesk } from './incident-desk.ts';
import { IncidentKeeper } from './incident-keeper.ts';
import { operationKinds } from './kinds.ts';
import { placeWaiting } from './placer.ts';
import type { PowerOff } from './power-fencing.ts';
import { Presence } from './presence.ts';
import { Reconciler, type ReconcilerStatus } from './reconciler.ts';
import { Recorder } from './recorder.ts';
import { type ReadFleet, wholeFleet } from './remembered-fleet.ts';
import { Shedder } from './shedder.ts';
import { keepStandbys } from './standby-upkeep.ts';
import { Teller } from './teller.ts';
import { type ViewSource, viewExplanation } from './views.ts';

const placePeriodMs = 2_000;
/** How often each of the other looks is taken, where nothing wakes it before. */
const lookPeriodMs = 1_000;

export interface SchedulerParts extends AgentLogs {
  readonly store: Store;
  readonly clock: Clock;
  /** What this scheduler is called where people see who runs an operation. */
  readonly name: string;
  /** Makes the ids of instances, operations and sessions. */
  readonly newId: () => string;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
  /** Powers a host off whose silence nobody can prove; left out where nothing can. */
  readonly powerOff?: PowerOff;
  /** Told what instances have counted, as it comes. */
  readonly onNumbers?: AgentsListener['onNumbers'];
  /** What instances have counted, as it was stored and as it came; nothing unless given. */
  readonly numbersOf?: NumbersOf;
  /** Told that an agent says something else than before. */
  readonly onNews?: () => void;
  /** Delivers what instances need beside their configuration; left out where they need nothing. */
  readonly certificates?: ApplyParts['certificates'];
  /** How looks that come round each second read the fleet; all of it each time unless given. */
  readonly readFleet?: ReadFleet;
  /** How fast silent hosts are found out. */
  readonly timings?: Timings;
  /** Rules that a simulation breaks on purpose, to see that it notices. */
  readonly rules?: {
    readonly kinds?: (kinds: readonly Kind[]) => readonly Kind[];
    readonly locks?: LockRules;
  };
}

/** Reads the fleet, and more of the same moment. */
export type ReadMoment = <More>(
  more: (tx: Transaction) => Promise<More>,
) => Promise<readonly [FleetMoment, More]>;

/** How an operation of a kind ended. */
export type Outcome = `${Operation['kind']}/${Operation['state']}`;

/** A request to begin an operation, as the API and the CLI make it. */
export interface OperationRequest {
  readonly reason: string;
  readonly who: string;
  /** Whether it may get in line for its locks. */
  readonly mayWait: boolean;
  /** The caller's own name for the request, so that a repeated one is not done twice. */
  readonly key: string | null;
}

/** Brings the fleet, as its agents tell of it, to what the store says. Several may work on one store. */
export class Scheduler implements AsyncDisposable {
  readonly agents: Agents;
  readonly attachments: AttachmentDesk;
  readonly engine: OperationEngine;
  readonly #parts: SchedulerParts;
  readonly #session: SchedulerSession;
  readonly #recorder: Recorder;
  readonly #shedder: Shedder;
  readonly #placer: Reconciler;
  readonly #pusher: Reconciler;
  readonly #claimer: Reconciler;
  readonly #listener: Reconciler;
  readonly #watcher: Reconciler;
  readonly #incidents: Reconciler;
  readonly detection: Detection;
  readonly incidents: IncidentDesk;
  readonly #startedMs: number;
  /** How the operations ended that this scheduler has carried to their end since it started. */
  readonly outcomes = new Map<Outcome, number>();

  constructor(parts: SchedulerParts) {
    const { store, clock, newId, name, log, rules = {} } = parts;
    this.#parts = parts;
    this.attachments = new AttachmentDesk(store);
    this.#startedMs = clock.monotonicMs();
    const onNew = () => this.#listener.wake();
    this.#session = new SchedulerSession({ store, clock, newId, name, onNew, log });
    const session = () => this.#session.id;
    this.#recorder = new Recorder({ store, clock, log });
    this.agents = new Agents(
      {
        onHello: (host, facts, instances) => {
          this.#recorder.hello(host, facts, instances);
          this.detection.greet(host);
          this.#watcher.wake();
          // Only once the store knows that the host is there may it be told and be placed on.
          void this.#recorder.written.then(() => this.#listener.run()).then(() => this.changed());
        },
        onWitness: (witness, frame) => this.detection.hear(witness, frame),
        onPulseTook: (host, version) => {
          this.detection.took(host, version).catch((error: unknown) => {
            log('cannot note the witnesses that a host goes by', { host, error: String(error) });
          });
        },
        onNumbers: (host, numbers) => parts.onNumbers?.(host, numbers),
        onFacts: (host, facts) => this.#recorder.facts(host, facts),
        onObserved: (...heard) => {
          parts.onNews?.();
          this.#recorder.observed(...heard);
        },
        onEvent: (host, { kind, object, message }) =>
          this.#recorder.event(kind, object, `${host}: ${message}`),
        ...logListener(parts),
        onGone: (host, reason) => {
          this.#listener.wake();
          const message = `agent is silent to scheduler ${name}: ${reason}`;
          this.#recorder.event('host.suspect', hostObject(host), message);
        },
      },
      clock,
    );
    const all = operationKinds(
      () => this.engine,
      (host, isDone) => {
        this.#shedder.ended(host, isDone);
        this.#placer.wake();
      },
      parts.numbersOf ?? (async () => []),
    );
    this.engine = new OperationEngine({
      ...{ store, clock, newId, session, log, hands: this.#hands() },
      kinds: rules.kinds?.(all) ?? all,
      onEnded: ({ kind, state, endedMs }) => {
        const key = `${kind}/${state}` as const;
        if (endedMs !== null) this.outcomes.set(key, (this.outcomes.get(key) ?? 0) + 1);
        this.#claimer.wake();
      },
      rules: rules.locks ?? lockRules,
    });
    const readFleet = parts.readFleet ?? wholeFleet(store);
    const teller = new Teller({ ...parts, agents: this.agents, readFleet });
    const placerParts = { store, clock, engine: this.engine, hands: this.agents, readFleet };
    this.#shedder = new Shedder(placerParts);
    this.detection = new Detection({
      ...{ store, clock, session, log, agents: this.agents, engine: this.engine },
      timings: parts.timings ?? productionTimings,
      ...{ powerOff: parts.powerOff ?? null, readFleet },
      event: (kind, object, message) => this.#recorder.event(kind, object, message),
      prepareTelling: async (tx, hosts) => {
        const revision = await tx.nextRevision();
        const tellings = await teller.tellings(tx, hosts);
        return (waitMs) => {
          for (const [host, desired] of tellings) {
            const now = desired.map((one) => ({ ...one, waitMs: Math.min(one.waitMs, waitMs) }));
            this.agents.tell(host, revision, now);
          }
        };
      },
      onFailover: () => {
        this.#pusher.wake();
        this.#placer.wake();
        this.#watcher.wake();
      },
    });
    this.#watcher = new Reconciler('detection', lookPeriodMs, clock, () => this.detection.sync());
    this.#placer = new Reconciler('placement', placePeriodMs, clock, async () => {
      const { placed, waiting } = await placeWaiting(placerParts);
      const shed = await this.#shedder.shed(waiting);
      const { add, remove } = await keepStandbys(store, readFleet);
      if (placed + add.length + remove.length > 0) this.#pusher.wake();
      return (
        `placed ${placed}, ${waiting} without a place, ${shed} told to give way; ` +
        `standbys: ${add.length} more, ${remove.length} fewer`
      );
    });
    this.#pusher = new Reconciler('push', lookPeriodMs, clock, () => teller.push());
    this.incidents = new IncidentDesk({ store, clock });
    const keeper = new IncidentKeeper({ store, clock, session, agents: this.agents });
    this.#incidents = new Reconciler('incidents', lookPeriodMs, clock, () => keeper.sync());
    this.#claimer = new Reconciler('operations', lookPeriodMs, clock, () => this.engine.claim());
    const presence = new Presence({ store, session, connected: () => this.agents.connected });
    this.#listener = new Reconciler('presence', lookPeriodMs, clock, () => presence.sync());
  }

  /** Takes out the lease under which this scheduler holds operations and hears hosts. */
  async start(): Promise<void> {
    await this.#session.start();
    this.#claimer.wake();
  }

  /** Records an event for people. */
  note(kind: string, object: string, message: string): void {
    this.#recorder.event(kind, object, message);
  }

  /** Seconds since this scheduler started. */
  get uptimeS(): number {
    return (this.#parts.clock.monotonicMs() - this.#startedMs) / 1_000;
  }

  get name(): string {
    return this.#parts.name;
  }

  get reconcilers(): readonly ReconcilerStatus[] {
    return this.#all.map(({ status }) => status);
  }

  get #all(): readonly Reconciler[] {
    const [placer, pusher, claimer] = [this.#placer, this.#pusher, this.#claimer];
    return [placer, pusher, claimer, this.#listener, this.#watcher, this.#incidents];
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

  /** Everything that views are made of. A caller may bring its own way to read the fleet. */
  async viewSource(read: ReadMoment = (more) => this.#moment(more)): Promise<ViewSource> {
    const [{ fleet, observations }, rest] = await read(async (tx) => ({
      operations: await tx.openOperations(),
      sessions: await tx.sessions(),
      overrides: await tx.overrides(),
    }));
    // What connected agents last said is newer here than what the store has of it.
    const here = this.agents.connected.flatMap((host) => this.agents.observations(host));
    const heard = new Set(this.agents.connected);
    const elsewhere = observations.filter(({ host }) => !heard.has(host));
    const verdict = (host: HostName) => this.detection.verdict(host);
    return { fleet, ...rest, observations: [...elsewhere, ...here], verdict };
  }

  async #moment<More>(more: (tx: Transaction) => Promise<More>) {
    const { store } = this.#parts;
    const [[fleet, rest], observations] = await Promise.all([
      store.transact(async (tx) => [await tx.fleet(), await more(tx)] as const, 'snapshot'),
      store.observations(),
    ]);
    return [{ fleet, observations }, rest] as const;
  }

  /** Takes a spec as a whole, or says what it would change. See {@link apply}. */
  async apply(
    request: ApplyRequest,
    who: string,
    key: string | null = null,
    planOf?: Planner,
  ): Promise<ApplyAnswer> {
    const { engine, attachments: desk } = this;
    const parts = { ...this.#parts, hands: this.#hands(), engine, desk };
    const answer = await apply(request, { who, key }, parts, planOf);
    if (!request.dryRun) await this.changed();
    return answer;
  }

  async explain(name: InstanceName): Promise<ExplainView> {
    return viewExplanation(await this.#parts.store.transact((tx) => tx.fleet(), 'snapshot'), name);
  }

  /** @throws BridgeheadError NOT_FOUND */
  async setCordon(name: HostName, reason: string | null, who: string): Promise<void> {
    const { store, clock } = this.#parts;
    await store.transact(async (tx) => {
      findHost((await tx.fleet()).hosts, name);
      await tx.setCordon(name, reason);
      const kind = reason === null ? 'host.uncordoned' : 'host.cordoned';
      const why = reason === null || reason === '' ? '' : `: ${reason}`;
      const message = `by ${who}${why}`;
      await tx.addEvent({ atMs: clock.wallMs(), kind, object: hostObject(name), message });
    });
    this.#placer.wake();
  }

  /**
   * Begins a migration, after every check of its source and target, or gets it in line.
   *
   * @throws BridgeheadError of the checks, or BUSY while another operation holds the instance
   */
  migrate(instance: InstanceName, target: HostName, request: OperationRequest): Promise<Operation> {
    return this.engine.submit({ kind: 'migrate', args: { instance, target }, ...request });
  }

  /** Begins to move everything off a host, or gets that in line. @throws BridgeheadError BUSY */
  drain(host: HostName, request: OperationRequest): Promise<Operation> {
    return this.engine.submit({ kind: 'drain', args: { host }, ...request });
  }

  /** Begins to even out the load of the hosts. @throws BridgeheadError BUSY */
  rebalance(movesMax: number, request: OperationRequest): Promise<Operation> {
    return this.engine.submit({ kind: 'rebalance', args: { movesMax }, ...request });
  }

  /** The moves that {@link rebalance} would make now. */
  async rebalancing(movesMax: number): Promise<ReturnType<typeof rebalancingOf>> {
    const { store } = this.#parts;
    return store.transact(
      async (tx) => rebalancingOf(await tx.fleet(), await tx.openOperations(), movesMax),
      'snapshot',
    );
  }

  /** Waits for the work that was begun here, and for what agents said to be in the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#all) one[Symbol.dispose]();
    this.detection.stop();
    await this.engine.stop();
    await this.#recorder.written;
    await this.#session.end();
  }

  #hands(): Hands {
    const { agents } = this;
    const connected = () => agents.connected;
    return {
      get connected() {
        return connected();
      },
      isConnected: (host) => agents.isConnected(host),
      observed: (host, id) => agents.observed(host, id),
      ask: (host, body, timeoutMs) => agents.ask(host, body, timeoutMs),
      until: (condition, timeoutMs) => agents.until(condition, timeoutMs),
      push: () => this.push(),
      place: () => this.#placer.wake(),
    };
  }
}
