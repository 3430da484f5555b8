import { Agent, type AgentRules } from '../src/agent/agent.ts';
import type { Timings } from '../src/detection/timings.ts';
import type { HostName } from '../src/domain/ids.ts';
import type { Capacity } from '../src/domain/model.ts';
import type { Kind } from '../src/operations/kind.ts';
import type { LockRules } from '../src/operations/locks.ts';
import { Scheduler } from '../src/scheduler/scheduler.ts';
import type { Transaction } from '../src/store/store.ts';
import { checkBelonging } from './belonging.ts';
import { Breach } from './breach.ts';
import { Database } from './database.ts';
import { checkFencing, checkTiers } from './fencing.ts';
import { SimHost } from './host.ts';
import type { Wire } from './host-parts.ts';
import { checkIncidents, incidentUnrest } from './incidents.ts';
import { checkCommit, checkConfigs, checkOwners, unsettled } from './invariants.ts';
import { type Endpoint, Network, type NetworkTraits, SimLinks } from './network.ts';
import { Outcomes } from './outcomes.ts';
import { SimPulse } from './pulse.ts';
import { Segment, type SegmentTraits } from './segment.ts';
import type { Tables } from './tables.ts';
import { simTimings } from './timings.ts';
import { Process, World } from './world.ts';

/** What a simulation may break on purpose. */
export interface Rules {
  readonly agent?: AgentRules;
  readonly kinds?: (kinds: readonly Kind[]) => readonly Kind[];
  readonly locks?: LockRules;
  readonly transaction?: (tx: Transaction) => Transaction;
  /** Left out for what schedulers go by in production, made slower. */
  readonly timings?: Timings;
  /** Witnesses forget what they promised. */
  readonly forgetsPromises?: boolean;
  /** Kernels let frames through without a lease. */
  readonly ignoresLease?: boolean;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly hosts: number;
  /** How many instances each host has room for; null for enough. */
  readonly roomPerHost?: number | null;
  readonly schedulers: number;
  readonly network: NetworkTraits;
  /** How bad the wire between hosts is; null for hosts that do not witness each other. */
  readonly segment: SegmentTraits | null;
  readonly rules?: Rules;
}

/** A scheduler's place: the process that runs there now, if any. */
export interface SchedulerSeat {
  readonly name: string;
  process: Process | null;
  scheduler: Scheduler | null;
}

/** A host's place: its machine, and the agent that runs on it now, if any. */
export interface HostSeat {
  readonly host: SimHost;
  process: Process | null;
}

/** Events of the fleet's own that a run's story has. */
const toldKinds: ReadonlySet<string> = new Set(['host.dead', 'host.returned', 'failover.held']);

/** A whole fleet in virtual time: the production's schedulers and agents on simulated machines. */
export class Simulation {
  readonly world: World;
  readonly database = new Database();
  readonly network: Network;
  readonly segment: Segment | null;
  readonly hosts: readonly HostSeat[];
  readonly schedulers: readonly SchedulerSeat[];
  readonly #rules: Rules;
  readonly #capacity: Capacity | null;
  #checked = this.database.tables;
  /** Images that each instance was ever to run. */
  readonly #images = new Map<string, Set<string>>();
  /** More that looks at each commit. */
  readonly #watchers: ((before: Tables, after: Tables) => void)[] = [];
  #breach: Breach | null = null;

