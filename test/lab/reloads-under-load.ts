// One instance under load while its HAProxy is reloaded and changed, again and again: what the load
// saw, with and without. For the bench of it and for the test.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { reload } from '../../src/agent/configuration.ts';
import { askHaproxy } from '../../src/agent/haproxy-socket.ts';
import { labLoad } from '../../src/lab/load.ts';
import type { LoadSummary } from '../../src/lab/load-summary.ts';
import { labContextPath, labPaths } from '../../src/lab/paths.ts';
import { systemClock } from '../../src/system/clock.ts';
import { LabClient, type Settled } from './lab-client.ts';
import { eventually, type LabUnderTest } from './lab-under-test.ts';

export const reloadedName = 'reloaded';
const pollMs = 5;
const busyPollMs = 50;
const durationMsMax = 600_000;
/** Requests a second of each of the two loads. */
const rate = 100;
/** A file that every container has, with a key and a value in each line. */
const mapFile = '/etc/hosts';
const labContext = z.object({ url: z.string(), token: z.string() });

/** What both loads saw while something was done. */
export interface Phase {
  readonly seconds: number;
  /** Each request by a connection of its own. */
  readonly fresh: LoadSummary;
  readonly keptAlive: LoadSummary;
}

/** Where a load asks. */
export interface LoadTarget {
  readonly address: string;
  readonly port: number;
}

export class ReloadsUnderLoad {
  readonly #lab: LabUnderTest;
  readonly #client: LabClient;
  readonly #settled: Settled;
  readonly #context: z.infer<typeof labContext>;
  /** Of configurations and live changes, over all calls: none repeats what holds already. */
  #configs = 0;
  #changes = 0;

  private constructor(
    lab: LabUnderTest,
    client: LabClient,
    settled: Settled,
    context: z.infer<typeof labContext>,
  ) {
    this.#lab = lab;
    this.#client = client;
    this.#settled = settled;
    this.#context = context;
  }

  /** Applies the instance to a lab and waits until it serves. */
  static async up(lab: LabUnderTest): Promise<ReloadsUnderLoad> {
    const client = await LabClient.of(lab.name);
    assert.equal(await client.apply(specOf(0)), 200);
    const settled = await client.settled(reloadedName);
    const context = labContext.parse(JSON.parse(await readFile(labContextPath(lab.name), 'utf8')));
    return new ReloadsUnderLoad(lab, client, settled, context);
  }

