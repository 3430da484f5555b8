// `npm run sim`: many seeds on all cores, or one again. Exits with 1 where a rule was broken.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { breakable } from './breakable.ts';
import { runSeed, type SeedResult } from './seed.ts';

const usage = `usage: npm run sim -- [--seeds N] [--from N] [--workers N] [--without ${breakable.join('|')}]
       npm run sim -- --seed N [--without …]    one seed again, with its story`;
const reportEveryMs = 5_000;
/** What the dead of a run wait for is never let go of: a worker's memory goes with it. */
const seedsPerWorker = 250;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    without: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const without = breakable.find((part) => part === values.without) ?? null;
const numbers = [values.seeds, values.from, values.workers, values.seed ?? '1'].map(Number);
const isWrong = numbers.some((number) => !Number.isSafeInteger(number) || number < 1);
if (values.help || isWrong || (values.without !== undefined && without === null)) {
  console.error(usage);
  process.exit(values.help ? 0 : 2);
}
if (values.seed === undefined) await runMany();
else await runOne(Number(values.seed));

async function runOne(seed: number): Promise<void> {
  const result = await runSeed(seed, without, true);
  console.log(result.story.join('\n'));
  console.log(summary(result));
  process.exitCode = result.breach === null ? 0 : 1;
}

interface Sum {
  seeds: number;
  events: number;
  operations: number;
  failovers: number;
  promotions: number;
  virtualMs: number;
  readonly faults: Record<string, number>;
  readonly breaches: SeedResult[];
}

async function runMany(): Promise<void> {
  const [seeds = 1, from = 1, workers = 1] = numbers;
  const sum: Sum = {
    ...{ seeds: 0, events: 0, operations: 0, failovers: 0, promotions: 0, virtualMs: 0 },
    ...{ faults: {}, breaches: [] },
  };
  const startMs = performance.now();
  let next = from;
  const end = from + seeds;
  let reportedMs = startMs;
  const report = () => {
    const seconds = (performance.now() - startMs) / 1_000;
    console.log(
      `${sum.seeds} of ${seeds} seeds, ${(sum.seeds / seconds).toFixed(1)} a second, ` +
        `${sum.breaches.length} breaches`,
    );
  };
  await Promise.all(
    Array.from({ length: Math.min(workers, seeds) }, async () => {
      let worker = hired();
      let done = 0;
      try {
        while (next < end && sum.breaches.length === 0) {
          const seed = next;
          next += 1;
          add(sum, await asked(worker, seed));
          done += 1;
          if (done % seedsPerWorker === 0) {
            await worker.terminate();
            worker = hired();
          }
          if (performance.now() - reportedMs < reportEveryMs) continue;
          reportedMs = performance.now();
          report();
        }
      } finally {
        await worker.terminate();
      }
    }),
  );
  report();
  const seconds = (performance.now() - startMs) / 1_000;
  for (const [kind, count] of Object.entries(sum.faults).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`  ${kind}: ${count}`);
  }
  for (const breach of sum.breaches) {
    console.log(breach.story.join('\n'));
    console.log(summary(breach));
  }
  const faults = Object.values(sum.faults).reduce((total, count) => total + count, 0);
  const { events, operations, failovers, promotions, virtualMs, breaches } = sum;
  const figures = {
    ...{ seeds: sum.seeds, breaches: breaches.length, seconds: Math.round(seconds) },
    seedsPerSecond: Number((sum.seeds / seconds).toFixed(1)),
    ...{
      events,
      operations,
      failovers,
      promotions,
      faults,
      virtualHours: Math.round(virtualMs / 3_600_000),
    },
  };
  console.log(JSON.stringify(figures));
  process.exitCode = breaches.length === 0 ? 0 : 1;
}

function hired(): Worker {
  return new Worker(new URL('./worker.ts', import.meta.url), { workerData: { without } });
}

function asked(worker: Worker, seed: number): Promise<SeedResult> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) =>
      reject(new Error(`seed ${seed} ended in an error that is no breach`, { cause: error }));
    worker.once('error', fail);
    worker.once('message', (result: SeedResult) => {
      worker.off('error', fail);
      resolve(result);
    });
    worker.postMessage(seed);
  });
}

function add(sum: Sum, result: SeedResult): void {
  sum.seeds += 1;
  sum.events += result.events;
  sum.operations += result.operations;
  sum.failovers += result.failovers;
  sum.promotions += result.promotions;
  sum.virtualMs += result.virtualMs;
  for (const [kind, count] of Object.entries(result.faults)) {
    sum.faults[kind] = (sum.faults[kind] ?? 0) + count;
  }
  if (result.breach !== null) sum.breaches.push(result);
}

function summary({ seed, breach, events, operations, virtualMs }: SeedResult): string {
  const what = `${events} events, ${operations} operations, ${Math.round(virtualMs / 1_000)} s`;
  const again = `npm run sim -- --seed ${seed}${without === null ? '' : ` --without ${without}`}`;
  if (breach === null) return `seed ${seed}: all rules held (${what})`;
  return `BREACH in seed ${seed}: ${breach.message}\n(${what}; run it again: ${again})`;
}
