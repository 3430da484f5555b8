// What the settings on the way of an instance's packets do: requests, new connections and bytes a second
// with each on and off, by turns, in one lab.

import { parseArgs } from 'node:util';
import { z } from 'zod';
import { eventually } from '../test/lab/lab-under-test.ts';
import { machineFacts } from './machine-facts.ts';
import { type PacketSetting, packetSettings } from './packet-settings.ts';
import { thousandths } from './thousandths.ts';
import { medianOf, rateOf, TrafficBed, type Work, works } from './traffic-bed.ts';
import type { WrkFigures } from './wrk.ts';

const apiPort = 7196;
/** The agent puts some settings right every 15 seconds: a measurement in which it did is taken again. */
const attemptsMax = 5;
const states = ['off', 'on'] as const;
type State = (typeof states)[number];
type Rates = Readonly<Record<Work, Readonly<Record<State, number>>>>;

/**
 * @param args `--rounds N` of each, 5 unless told; `--seconds N` a measurement, 3 unless told
 * @returns medians, and `ratios` of each setting: the rate with it to that without
 */
export async function benchPacketPath(args: readonly string[]): Promise<object> {
  const options = {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const count = z.coerce.number().int().min(1).max(100);
  const [rounds, seconds] = [count.parse(values.rounds), count.parse(values.seconds)];
  await using bed = await TrafficBed.up('y', apiPort);
  await eventually(() => bed.measure(bed.instanceUrl, 'requests', 1));
  const settings: Record<string, Rates> = {};
  for (const setting of await packetSettings(bed)) {
    settings[setting.name] = await ratesOf(setting, rounds, (what) =>
      bed.measure(bed.instanceUrl, what, seconds),
    );
  }
  const machine = await machineFacts();
  for (const [name, value] of Object.entries(machine)) console.log(`${name}: ${value}`);
  console.log(`\nMedians of ${rounds} rounds of ${seconds} s, off and on`);
  for (const [name, rates] of Object.entries(settings)) print(name, rates);
  const ratios = Object.entries(settings).flatMap(([name, rates]) =>
    works.map((what) => [`${name}: ${what}`, thousandths(rates[what].on / rates[what].off)]),
  );
  return { machine, rounds, seconds, settings, ratios: Object.fromEntries(ratios) };
}

/** The setting is as it was afterwards. */
async function ratesOf(
  setting: PacketSetting,
  rounds: number,
  measure: (what: Work) => Promise<WrkFigures>,
): Promise<Rates> {
  const runs = new Map<string, WrkFigures[]>();
  const before = await setting.isOn();
  for (let round = 0; round < rounds; round += 1) {
    for (const state of round % 2 === 0 ? states : states.toReversed()) {
      for (const what of works) {
        const key = `${what} ${state}`;
        const figures = await measuredAs(setting, state, () => measure(what));
        runs.set(key, [...(runs.get(key) ?? []), figures]);
      }
    }
  }
  await setting.set(before);
  const rate = (what: Work, state: State) =>
    thousandths(rateOf(what, medianOf(runs.get(`${what} ${state}`) ?? [])));
  const both = (what: Work) => ({ off: rate(what, 'off'), on: rate(what, 'on') });
  return {
    requests: both('requests'),
    connections: both('connections'),
    bytes: both('bytes'),
  };
}

async function measuredAs(
  setting: PacketSetting,
  state: State,
  measure: () => Promise<WrkFigures>,
): Promise<WrkFigures> {
  const wanted = state === 'on';
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    await setting.set(wanted);
    const figures = await measure();
    if ((await setting.isOn()) === wanted) return figures;
  }
  throw new Error(`${setting.name} does not stay ${state}`);
}

function print(name: string, { requests, connections, bytes }: Rates): void {
  const mibs = ({ off, on }: Rates[Work]) =>
    `${Math.round(off / 2 ** 20)} ${Math.round(on / 2 ** 20)}`;
  const whole = ({ off, on }: Rates[Work]) => `${Math.round(off)} ${Math.round(on)}`;
  console.log(
    `${name}: requests/s ${whole(requests)}; new connections/s ${whole(connections)}; MiB/s ${mibs(bytes)}`,
  );
}
