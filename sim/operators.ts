import { BridgeheadError } from '../src/domain/errors.ts';
import type { HostName, InstanceName } from '../src/domain/ids.ts';
import type { Operation } from '../src/domain/operation.ts';
import type { Scheduler } from '../src/scheduler/scheduler.ts';
import { AcknowledgedSpecs } from './acknowledged.ts';
import { Breach } from './breach.ts';
import { keyMark, Promises } from './promises.ts';
import type { Simulation } from './simulation.ts';
import { instanceNames, SpecText } from './spec-text.ts';
import { Process } from './world.ts';

/** How long a client waits for an answer before it asks again. */
const patienceMs = 15_000;
const attemptsMax = 4;

/** A scheduler that takes requests, and the process that it is. */
interface Answering {
  readonly scheduler: Scheduler;
  readonly process: Process;
}

/**
 * People and scripts who want something of the fleet, several at once and sometimes nonsense. Each
 * is a client as the command line is one: a request that is not answered is repeated, with the same
 * key, at whichever scheduler answers.
 */
export class Operators {
  readonly #simulation: Simulation;
  readonly #promises = new Promises();
  readonly #specsSent = new AcknowledgedSpecs();
  readonly #specs: SpecText;
  #isOver = false;
  readonly #counts = { asked: 0, accepted: 0, refused: 0 };

