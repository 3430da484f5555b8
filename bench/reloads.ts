// Reloads and changes of one HAProxy under load: requests that fail, and what the rest waits, against the
// same load with nothing changed, and against HAProxy reloaded by hand, by turns in the same run.

import { parseArgs } from 'node:util';
import { z } from 'zod';
import { systemClock } from '../src/system/clock.ts';
import { LabUnderTest } from '../test/lab/lab-under-test.ts';
import { type Phase, ReloadsUnderLoad } from '../test/lab/reloads-under-load.ts';
import { machineFacts } from './machine-facts.ts';
import { quantile } from './quantile.ts';
import { ReloadsByHand } from './reloads-by-hand.ts';
import { thousandths } from './thousandths.ts';

const port = 7197;
const kinds = ['fresh', 'keptAlive'] as const;
const countMax = 10_000;
const names = { fresh: 'a connection each', keptAlive: 'kept alive' } as const;

/** What is done to HAProxy, in the order of a round. */
type Part = 'nothing' | 'reloads' | 'configs' | 'changes' | 'by hand, nothing' | 'by hand, reloads';

/**
 * @param args `--reloads N`, 1,000 unless told, `--pace N` a second at most, 2 unless told; `--configs N` by
 * the API, one after another, 40 unless told; `--changes N` by the runtime API, 1,000 unless told, and
 * `--change-pace N` a second at most, 10 unless told; `--rounds N` that all of it is shared out to, 5 unless
 * told; `--quiet N` seconds of each round without any, 10 unless told
 * @returns figures of each round; `ratios` of the p99 to that of the same round with nothing changed (below
 * 1.2 is the aim), and of our reloads to those by hand: medians over the rounds
 */
export async function benchReloads(args: readonly string[]): Promise<object> {
  const option = (value: string) => ({ type: 'string', default: value }) as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ reloads: option('1000'), pace: option('2'), configs: option('40') },
      ...{ changes: option('1000'), 'change-pace': option('10') },
      ...{ rounds: option('5'), quiet: option('10') },
    },
  });
  const whole = z.coerce.number().int().min(1).max(countMax);
  const rounds = whole.parse(values.rounds);
  const shareOf = (count: string) => Math.ceil(whole.parse(count) / rounds);
  const [reloads, configs, changes] = [
    shareOf(values.reloads),
    shareOf(values.configs),
    shareOf(values.changes),
  ];
  const [pace, changePace] = [whole.parse(values.pace), whole.parse(values['change-pace'])];
  const quietMs = whole.parse(values.quiet) * 1_000;
  await using lab = await LabUnderTest.up('r', port, '--no-example');
  const scene = await ReloadsUnderLoad.up(lab);
  await using byHand = await ReloadsByHand.up(lab, scene.host, scene.configFile);
  const rest = () => systemClock.sleep(quietMs);
  let loaded = 0;
  const works: Readonly<Record<Part, () => Promise<Phase>>> = {
    nothing: () => scene.during(rest),
    reloads: () => scene.during(() => scene.reloadDirectly(reloads, pace)),
    configs: () =>
      scene.during(async () => {
        loaded += await scene.changeConfig(configs);
      }),
    changes: () => scene.during(() => scene.changeLive(changes, changePace)),
    'by hand, nothing': () => scene.during(rest, byHand.target),
    'by hand, reloads': () => scene.during(() => byHand.reload(reloads, pace), byHand.target),
  };
  const parts = Object.keys(works) as Part[];
  // What a lab does when it has just come up is no part of the first round.
  await works.nothing();
  const phases: Record<Part, Phase>[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const measured: [Part, Phase][] = [];
    for (const part of parts) measured.push([part, await works[part]()]);
    phases.push(Object.fromEntries(measured) as Record<Part, Phase>);
    console.log(`\nround ${round}`);
    for (const [part, phase] of measured) print(part, phase);
  }
  const machine = await machineFacts();
  console.log('');
  for (const [name, value] of Object.entries(machine)) console.log(`${name}: ${value}`);
  const ratio = (part: Part, to: Part) =>
    thousandths(Math.max(...kinds.map((kind) => medianRatio(phases, part, to, kind))));
  const ours = phases.flatMap((round) => parts.slice(0, 4).map((part) => round[part]));
  const total = (of: 'sent' | 'failed') =>
    ours.reduce((sum, { fresh, keptAlive }) => sum + fresh[of] + keptAlive[of], 0);
  const ratios = {
    p99_reloads: ratio('reloads', 'nothing'),
    p99_configs_by_api: ratio('configs', 'nothing'),
    p99_runtime_changes: ratio('changes', 'nothing'),
    p99_reloads_by_hand: ratio('by hand, reloads', 'by hand, nothing'),
    p99_reloads_vs_by_hand: ratio('reloads', 'by hand, reloads'),
  };
  return {
    ...{ machine, rounds, pace, changePace },
    ...{ reloads: rounds * reloads, configs: rounds * configs, changes: rounds * changes },
    reloads_of_configs: loaded,
    ...{ sent: total('sent'), failed: total('failed') },
    ...{ phases, ratios },
  };
}

function medianRatio(
  phases: readonly Readonly<Record<Part, Phase>>[],
  part: Part,
  to: Part,
  kind: (typeof kinds)[number],
): number {
  const p99 = (phase: Phase) => phase[kind].latencyMs.p99 ?? Number.NaN;
  return quantile(
    phases.map((round) => p99(round[part]) / p99(round[to])),
    0.5,
  );
}

function print(name: string, phase: Phase): void {
  console.log(`${name}, ${phase.seconds.toFixed(1)} s`);
  for (const kind of kinds) {
    const { sent, failed, errors, latencyMs } = phase[kind];
    const wrong = failed === 0 ? '0 failed' : `${failed} FAILED ${JSON.stringify(errors)}`;
    const { p50, p99, max } = latencyMs;
    console.log(`  ${names[kind].padEnd(18)} ${sent} sent, ${wrong}; ms: ${p50} ${p99} ${max}`);
  }
}
