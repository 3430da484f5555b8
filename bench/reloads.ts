// 1,000 reloads and 1,000 changes of one HAProxy under load: requests that fail, and what the rest
// waits, against the same load with nothing changed, and against HAProxy reloaded by hand, in the same run.

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

/**
 * @param args `--reloads N` one after another, `--configs N` by the API, `--changes N` by the runtime
 * API, 1,000 each unless told; `--pace N` and `--change-pace N` reloads and changes a second at most, as
 * fast as they are taken unless told; `--quiet N` seconds without any, before, between and after, 10 unless
 * told
 * @returns figures of each part; `ratios` of the p99 to that of the quiet parts (below 1.2 is the aim), and of our
 * reloads to those by hand
 */
export async function benchReloads(args: readonly string[]): Promise<object> {
  const count = { type: 'string', default: '1000' } as const;
  const noBound = { type: 'string', default: String(countMax) } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ reloads: count, configs: count, changes: count },
      ...{ pace: noBound, 'change-pace': noBound },
      quiet: { type: 'string', default: '10' },
    },
  });
  const whole = z.coerce.number().int().min(1).max(countMax);
  const [reloads, configs, changes] = [
    whole.parse(values.reloads),
    whole.parse(values.configs),
    whole.parse(values.changes),
  ];
  const pace = whole.parse(values.pace);
  const changePace = whole.parse(values['change-pace']);
  const quietMs = whole.parse(values.quiet) * 1_000;
  await using lab = await LabUnderTest.up('r', port, '--no-example');
  const scene = await ReloadsUnderLoad.up(lab);
  const rest = () => scene.during(() => systemClock.sleep(quietMs));
  const quiet = [await rest()];
  const direct = await scene.during(() => scene.reloadDirectly(reloads, pace));
  quiet.push(await rest());
  let loaded = 0;
  const storm = await scene.during(async () => {
    loaded = await scene.changeConfig(configs);
  });
  quiet.push(await rest());
  const live = await scene.during(() => scene.changeLive(changes, changePace));
  quiet.push(await rest());
  await using byHand = await ReloadsByHand.up(lab, scene.host, scene.configFile);
  const handQuiet = await scene.during(() => systemClock.sleep(quietMs), byHand.target);
  const hand = await scene.during(() => byHand.reload(reloads, pace), byHand.target);
  const parts = [
    [`${reloads} reloads`, direct],
    [`${configs} configurations by the API, ${loaded} reloads`, storm],
    [`${changes} runtime changes`, live],
  ] as const;
  const machine = await machineFacts();
  for (const [name, value] of Object.entries(machine)) console.log(`${name}: ${value}`);
  console.log('');
  for (const [index, phase] of quiet.entries()) print(`nothing changed (${index + 1})`, phase);
  for (const [name, phase] of parts) print(name, phase);
  print('on the bare host, nothing changed', handQuiet);
  print(`on the bare host, ${reloads} reloads by hand`, hand);
  const all = [...quiet, direct, storm, live];
  const calm = (kind: (typeof kinds)[number]) =>
    quantile(
      quiet.map((phase) => p99Of(phase, kind)),
      0.5,
    );
  const ratio = (phase: Phase) =>
    thousandths(Math.max(...kinds.map((kind) => p99Of(phase, kind) / calm(kind))));
  return {
    ...{ machine, reloads, pace, configs, reloads_of_configs: loaded, changes, changePace },
    sent: all.reduce((sum, { fresh, keptAlive }) => sum + fresh.sent + keptAlive.sent, 0),
    failed: all.reduce((sum, { fresh, keptAlive }) => sum + fresh.failed + keptAlive.failed, 0),
    ...{ quiet, direct, storm, live, by_hand_quiet: handQuiet, by_hand: hand },
    ratios: {
      p99_vs_no_change: Math.max(ratio(direct), ratio(storm), ratio(live)),
      p99_direct_reloads: ratio(direct),
      p99_configs_by_api: ratio(storm),
      p99_runtime_changes: ratio(live),
      p99_direct_vs_by_hand: thousandths(
        Math.max(...kinds.map((kind) => p99Of(direct, kind) / p99Of(hand, kind))),
      ),
    },
  };
}

function p99Of(phase: Phase, kind: (typeof kinds)[number]): number {
  return phase[kind].latencyMs.p99 ?? Number.NaN;
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
