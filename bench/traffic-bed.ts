// A lab with one instance on a host's bridge, an origin behind it and wrk before it.

import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabUnderTest } from '../test/lab/lab-under-test.ts';
import { quantile } from './quantile.ts';
import { thousandths } from './thousandths.ts';
import { runWrk, type WrkFigures } from './wrk.ts';

export const trafficHost = 'host-1';
export const haproxyImage = 'bridgehead/haproxy:2.6';
const instanceAddress = '198.18.10.20';
const backendAddress = '198.18.0.31';
const backendPort = 8090;
const smallBytes = 512;
const largeBytes = 65_536;

const work = {
  requests: { path: '/small', connections: 64, closes: false },
  connections: { path: '/small', connections: 64, closes: true },
  bytes: { path: '/large', connections: 16, closes: false },
} as const;
/** What is asked: many small answers, a connection for each, or large answers. */
export type Work = keyof typeof work;
export const works = Object.keys(work) as Work[];

/** What the managed part of an instance has as well: one thread for one CPU. */
export const globalText = `global
  nbthread 1
  maxconn 4000
`;

/** The configuration that is measured, listening at `bind`. */
export function proxyText(bind: string): string {
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

/** One lab on `port` of this machine, with its origin and its instance. */
export class TrafficBed implements AsyncDisposable {
  readonly lab: LabUnderTest;
  readonly instanceUrl = `http://${instanceAddress}:80`;
  readonly #parts = new AsyncDisposableStack();

  private constructor(lab: LabUnderTest) {
    this.lab = this.#parts.use(lab);
  }

  static async up(letter: string, port: number): Promise<TrafficBed> {
    const lab = await LabUnderTest.up(letter, port, '--no-example');
    const bed = new TrafficBed(lab);
    try {
      bed.run('backend', 'backend', backendText(lab.folder));
      const applied = await lab.apply(specText(), '--wait');
      if (applied.code !== 0) throw new Error(applied.stderr);
      return bed;
    } catch (error) {
      await bed[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Path of a node's network namespace. */
  namespace(node: string): string {
    return `/run/netns/bh-${this.lab.name}-${node}`;
  }

  /** Runs an HAProxy in the namespace of a node until all is taken down. */
  run(node: string, name: string, text: string): void {
    const file = join(this.lab.folder, `${name}.cfg`);
    writeFileSync(file, text);
    const command = [`--net=${this.namespace(node)}`, 'haproxy', '-db', '-f', file];
    const stdio = ['ignore', 'ignore', 'inherit'] as const;
    const child: ChildProcess = spawn('nsenter', command, { stdio: [...stdio] });
    this.#parts.defer(() => void child.kill('SIGKILL'));
  }

  /** Asks `url`, which ends with its host, for so many seconds. */
  measure(url: string, what: Work, seconds: number): Promise<WrkFigures> {
    const { path, ...rest } = work[what];
    return runWrk({ namespace: this.namespace('client'), url: `${url}${path}`, seconds, ...rest });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

/** A rate of that work: a second's answers, or bytes. */
export function rateOf(what: Work, figures: WrkFigures): number {
  return what === 'bytes' ? figures.bytesPerSecond : figures.requestsPerSecond;
}

/** Of each figure the median, and the sum of the errors. */
export function medianOf(runs: readonly WrkFigures[]): WrkFigures {
  const median = (of: (run: WrkFigures) => number) => thousandths(quantile(runs.map(of), 0.5));
  return {
    requestsPerSecond: median((run) => run.requestsPerSecond),
    bytesPerSecond: median((run) => run.bytesPerSecond),
    p99Ms: median((run) => run.p99Ms),
    errors: runs.reduce((all, { errors }) => all + errors, 0),
  };
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
    image: ${haproxyImage}
    addresses: [{ pool: public, address: ${instanceAddress} }]
    resources: { memoryMib: 256, cpus: 1, maxConnections: 4000 }
    placement: { labels: { bench: here } }
    config: |
${indented}
hosts:
  - { name: ${trafficHost}, labels: { bench: here } }
`;
}
