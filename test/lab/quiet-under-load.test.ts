// A machine that has no CPU and no disk left, a control network that loses a third of what it is
// given, and processes that stand still for seconds: nobody is dead, and nothing is failed over.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Random } from '../../sim/random.ts';
import { type LoadSummary, labKill, labLoad } from '../../src/lab/lab.ts';
import { systemClock } from '../../src/system/clock.ts';
import { ArpWitness } from './arp-witness.ts';
import { eventually, exampleFile, LabUnderTest } from './lab-under-test.ts';
import { MachineLoad } from './machine-load.ts';

const seconds = Number(process.env['BRIDGEHEAD_LAB_LOAD_SECONDS'] ?? 600);
const seed = Number(process.env['BRIDGEHEAD_LAB_SEED'] ?? systemClock.wallMs() % 1_000_000);
const warm = 'shop-web';
const hosts = ['host-1', 'host-2', 'host-3'] as const;
/** Between hosts and scheduler, and between hosts, each way. In steps, as a network that fills up. */
const lossPercents = [5, 10, 20, 30] as const;
const lossStepMs = 3_000;
/** Below what an agent's witnesses (10 s), its stream (5 s) and the scheduler's lease (5 s) bear. */
const pauseMs = { agent: [500, 5_000], scheduler: [500, 3_500] } as const;
const calmMs = [500, 3_000] as const;
const loadRate = 20;
/** A load may run for ten minutes at most. */
const loadSecondsMax = 600;

let lab: LabUnderTest;
before(async () => {
  lab = await LabUnderTest.up('q', 7198);
  const spec = (await readFile(exampleFile, 'utf8')).replace(
    '    tier: 0\n',
    '    tier: 0\n    standbys: 1\n',
  );
  assert.equal((await lab.apply(spec, '--wait')).code, 0);
});
after(() => lab?.[Symbol.asyncDispose]());

/** The switch loses so many of a hundred frames between any two of hosts and scheduler. */
async function lose(percent: number): Promise<void> {
  const ports = `{ ${[...hosts, 'control'].map((name) => `"${name}"`).join(', ')} }`;
  const rule = `iifname ${ports} oifname ${ports} numgen random mod 100 < ${percent} drop`;
  const chain = `chain forward {\ntype filter hook forward priority 0; policy accept;\n${rule}\n}`;
  const words = `table bridge lossy\ndelete table bridge lossy\ntable bridge lossy {\n${chain}\n}`;
  const result = await lab.inside('switch', 'nft', words);
  assert.equal(result.code, 0, result.stderr);
}

/**
 * Stops one agent after the other for a while, and now and then the scheduler with it. Two agents of
 * three at once would leave the third host without a witness, and so without a lease: it would fall
 * silent until they go on, as it has to.
 */
async function pauses(random: Random, endMs: number): Promise<number> {
  let count = 0;
  const pause = async (part: string, [least, most]: readonly [number, number]) => {
    count += 1;
    await labKill({ name: lab.name }, part, 'SIGSTOP');
    await systemClock.sleep(random.between(least, most));
    await labKill({ name: lab.name }, part, 'SIGCONT');
  };
  while (systemClock.monotonicMs() < endMs) {
    await Promise.all([
      pause(`agent:${random.pick(hosts)}`, pauseMs.agent),
      ...(random.chance(0.3) ? [pause('scheduler', pauseMs.scheduler)] : []),
    ]);
    await systemClock.sleep(random.between(...calmMs));
  }
  return count;
}

async function requests(address: string): Promise<readonly LoadSummary[]> {
  const results: LoadSummary[] = [];
  for (let left = seconds; left > 0; left -= loadSecondsMax) {
    const durationMs = Math.min(left, loadSecondsMax) * 1_000;
    results.push(
      await labLoad({ name: lab.name }, { address, durationMs, ratePerSecond: loadRate }),
    );
  }
  return results;
}

test(`${seconds} s of full CPU and disk, loss and pauses, seed ${seed}: nothing is failed over`, async (t) => {
  await lab.allServing(90_000);
  const start = await lab.instances();
  const address = start.find(({ name }) => name === warm)?.addresses[0]?.address ?? '';
  await using witness = await ArpWitness.start(lab.name, address);
  const endMs = systemClock.monotonicMs() + seconds * 1_000;
  let paused: number;
  let results: readonly LoadSummary[];
  {
    using _ = new MachineLoad(lab.folder);
    const loading = requests(address);
    for (const percent of lossPercents) {
      await lose(percent);
      await systemClock.sleep(lossStepMs);
    }
    paused = await pauses(new Random(seed), endMs);
    results = await loading;
  }
  const seen = await witness.stop();
  const sum = (of: (one: LoadSummary) => number) => results.reduce((all, one) => all + of(one), 0);
  const longestGapMs = Math.max(...results.map((one) => one.longestGapMs));
  t.diagnostic(
    `${paused} pauses; the address answered no ARP for ${seen.longestSilenceMs} ms at most`,
  );
  t.diagnostic(
    `${sum(({ sent }) => sent)} requests, ${sum(({ failed }) => failed)} failed, ` +
      `longest time without an answer ${Math.round(longestGapMs)} ms: ` +
      JSON.stringify(results.map(({ errors, latencyMs }) => ({ errors, latencyMs }))),
  );
  await eventually(async () => {
    assert.deepEqual(
      (await lab.hosts()).map(({ state }) => state),
      hosts.map(() => 'ready'),
    );
  }, 60_000);
  const { stdout: events } = await lab.api('events', '--limit', '1000');
  const dead = events.split('\n').filter((line) => /host\.dead|failover\.held/.test(line));
  assert.deepEqual(dead, [], 'nobody was held for dead');
  assert.doesNotMatch((await lab.api('ops', 'list', '--all')).stdout, /failover/);
  assert.deepEqual(
    (await lab.instances()).map(({ name, host, epoch }) => ({ name, host, epoch })),
    start.map(({ name, host, epoch }) => ({ name, host, epoch })),
    'all is where it was',
  );
  assert.ok(seen.maxRepliesToOne <= 1);
});
