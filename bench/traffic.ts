// Requests, connections and bytes a second through one HAProxy: as an instance on its host's bridge, on
// the bare host, and in a container with a published port. One host, one configuration, one client.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { eventually, LabUnderTest } from '../test/lab/lab-under-test.ts';
import { machineFacts } from './machine-facts.ts';
import { PublishedPort } from './published-port.ts';
import { quantile } from './quantile.ts';
import { thousandths } from './thousandths.ts';
import { runWrk, type WrkFigures } from './wrk.ts';

const apiPort = 7190;
const host = 'host-1';
const hostAddress = '198.18.0.11';
const instanceAddress = '198.18.10.20';
const barePort = 8081;
const publishedPort = 8082;
const backendAddress = '198.18.0.31';
const backendPort = 8090;
const image = 'bridgehead/haproxy:2.6';
const smallBytes = 512;
const largeBytes = 65_536;

const work = {
  requests: { path: '/small', connections: 64, closes: false },
  connections: { path: '/small', connections: 64, closes: true },
  bytes: { path: '/large', connections: 16, closes: false },
} as const;
type Work = keyof typeof work;
const works = Object.keys(work) as Work[];

const places = ['instance', 'bare_host', 'published_port'] as const;
type Place = (typeof places)[number];
const urls: Readonly<Record<Place, string>> = {
  instance: `http://${instanceAddress}:80`,
  bare_host: `http://${hostAddress}:${barePort}`,
  published_port: `http://${hostAddress}:${publishedPort}`,
};
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
  await using lab = await LabUnderTest.up('t', apiPort, '--no-example');
  const configFolder = join(lab.folder, 'etc');
  mkdirSync(configFolder);
  writeFileSync(join(configFolder, 'haproxy.cfg'), `${globalText}${proxyText(':80')}`);
  const namespaceOf = (node: string) => `/run/netns/bh-${lab.name}-${node}`;
  await using parts = new AsyncDisposableStack();
  parts.use(haproxyIn(lab, namespaceOf('backend'), 'backend', backendText(lab.folder)));
  const bareText = `${globalText}${proxyText(`${hostAddress}:${barePort}`)}`;
  parts.use(haproxyIn(lab, namespaceOf(host), 'bare', bareText));
  const published = { configFolder, image, port: publishedPort };
  parts.use(await PublishedPort.up(lab, host, published));
  const applied = await lab.apply(specText(), '--wait');
  if (applied.code !== 0) throw new Error(applied.stderr);
  const runs = new Map<string, WrkFigures[]>();
  const measure = async (place: Place, what: Work, forSeconds: number) => {
    const { path, ...rest } = work[what];
    const url = `${urls[place]}${path}`;
    return runWrk({ namespace: namespaceOf('client'), url, seconds: forSeconds, ...rest });
  };
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

// What the managed part of an instance has as well: one thread for one CPU.
const globalText = `global
  nbthread 1
  maxconn 4000
`;

function proxyText(bind: string): string {
  return `defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend web
  bind ${bind}
  default_backend origin
backend origin
  server origin ${backendAddress}:${backendPort}
`;
}

// HAProxy itself as the origin: nothing in Debian answers the same bytes with less work.
function backendText(folder: string): string {
  for (const [name, bytes] of [
    ['small', smallBytes],
    ['large', largeBytes],
  ] as const) {
    writeFileSync(join(folder, name), 'x'.repeat(bytes));
  }
  const answer = (name: string) =>
    `  http-request return status 200 content-type text/plain file ${join(folder, name)} if { path /${name} }`;
  return `global
  tune.bufsize ${2 * largeBytes}
defaults
  mode http
  timeout client 30s
frontend origin
  bind ${backendAddress}:${backendPort}
${answer('small')}
${answer('large')}
`;
}

function specText(): string {
  const indented = proxyText(':80').replaceAll(/^/gm, '      ');
  return `apiVersion: bridgehead/v1
pools:
  - { name: public, cidr: 198.18.10.0/24, prefix: 16, gateway: 198.18.0.1, bridge: br0 }
instances:
  - name: traffic
    owner: bench
    service: bench
    tier: 1
    image: ${image}
    addresses: [{ pool: public, address: ${instanceAddress} }]
    resources: { memoryMib: 256, cpus: 1, maxConnections: 4000 }
    placement: { labels: { bench: here } }
    config: |
${indented}
hosts:
  - { name: ${host}, labels: { bench: here } }
`;
}

function haproxyIn(lab: LabUnderTest, namespace: string, name: string, text: string): Disposable {
  const file = join(lab.folder, `${name}.cfg`);
  writeFileSync(file, text);
  const command = [`--net=${namespace}`, 'haproxy', '-db', '-f', file];
  const child: ChildProcess = spawn('nsenter', command, { stdio: ['ignore', 'ignore', 'inherit'] });
  return { [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

function rateOf(what: Work, figures: WrkFigures): number {
  return what === 'bytes' ? figures.bytesPerSecond : figures.requestsPerSecond;
}

function medianOf(runs: readonly WrkFigures[]): WrkFigures {
  const median = (of: (run: WrkFigures) => number) => thousandths(quantile(runs.map(of), 0.5));
  return {
    requestsPerSecond: median((run) => run.requestsPerSecond),
    bytesPerSecond: median((run) => run.bytesPerSecond),
    p99Ms: median((run) => run.p99Ms),
    errors: runs.reduce((all, { errors }) => all + errors, 0),
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
