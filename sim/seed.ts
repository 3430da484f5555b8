import { failedOver } from '../src/operations/failover.ts';
import { Breach } from './breach.ts';
import { type Breakable, rulesWithout } from './breakable.ts';
import { Faults } from './faults.ts';
import { Operators } from './operators.ts';
import { Random } from './random.ts';
import { Simulation } from './simulation.ts';
import { wireMostMs } from './timings.ts';

/** How long things go wrong, and how long everything may take to come to rest afterwards. */
const chaosMs = { least: 12_000, most: 30_000 };
const restMaxMs = 240_000;

/** What came of one seed. */
export interface SeedResult {
  readonly seed: number;
  /** The rule that was broken and how; null where all held. */
  readonly breach: { readonly rule: string; readonly message: string } | null;
  /** What happened last, oldest first; only where something broke or it is asked for. */
  readonly story: readonly string[];
  readonly events: number;
  readonly commits: number;
  readonly operations: number;
  /** Hosts that were failed over, and instances of theirs that had a standby. */
  readonly failovers: number;
  readonly promotions: number;
  readonly virtualMs: number;
  readonly faults: Readonly<Record<string, number>>;
}

/**
 * Runs the fleet through everything that the seed holds. The same seed is the same run.
 *
 * @param broken the part to take out
 * @param isTold whether the story is wanted also where nothing broke
 */
export async function runSeed(
  seed: number,
  broken: Breakable | null = null,
  isTold = false,
): Promise<SeedResult> {
  const random = new Random(seed ^ 0x5eed);
  // Of a stream of its own, so that the other seeds stay what they are. A fleet whose four instances
  // do not all fit has to shed.
  const room = new Random(seed ^ 0x2003);
  const simulation = new Simulation({
    seed,
    roomPerHost: room.chance(0.25) ? room.pick([1, 1, 2]) : null,
    hosts: random.between(2, 4),
    schedulers: random.between(1, 3),
    network: {
      delayMs: { least: 2, most: random.pick([20, 60, 400]) },
      late: { probability: random.pick([0, 0.01, 0.05]), mostMs: random.pick([300, 4_000]) },
      doubled: random.pick([0, 0, 0.02]),
      reordered: random.pick([0, 0, 0.05]),
    },
    segment: random.chance(0.25)
      ? null
      : {
          loss: random.pick([0, 0, 0.02, 0.15]),
          doubled: random.pick([0, 0.02]),
          mostMs: random.pick([5, 30, wireMostMs]),
        },
    rules: rulesWithout(broken),
  });
  const { world, database } = simulation;
  let breach: SeedResult['breach'] = null;
  try {
    await simulation.begin();
    await simulation.run(2_000);
    const operators = new Operators(simulation, random.between(1, 3));
    const least = random.pick([300, 1_000, 3_000]);
    const faults = new Faults(simulation, { everyMs: { least, most: 3 * least } });
    await simulation.run(random.between(chaosMs.least, chaosMs.most));
    operators.stop();
    faults.stop();
    await comeToRest(simulation, operators);
    operators.check();
  } catch (error) {
    if (!(error instanceof Breach)) throw error;
    breach = { rule: error.rule, message: error.message };
  }
  const failovers = [...database.tables.operations.values()].filter(
    ({ operation }) => operation.kind === 'failover',
  );
  return {
    failovers: failovers.length,
    promotions: failovers.flatMap(({ operation }) => failedOver(operation)).length,
    ...{ seed, breach, story: breach === null && !isTold ? [] : world.story, events: world.events },
    ...{ commits: database.commits, operations: database.tables.operations.size },
    virtualMs: world.nowMs,
    faults: Object.fromEntries(world.faults),
  };
}

// Rule 4: what was interrupted resumes or is undone, by itself, once things work again.
async function comeToRest(simulation: Simulation, operators: Operators): Promise<void> {
  await simulation.run(5_000);
  const endMs = simulation.world.nowMs + restMaxMs;
  for (let seconds = 0; simulation.world.nowMs < endMs; seconds += 1) {
    // A drain that was asked for in the chaos may have its turn as late as this, and it leaves its
    // host cordoned: without room, nothing could come to rest.
    if (seconds % 10 === 0) operators.uncordonAll();
    await simulation.run(1_000);
    if (simulation.unrest === null) return;
  }
  throw new Breach('everything ends', simulation.unrest ?? '');
}