  constructor(simulation: Simulation, count: number) {
    this.#simulation = simulation;
    this.#specs = new SpecText(simulation.world.random, simulation.isTight);
    simulation.watch((before, after) => this.#promises.check(before, after));
    simulation.watch((before, after) => {
      if (before.instances === after.instances) return;
      const breach = this.#specsSent.find(after);
      if (breach !== null) throw breach;
    });
    for (let index = 1; index <= count; index += 1) this.#begin(`operator-${index}`);
  }

  get counts(): Readonly<Record<'asked' | 'accepted' | 'refused', number>> {
    return this.#counts;
  }

  /** They ask for nothing more. */
  stop(): void {
    this.#isOver = true;
  }

  /** What was promised is kept to. @throws Breach */
  check(): void {
    this.#promises.checkKept(this.#simulation.database.tables);
  }

  /** Lets everything be placed anywhere again. */
  uncordonAll(): void {
    const [seat] = this.#answering;
    if (seat === undefined) return;
    for (const { host } of this.#simulation.hosts) {
      void this.#uncordon(seat, host.name, 'the end').catch(() => undefined);
    }
  }

  #begin(who: string): void {
    const { world } = this.#simulation;
    const process = new Process(world, who);
    const turn = () => {
      if (this.#isOver) return;
      void this.#act(process, who)
        .catch((error: unknown) => this.#refused(who, error))
        .then(() => process.after(world.random.between(100, 2_500), turn));
    };
    process.after(world.random.between(0, 2_000), turn);
  }

  #refused(who: string, error: unknown): void {
    if (!(error instanceof BridgeheadError)) throw error;
    this.#counts.refused += 1;
    this.#simulation.world.tell(`${who} is told ${error.code}: ${error.message}`);
  }

  async #act(process: Process, who: string): Promise<void> {
    const { world, hosts, database } = this.#simulation;
    const { random } = world;
    const dice = random.next();
    const name = random.pick(instanceNames) as string as InstanceName;
    const host = random.pick(hosts).host.name;
    const key = random.uuid();
    const mayWait = random.chance(0.4);
    const asKeyed = `${who}${keyMark}${key.slice(0, 8)}`;
    const request = { reason: '', who: asKeyed, mayWait, key };
    const begin = async (operation: Promise<Operation>) => {
      const { id } = await operation;
      this.#promises.acknowledged(id);
      if (random.chance(0.1)) {
        process.after(random.between(0, 400), () => void this.#cancel(process, id, who));
      }
      return id;
    };
    if (dice < 0.47) {
      await this.#ask(process, `${who} migrates ${name} to ${host}`, key, ({ scheduler }) =>
        begin(scheduler.migrate(name, host, request)),
      );
    } else if (dice < 0.78) {
      const text = this.#specs.next();
      const prune = random.chance(0.25);
      const what = `${who} applies version ${this.#specs.version}${prune ? ' and prunes' : ''}`;
      await this.#ask(process, what, key, async ({ scheduler }) => {
        const asked = { source: 's', text, dryRun: false, prune, takeOver: false };
        const ended = this.#specsSent.send(key, text, prune);
        const note = (isTaken: boolean) =>
          this.#simulation.breach(ended(isTaken, this.#simulation.database.tables));
        const answer = await scheduler.apply(asked, asKeyed, key).catch((error: unknown) => {
          note(false);
          throw error;
        });
        note(true);
        for (const { id } of answer.operations) this.#promises.acknowledged(id);
        return answer;
      });
    } else if (dice < 0.85) {
      await this.#ask(process, `${who} drains ${host}`, key, ({ scheduler }) =>
        begin(scheduler.drain(host, request)),
      );
    } else if (dice < 0.86) {
      await this.#ask(process, `${who} rebalances`, key, ({ scheduler }) =>
        begin(scheduler.rebalance(2, request)),
      );
    } else if (dice < 0.88) {
      await this.#ask(process, `${who} cordons ${host}`, null, async ({ scheduler }) => {
        const acknowledged = this.#promises.cordon(host);
        await scheduler.setCordon(host, `cordoned by ${who}`, who);
        this.#simulation.breach(acknowledged(database.tables));
      });
    } else if (dice < 0.95) {
      await this.#ask(process, `${who} uncordons all`, null, async (seat) => {
        for (const one of hosts) await this.#uncordon(seat, one.host.name, who);
      });
    } else {
      const { operations } = database.tables;
      const open = [...operations.values()].filter(({ operation }) => operation.endedMs === null);
      if (open.length === 0) return;
      await this.#cancel(process, random.pick(open).operation.id, who);
    }
  }

  async #cancel(process: Process, id: string, who: string): Promise<void> {
    const { database } = this.#simulation;
    const cancelled = this.#ask(process, `${who} cancels ${id}`, null, async ({ scheduler }) => {
      await scheduler.engine.cancel(id, who);
      this.#simulation.breach(this.#promises.cancelled(id, database.tables));
    });
    await cancelled.catch((error: unknown) => this.#refused(who, error));
  }

  async #uncordon({ scheduler, process }: Answering, host: HostName, who: string): Promise<void> {
    const settled = this.#promises.uncordon(host, process);
    await scheduler.setCordon(host, null, who).finally(settled);
  }

  // As the command line does it: the next scheduler is asked where one does not answer in time.
  async #ask(
    process: Process,
    what: string,
    key: string | null,
    send: (seat: Answering) => Promise<unknown>,
  ): Promise<void> {
    const { world } = this.#simulation;
    this.#counts.asked += 1;
    world.tell(what);
    const sent = async (seat: Answering) => {
      const answer = await send(seat);
      if (key !== null) this.#simulation.breach(this.#promises.answered(key, answer));
    };
    for (let attempt = 1; ; attempt += 1) {
      const up = this.#answering;
      if (up.length === 0) {
        await process.clock.sleep(1_000);
      } else {
        const seat = world.random.pick(up);
        // A client that is impatient, or a proxy that repeats: the same request twice at once.
        if (world.random.chance(0.15)) {
          void sent(world.random.pick(up)).catch(() => undefined);
        }
        const patience = process.clock.sleep(patienceMs).then(() => 'silence' as const);
        try {
          const end = await Promise.race([sent(seat).then(() => 'answer' as const), patience]);
          if (end === 'answer') {
            this.#counts.accepted += 1;
            if (key !== null && world.random.chance(0.15)) this.#repeat(process, what, sent);
            return;
          }
        } catch (error) {
          if (!isAway(error)) throw error;
          await process.clock.sleep(500);
        }
      }
      if (attempt === attemptsMax) return;
    }
  }

  // Once it was accepted, a request that comes again gets that answer, whatever happened since.
  #repeat(process: Process, what: string, sent: (seat: Answering) => Promise<void>): void {
    const { world } = this.#simulation;
    process.after(world.random.between(50, 6_000), () => {
      const up = this.#answering;
      if (up.length === 0) return;
      sent(world.random.pick(up)).catch((error: unknown) => {
        if (isAway(error)) return;
        const message = `${what}: accepted, and refused when it came again: ${String(error)}`;
        this.#simulation.breach(new Breach('idempotency', message));
      });
    });
  }

  get #answering(): readonly Answering[] {
    return this.#simulation.schedulers.flatMap(({ scheduler, process }) =>
      scheduler === null || process === null ? [] : [{ scheduler, process }],
    );
  }
}

function isAway(error: unknown): boolean {
  return error instanceof BridgeheadError && error.code === 'DATABASE_UNAVAILABLE';
}