  constructor(options: SimulationOptions) {
    const { seed, hosts, schedulers, network, segment, roomPerHost = null, rules = {} } = options;
    this.world = new World(seed);
    this.network = new Network(this.world, network);
    this.#rules = rules;
    const reaches = (from: string, to: string) => this.network.reaches(from, to);
    this.segment = segment === null ? null : new Segment(this.world, segment, reaches);
    this.#capacity =
      roomPerHost === null ? null : { instances: roomPerHost, memoryMib: 65_536, cpus: 64 };
    const wire: Wire = {
      claimsOn: (address) =>
        this.hosts.flatMap(({ host }) =>
          host.claims.flatMap((one) => (one.address === address ? { ...one, host } : [])),
        ),
      reaches: (from, to) => this.network.reaches(from, to) && this.network.reaches(to, from),
    };
    this.hosts = Array.from({ length: hosts }, (_, index) => {
      const name = `host-${index + 1}` as HostName;
      const host: SimHost = new SimHost({
        ...{ world: this.world, wire, name, address: `198.18.0.${10 + index}` },
        isLeased: rules.ignoresLease !== true,
        onTakenDown: (id) => this.#takenDown(host, id),
      });
      this.segment?.add(host);
      return { host, process: null };
    });
    const outcomes = new Outcomes(this.hosts.map(({ host }) => host));
    this.watch((before, after) => outcomes.check(before, after, this.world.nowMs));
    this.schedulers = Array.from({ length: schedulers }, (_, index) => ({
      ...{ name: `scheduler-${index + 1}`, process: null, scheduler: null },
    }));
  }

  /** True where not all instances may have room. */
  get isTight(): boolean {
    return this.#capacity !== null;
  }

