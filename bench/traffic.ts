// Requests, connections and bytes a second through one HAProxy: as an instance on its host's bridge, on
// the bare host, and in a container with a published port. One host, one configuration, one client.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { eventually } from '../test/lab/lab-under-test.ts';
import { machineFacts } from './machine-facts.ts';
import { PublishedPort } from './published-port.ts';
import { thousandths } from './thousandths.ts';
import {
  globalText,
  haproxyImage as image,
  medianOf,
  proxyText,
  rateOf,
  TrafficBed,
  trafficHost,
  type Work,
  works,
} from './traffic-bed.ts';
import type { WrkFigures } from './wrk.ts';

const apiPort = 7190;
const hostAddress = '198.18.0.11';
const barePort = 8081;
const publishedPort = 8082;

const places = ['instance', 'bare_host', 'published_port'] as const;
type Place = (typeof places)[number];
const urlsElsewhere = {
  bare_host: `http://${hostAddress}:${barePort}`,
  published_port: `http://${hostAddress}:${publishedPort}`,
} as const;
const names: Readonly<Record<Place, string>> = {
  instance: 'instance on the bridge',
  bare_host: 'HAProxy on the bare host',
  published_port: "container, Docker's published port",
};

/**
 * @param args `--rounds N` of each, 5 unless told; `--seconds N` a measurement, 3 unless told
 * @returns medians, and `ratios` of ours to each other way (above 1 is better)
 */
export async function benchTraffic(args: readonly string[]): Promise<object> {
  const options = {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const rounds = z.coerce.number().int().min(1).max(100).parse(values.rounds);
  const seconds = z.coerce.number().int().min(1).max(60).parse(values.seconds);
  await using bed = await TrafficBed.up('t', apiPort);
  const { lab } = bed;
  const configFolder = join(lab.folder, 'etc');
  mkdirSync(configFolder);
  writeFileSync(join(configFolder, 'haproxy.cfg'), `${globalText}${proxyText(':80')}`);
  const bareText = `${globalText}${proxyText(`${hostAddress}:${barePort}`)}`;
  bed.run(trafficHost, 'bare', bareText);
  const published = { configFolder, image, port: publishedPort };
  await using _ = await PublishedPort.up(lab, trafficHost, published);
  const urls: Readonly<Record<Place, string>> = { instance: bed.instanceUrl, ...urlsElsewhere };
  const runs = new Map<string, WrkFigures[]>();
  const measure = (place: Place, what: Work, forSeconds: number) =>
    bed.measure(urls[place], what, forSeconds);
  for (const place of places) await eventually(() => measure(place, 'requests', 1));
  for (let round = 0; round < rounds; round += 1) {
    for (const what of works) {
      // Another one begins each time: what a machine does in the meantime hits all alike.
      for (const place of [...places.slice(round % 3), ...places.slice(0, round % 3)]) {
        const key = `${what} ${place}`;
        runs.set(key, [...(runs.get(key) ?? []), await measure(place, what, seconds)]);
      }
    }
  }
  const of = (what: Work, place: Place) => medianOf(runs.get(`${what} ${place}`) ?? []);
  const machine = await machineFacts();
  report(machine, rounds, seconds, of);
  const ratio = (what: Work, peer: Place) =>
    thousandths(rateOf(what, of(what, 'instance')) / rateOf(what, of(what, peer)));
  return {
    ...{ machine, rounds, seconds },
    ...Object.fromEntries(
      places.map((place) => [
        place,
        Object.fromEntries(works.map((what) => [what, of(what, place)])),
      ]),
    ),
    ratios: {
      rps_vs_bare_host: ratio('requests', 'bare_host'),
      rps_vs_published_port: ratio('requests', 'published_port'),
      connections_vs_bare_host: ratio('connections', 'bare_host'),
      connections_vs_published_port: ratio('connections', 'published_port'),
      throughput_vs_bare_host: ratio('bytes', 'bare_host'),
      throughput_vs_published_port: ratio('bytes', 'published_port'),
    },
  };
}

function report(
  machine: Readonly<Record<string, string | number>>,
  rounds: number,
  seconds: number,
  of: (what: Work, place: Place) => WrkFigures,
): void {
  for (const [name, value] of Object.entries(machine)) console.log(`${name}: ${value}`);
  console.log(
    `\nOne HAProxy of one thread, three ways; medians of ${rounds} rounds of ${seconds} s`,
  );
  const heads = ['requests/s', 'p99 ms', 'new conn./s', 'MiB/s', 'errors'];
  console.log(`\n${''.padEnd(36)}${heads.map((head) => head.padStart(12)).join('')}`);
  for (const place of places) {
    const [requests, connections, bytes] = works.map((what) => of(what, place));
    if (requests === undefined || connections === undefined || bytes === undefined) continue;
    const cells = [
      Math.round(requests.requestsPerSecond),
      requests.p99Ms.toFixed(2),
      Math.round(connections.requestsPerSecond),
      Math.round(bytes.bytesPerSecond / 2 ** 20),
      requests.errors + connections.errors + bytes.errors,
    ];
    console.log(
      `${names[place].padEnd(36)}${cells.map((cell) => String(cell).padStart(12)).join('')}`,
    );
  }
  console.log('');
}