  /** Runs `work` between both loads, which ask the instance unless told. */
  async during(work: () => Promise<void>, target: LoadTarget = this.#target): Promise<Phase> {
    const stop = new AbortController();
    const startMs = systemClock.monotonicMs();
    const options = {
      ...{ ...target, durationMs: durationMsMax, ratePerSecond: rate, signal: stop.signal },
    };
    const loads = [true, false].map((newConnectionPerRequest) =>
      labLoad({ name: this.#lab.name }, { ...options, newConnectionPerRequest }),
    );
    await work().finally(() => stop.abort());
    const [fresh, keptAlive] = await Promise.all(loads);
    assert.ok(fresh !== undefined && keptAlive !== undefined);
    const seconds = (systemClock.monotonicMs() - startMs) / 1_000;
    return { seconds, fresh, keptAlive };
  }

  /**
   * Reloads HAProxy so many times, each as soon as the new worker of the one before answers.
   *
   * @param perSecond no more than that
   */
  reloadDirectly(times: number, perSecond = Number.POSITIVE_INFINITY): Promise<void> {
    return reloadAgain(this.#run, times, perSecond);
  }

  /**
   * Changes the configuration so many times through the API, as fast as it takes them, and waits until the last
   * one is loaded.
   *
   * @returns how many reloads came of it
   */
  async changeConfig(times: number): Promise<number> {
    const before = await this.#reloads();
    for (const last = this.#configs + times; this.#configs < last; ) {
      const status = await this.#client.apply(specOf(this.#configs + 1));
      // The operation of the one before holds the instance for a moment: what is refused comes again.
      if (status === 409) await systemClock.sleep(busyPollMs);
      else {
        assert.equal(status, 200);
        this.#configs += 1;
      }
    }
    await eventually(async () => {
      const { configHash, loadedHash, operation } = await this.#client.instance(reloadedName);
      assert.deepEqual([loadedHash, operation], [configHash, null]);
    }, 60_000);
    return (await this.#reloads()) - before;
  }

  /**
   * Makes so many changes by the runtime API, by turns of a server and of a map.
   *
   * @param perSecond no more than that
   */
  async changeLive(times: number, perSecond = Number.POSITIVE_INFINITY): Promise<void> {
    const startMs = systemClock.monotonicMs();
    for (let made = 0; made < times; made += 1) {
      await paced(startMs, made, perSecond);
      const count = this.#changes;
      this.#changes += 1;
      const [path, body] =
        count % 2 === 0
          ? ['servers/origin/s1', { weight: 1 + (count % 100) }]
          : ['maps', { file: mapFile, key: `/${count % 50}`, value: `v${count}` }];
      const answer = await fetch(`${this.#context.url}/v1/instances/${reloadedName}/${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.#context.token}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      assert.ok(answer.ok, `${path}: ${answer.status} ${text}`);
    }
  }

  get host(): string {
    return this.#settled.host;
  }

  /** What its HAProxy reads. */
  get configFile(): string {
    return join(this.#folder, 'etc', 'haproxy.cfg');
  }

  get #target(): LoadTarget {
    return { address: this.#settled.addresses[0]?.address ?? '', port: 80 };
  }

  get #folder(): string {
    const { agent } = labPaths(this.#lab.name).host(this.#settled.host);
    return join(agent, 'instances', this.#settled.id);
  }

  get #run(): string {
    return join(this.#folder, 'run');
  }

  /** Of its master since it started. */
  async #reloads(): Promise<number> {
    const text = await eventually(() => askHaproxy(this.#run, 'master.sock', 'show proc'));
    return Number(/^\d+\s+master\s+(\d+)/m.exec(text)?.[1]);
  }
}

/** Process id of the worker whose runtime API is in the folder; empty where none answers. */
export async function workerPid(folder: string): Promise<string> {
  const info = await askHaproxy(folder, 'stats.sock', 'show info').catch(() => '');
  return /^Pid: (\d+)$/m.exec(info)?.[1] ?? '';
}

/**
 * Reloads so many times, each as soon as the new worker of the one before answers.
 *
 * @param folder has the sockets of the master and of the runtime API
 * @param perSecond no more than that
 */
export async function reloadAgain(folder: string, times: number, perSecond: number): Promise<void> {
  const startMs = systemClock.monotonicMs();
  for (let count = 0; count < times; count += 1) {
    await paced(startMs, count, perSecond);
    const before = await workerPid(folder);
    await reload({ run: folder }, systemClock);
    const endMs = systemClock.monotonicMs() + 10_000;
    for (let now = ''; now === '' || now === before; now = await workerPid(folder)) {
      assert.ok(systemClock.monotonicMs() < endMs, 'no new worker in ten seconds');
      await systemClock.sleep(pollMs);
    }
  }
}

/** Waits until it is time for number `count`, from 0, of so many a second. */
async function paced(startMs: number, count: number, perSecond: number): Promise<void> {
  const waitMs = startMs + (count * 1_000) / perSecond - systemClock.monotonicMs();
  if (waitMs > 0) await systemClock.sleep(waitMs);
}

/** The instance: two servers that are itself, so that nothing else of the lab is measured. */
export function specOf(version: number): string {
  return `apiVersion: bridgehead/v1
pools:
  - { name: reloads, cidr: 198.18.12.0/24, prefix: 16, gateway: 198.18.0.1, bridge: br0 }
instances:
  - name: ${reloadedName}
    owner: bench
    service: reloads
    tier: 1
    image: bridgehead/haproxy:2.6
    addresses: [{ pool: reloads }]
    resources: { memoryMib: 256, cpus: 2, maxConnections: 2000 }
    config: |
      defaults
        mode http
        timeout connect ${2_000 + version}ms
        timeout client 30s
        timeout server 30s
      frontend web
        bind :80
        http-request set-header x-to %[path,map(${mapFile},none)]
        default_backend origin
      backend origin
        server s1 127.0.0.1:8081
        server s2 127.0.0.1:8081
      frontend inner
        bind 127.0.0.1:8081
        http-request return status 200 content-type text/plain string "ok"
`;
}
