import { BridgeheadError } from '../src/domain/errors.ts';
import type { InstanceName } from '../src/domain/ids.ts';
import type { Scheduler } from '../src/scheduler/scheduler.ts';
import { Breach } from './breach.ts';
import type { Simulation } from './simulation.ts';
import { instanceNames, SpecText } from './spec-text.ts';
import { Process } from './world.ts';

/** How long a client waits for an answer before it asks again. */
const patienceMs = 15_000;
const attemptsMax = 4;

/**
 * People and scripts who want something of the fleet, several at once and sometimes nonsense. Each
 * is a client as the command line is one: a request that is not answered is repeated, with the same
 * key, at whichever scheduler answers.
 */
export class Operators {
  readonly #simulation: Simulation;
  /** Operations that somebody was told of: they may never be forgotten. */
  readonly #acknowledged = new Set<string>();
  readonly #specs: SpecText;
  #isOver = false;
  readonly #counts = { asked: 0, accepted: 0, refused: 0 };

  constructor(simulation: Simulation, count: number) {
    this.#simulation = simulation;
    this.#specs = new SpecText(simulation.world.random);
    for (let index = 1; index <= count; index += 1) this.#begin(`operator-${index}`);
  }

  get counts(): Readonly<Record<'asked' | 'accepted' | 'refused', number>> {
    return this.#counts;
  }

  /** They ask for nothing more. */
  stop(): void {
    this.#isOver = true;
  }

  /** Rule 4: what was acknowledged is there. @throws Breach */
  check(): void {
    const { operations } = this.#simulation.database.tables;
    for (const id of this.#acknowledged) {
      if (!operations.has(id))
        throw new Breach('nothing is lost', `operation ${id} was acknowledged`);
    }
  }

  #begin(who: string): void {
    const { world } = this.#simulation;
    const process = new Process(world, who);
    const turn = () => {
      if (this.#isOver) return;
      void this.#act(process, who)
        .catch((error: unknown) => {
          if (!(error instanceof BridgeheadError)) throw error;
          this.#counts.refused += 1;
          world.tell(`${who} is told ${error.code}: ${error.message}`);
        })
        .then(() => process.after(world.random.between(100, 2_500), turn));
    };
    process.after(world.random.between(0, 2_000), turn);
  }

  async #act(process: Process, who: string): Promise<void> {
    const { random } = this.#simulation.world;
    const dice = random.next();
    const name = random.pick(instanceNames) as string as InstanceName;
    const host = random.pick(this.#simulation.hosts).host.name;
    const key = random.uuid();
    const mayWait = random.chance(0.4);
    const request = { reason: '', who, mayWait, key };
    if (dice < 0.5) {
      await this.#ask(process, `${who} migrates ${name} to ${host}`, async (scheduler) =>
        this.#acknowledge((await scheduler.migrate(name, host, request)).id),
      );
    } else if (dice < 0.8) {
      const text = this.#specs.next();
      const isPruning = random.chance(0.2);
      await this.#ask(
        process,
        `${who} applies version ${this.#specs.version}`,
        async (scheduler) => {
          const asked = { source: 's', text, dryRun: false, prune: isPruning, takeOver: false };
          const { operations } = await scheduler.apply(asked, who, key);
          for (const { id } of operations) this.#acknowledge(id);
        },
      );
    } else if (dice < 0.87) {
      await this.#ask(process, `${who} drains ${host}`, async (scheduler) =>
        this.#acknowledge((await scheduler.drain(host, request)).id),
      );
    } else if (dice < 0.95) {
      await this.#ask(process, `${who} uncordons all`, (scheduler) =>
        this.#uncordon(scheduler, who),
      );
    } else {
      const { operations } = this.#simulation.database.tables;
      const open = [...operations.values()].filter(({ operation }) => operation.endedMs === null);
      if (open.length === 0) return;
      const { id } = random.pick(open).operation;
      await this.#ask(process, `${who} cancels ${id}`, async (scheduler) => {
        await scheduler.engine.cancel(id, who);
      });
    }
  }

  async #uncordon(scheduler: Scheduler, who: string): Promise<void> {
    for (const { host } of this.#simulation.hosts) {
      await scheduler.setCordon(host.name, null, who);
    }
  }

  // As the command line does it: the next scheduler is asked where one does not answer in time.
  async #ask(
    process: Process,
    what: string,
    send: (scheduler: Scheduler) => Promise<void>,
  ): Promise<void> {
    const { world, schedulers } = this.#simulation;
    this.#counts.asked += 1;
    world.tell(what);
    for (let attempt = 1; ; attempt += 1) {
      const up = schedulers.flatMap(({ scheduler }) => (scheduler === null ? [] : [scheduler]));
      if (up.length === 0) {
        await process.clock.sleep(1_000);
      } else {
        const scheduler = world.random.pick(up);
        // A client that is impatient, or a proxy that repeats: the same request twice at once.
        if (world.random.chance(0.15)) {
          void send(world.random.pick(up)).catch(() => undefined);
        }
        const patience = process.clock.sleep(patienceMs).then(() => 'silence' as const);
        try {
          const end = await Promise.race([send(scheduler).then(() => 'answer' as const), patience]);
          if (end === 'answer') {
            this.#counts.accepted += 1;
            return;
          }
        } catch (error) {
          const isAway = error instanceof BridgeheadError && error.code === 'DATABASE_UNAVAILABLE';
          if (!isAway) throw error;
          await process.clock.sleep(500);
        }
      }
      if (attempt === attemptsMax) return;
    }
  }

  #acknowledge(id: string): void {
    this.#acknowledged.add(id);
  }
}
