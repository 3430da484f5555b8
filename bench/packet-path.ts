// What the settings on the way of an instance's packets do: requests and new connections a second with
// each on and off, by turns, in one lab.

import { parseArgs } from 'node:util';
import { z } from 'zod';
import { LabClient } from '../test/lab/lab-client.ts';
import { LabUnderTest } from '../test/lab/lab-under-test.ts';
import { ReloadsUnderLoad, reloadedName } from '../test/lab/reloads-under-load.ts';
import { machineFacts } from './machine-facts.ts';
import { quantile } from './quantile.ts';
import { thousandths } from './thousandths.ts';
import { runWrk, type WrkFigures } from './wrk.ts';

const port = 7196;
const filter = '/proc/sys/net/bridge/bridge-nf-call-iptables';
/** The agent puts the setting right every 15 seconds: a measurement in which it did is taken again. */
const attemptsMax = 5;

/**
 * @param args `--rounds N` of each, 5 unless told; `--seconds N` a measurement, 3 unless told
 * @returns medians, and `ratios` of ours (the bridge passes by the host's iptables) to the other
 */
export async function benchPacketPath(args: readonly string[]): Promise<object> {
  const options = {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const count = z.coerce.number().int().min(1).max(100);
  const [rounds, seconds] = [count.parse(values.rounds), count.parse(values.seconds)];
  await using lab = await LabUnderTest.up('y', port, '--no-example');
  await ReloadsUnderLoad.up(lab);
  const { host, addresses } = await (await LabClient.of(lab.name)).settled(reloadedName);
  const url = `http://${addresses[0]?.address}:80/`;
  const namespace = `/run/netns/bh-${lab.name}-client`;
  const set = (value: string) => lab.inside(host, 'sh', '-c', `echo ${value} > ${filter}`);
  const read = async () => (await lab.inside(host, 'cat', filter)).stdout.trim();
  if ((await read()) === '') throw new Error('this kernel has no br_netfilter: nothing to measure');
  const measure = async (value: string, closes: boolean): Promise<WrkFigures> => {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      await set(value);
      const figures = await runWrk({ namespace, url, connections: 64, seconds, closes });
      if ((await read()) === value) return figures;
    }
    throw new Error(`bridge-nf-call-iptables does not stay ${value}`);
  };
  const runs = { off: [] as WrkFigures[], on: [] as WrkFigures[] };
  const closing = { off: [] as WrkFigures[], on: [] as WrkFigures[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const state of round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const)) {
      const value = state === 'on' ? '1' : '0';
      runs[state].push(await measure(value, false));
      closing[state].push(await measure(value, true));
    }
  }
  const rate = (all: readonly WrkFigures[]) =>
    thousandths(
      quantile(
        all.map((one) => one.requestsPerSecond),
        0.5,
      ),
    );
  const machine = await machineFacts();
  for (const [name, value] of Object.entries(machine)) console.log(`${name}: ${value}`);
  for (const [name, all] of [
    ['requests/s', runs],
    ['new connections/s', closing],
  ] as const) {
    console.log(`${name}: bridge-nf-call off ${rate(all.off)}, on ${rate(all.on)}`);
  }
  return {
    ...{ machine, rounds, seconds },
    requests: { off: rate(runs.off), on: rate(runs.on) },
    connections: { off: rate(closing.off), on: rate(closing.on) },
    ratios: {
      rps_vs_bridge_nf_call: thousandths(rate(runs.off) / rate(runs.on)),
      connections_vs_bridge_nf_call: thousandths(rate(closing.off) / rate(closing.on)),
    },
  };
}