  /** Writes the hosts and starts everything. */
  async begin(): Promise<void> {
    const setup = new Process(this.world, 'setup');
    const store = this.database.store(setup);
    void store.transact(async (tx) => {
      // What the first scheduler would draw.
      await tx.putSecret('pulse.secret', 'secret');
      for (const { host } of this.hosts) {
        const { name } = host;
        await tx.putHost({ name, zone: 'z', rack: 'r', labels: {}, capacity: this.#capacity });
      }
    });
    await this.run(100);
    for (const seat of this.schedulers) this.startScheduler(seat);
    for (const seat of this.hosts) this.startAgent(seat);
  }

  startScheduler(seat: SchedulerSeat): void {
    if (seat.process?.isAlive === true) return;
    const { world } = this;
    const process = new Process(world, seat.name);
    const scheduler = new Scheduler({
      store: this.database.store(process, this.#rules.transaction),
      clock: process.clock,
      name: seat.name,
      newId: () => world.random.uuid(),
      timings: this.#rules.timings ?? simTimings,
      log: (message, details = {}) => {
        world.tell(`${seat.name}: ${message} ${JSON.stringify(details)}`);
      },
      rules: {
        ...(this.#rules.kinds === undefined ? {} : { kinds: this.#rules.kinds }),
        ...(this.#rules.locks === undefined ? {} : { locks: this.#rules.locks }),
      },
    });
    seat.process = process;
    seat.scheduler = null;
    process.onDeath(() => {
      seat.scheduler = null;
    });
    const open = async () => {
      await scheduler.start();
      seat.scheduler = scheduler;
    };
    void open();
    world.tell(`${seat.name} starts`);
  }

  startAgent(seat: HostSeat): void {
    if (seat.process?.isAlive === true || !seat.host.isPowered) return;
    const { world } = this;
    const name = seat.host.name;
    const process = new Process(world, `agent of ${name}`);
    const endpoints = this.schedulers.map(
      (one): Endpoint => ({
        node: one.name,
        process: () => (one.scheduler === null ? null : one.process),
        accept: (stream) => one.scheduler?.attach(stream),
      }),
    );
    seat.process = process;
    const forgets = this.#rules.forgetsPromises === true;
    const pulse =
      this.segment === null ? null : new SimPulse(process, seat.host, this.segment, forgets);
    seat.host.pulse = pulse === null ? null : { process, pulse };
    const links = new SimLinks(this.network, process, name, endpoints);
    const start = async () => {
      await pulse?.start();
      await Agent.start({
        ...{ machine: seat.host.machine(process), clock: process.clock, links },
        ...(pulse === null ? {} : { witness: pulse }),
        ...(this.#rules.agent === undefined ? {} : { rules: this.#rules.agent }),
        log: (message, details = {}) => {
          world.tell(`agent of ${name}: ${message} ${JSON.stringify(details)}`);
        },
      });
      links.start();
    };
    start().catch((error: unknown) => {
      world.tell(`agent of ${name} cannot start: ${String(error)}`);
      process.kill();
      world.after(1_000, () => this.startAgent(seat));
    });
    world.tell(`agent of ${name} starts`);
  }

  /** The host dies with all that it runs, and is dark until it is started. */
  powerOff(seat: HostSeat): void {
    seat.host.powerOff();
    for (const { name } of this.schedulers) this.#cut(seat.host.name, name, true);
    seat.process?.kill();
  }

  powerOn(seat: HostSeat): void {
    if (seat.host.isPowered) return;
    seat.host.powerOn();
    for (const { name } of this.schedulers) this.#cut(seat.host.name, name, false);
    this.startAgent(seat);
  }

  /** Lets time pass. @throws Breach as soon as a rule is broken */
  run(durationMs: number): Promise<void> {
    return this.world.runUntil(this.world.nowMs + durationMs, () => this.#check());
  }

  /** Has every commit looked at. @param check throws a Breach */
  watch(check: (before: Tables, after: Tables) => void): void {
    this.#watchers.push(check);
  }

  /** Ends the run, unless null is given: what was found at work that is not to fail of it. */
  breach(breach: Breach | null): void {
    this.#breach ??= breach;
  }

  /** What keeps the fleet from having come to rest; null where nothing does. */
  get unrest(): string | null {
    const { tables } = this.database;
    const hosts = this.hosts.map(({ host }) => host);
    return unsettled(hosts, tables) ?? incidentUnrest(tables);
  }

  #check(): void {
    if (this.#breach !== null) throw this.#breach;
    const hosts = this.hosts.map(({ host }) => host);
    checkOwners(hosts);
    const { tables } = this.database;
    if (tables === this.#checked) return;
    for (const { instance } of tables.instances.values()) {
      const images = this.#images.get(instance.id) ?? new Set();
      this.#images.set(instance.id, images.add(instance.spec.image));
    }
    this.#tellEvents(this.#checked, tables);
    checkCommit(this.#checked, tables);
    checkBelonging(hosts, this.#checked, tables);
    checkFencing(hosts, this.#checked, tables);
    checkTiers(this.#checked, tables);
    checkIncidents(this.#checked, tables);
    checkConfigs(hosts, tables);
    for (const watcher of this.#watchers) watcher(this.#checked, tables);
    this.#checked = tables;
  }

  // The hosts' lives and deaths, as the fleet's own events have them.
  #tellEvents(before: Tables, { events }: Tables): void {
    if (before.events === events) return;
    for (const [id, { kind, object, message }] of events) {
      if (before.events.has(id)) continue;
      if (!toldKinds.has(kind)) continue;
      this.world.tell(`${kind} ${object}: ${message}`);
    }
  }

  // Rule 5: what is right is left alone, whoever has just restarted.
  #takenDown(host: SimHost, id: Parameters<SimHost['heldEpoch']>[0]): void {
    const held = this.database.tables.assignments.get(id);
    const instance = this.database.tables.instances.get(id)?.instance;
    const isRight =
      held?.host === host.name && held.granted && held.epoch === host.heldEpoch(id) && instance;
    if (isRight === undefined || isRight === false) return;
    // What a dead host held is being given to others, though the table says so only later.
    if (this.database.tables.fences.has(host.name)) return;
    // Another image is another container, and a host may be at any of the words it has heard.
    if ((this.#images.get(id)?.size ?? 0) > 1) return;
    this.#breach ??= new Breach(
      'static stability',
      `${host.name} takes down ${instance?.spec.name ?? id}, which it holds by right`,
    );
  }

  #cut(host: string, scheduler: string, isCut: boolean): void {
    for (const [from, to] of [
      [host, scheduler],
      [scheduler, host],
    ] as const) {
      if (isCut) this.network.block(from, to);
      else this.network.unblock(from, to);
    }
  }
}
