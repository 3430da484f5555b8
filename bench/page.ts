// How fast the web page is with a large fleet: the real API over a real database, model agents, Chromium.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { systemClock } from '../src/system/clock.ts';
import { TestBrowser } from '../test/page/browser.ts';
import type { Done, Door, Order } from './page-fleet.ts';
import { quantile } from './quantile.ts';

const loads = 5;
const updatesPerMinute = 60;
const minuteMs = 60_000;
const mib = 1024 * 1024;

const tell = (text: string) => process.stdout.write(`${text}\n`);

/** `--hosts` 1,000, `--instances` 10,000, `--minutes` 10 of one update a second. */
export async function benchPage(args: readonly string[]): Promise<object> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: 'string', default: '1000' },
      instances: { type: 'string', default: '10000' },
      minutes: { type: 'string', default: '10' },
    },
  });
  const [hosts, instances] = [Number(values.hosts), Number(values.instances)];
  await using fleet = await Fleet.start(hosts, instances);
  await using browser = await TestBrowser.start();
  const page = await browser.open(fleet.door.url, fleet.door.token);
  await page.locator('.tile').first().waitFor();
  tell(`${hosts} hosts, ${instances} instances`);
  const firstViewsMs = await firstViews(page, hosts);
  tell(`first view, from the reload on: ${firstViewsMs.join(', ')} ms`);
  const { updatesMs, heapMib } = await updates(fleet, page, Number(values.minutes));
  const figures = {
    ...{ hosts, instances, firstViewsMs },
    updates: updatesMs.length,
    updateMedianMs: quantile(updatesMs, 0.5),
    updateP99Ms: quantile(updatesMs, 0.99),
    heapMib,
  };
  tell(
    `update on screen after it was written: median ${figures.updateMedianMs} ms, p99 ${figures.updateP99Ms} ms`,
  );
  tell(`heap of the page, after collecting, each minute: ${heapMib.join(', ')} MiB`);
  return figures;
}

/** A scheduler with its database and model agents, beside this process. */
class Fleet implements AsyncDisposable {
  readonly door: Door;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, door: Door) {
    this.#child = child;
    this.door = door;
  }

  static async start(hosts: number, instances: number): Promise<Fleet> {
    const child = fork(join(import.meta.dirname, 'page-fleet.ts'), [`${hosts}`, `${instances}`]);
    return new Fleet(child, await said<Door>(child));
  }

  /** @returns when it was written, wall-clock milliseconds */
  async cordon(order: Order): Promise<number> {
    this.#child.send(order);
    return (await said<Done>(this.#child)).writtenMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}

async function said<Words>(child: ChildProcess): Promise<Words> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const gone = once(child, 'exit', { signal }).then(() => {
    throw new Error('the process of the fleet has ended');
  });
  try {
    const [words] = await Promise.race([once(child, 'message', { signal }), gone]);
    return words as Words;
  } finally {
    // Neither waits any longer, and the one that was still waiting is not missed.
    gone.catch(() => undefined);
    waiting.abort();
  }
}

async function firstViews(page: Page, hosts: number): Promise<readonly number[]> {
  const took: number[] = [];
  for (let load = 0; load < loads; load += 1) {
    const startMs = systemClock.monotonicMs();
    await page.reload();
    await page.getByText(`${hosts.toLocaleString('en')} hosts`).waitFor();
    await page.locator('.tile').first().waitFor();
    took.push(Math.round(systemClock.monotonicMs() - startMs));
  }
  return took;
}

/** A host in sight is cordoned and uncordoned, once a second. */
async function updates(fleet: Fleet, page: Page, minutes: number) {
  const name = (await page.locator('.tile .name').first().textContent()) ?? '';
  const session = await page.context().newCDPSession(page);
  const heap = async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    return Math.round((usedSize / mib) * 10) / 10;
  };
  const updatesMs: number[] = [];
  const heapMib = [await heap()];
  for (let round = 0; round < minutes * updatesPerMinute; round += 1) {
    const beganMs = systemClock.monotonicMs();
    const isCordoned = round % 2 === 0;
    const word = isCordoned ? 'cordoned' : 'ready';
    const tile = page.getByRole('article', { name: `host ${name}, ${word}` });
    const [writtenMs, shownMs] = await Promise.all([
      fleet.cordon({ host: name, isCordoned }),
      tile.waitFor().then(() => systemClock.wallMs()),
    ]);
    updatesMs.push(Math.max(0, Math.round(shownMs - writtenMs)));
    if ((round + 1) % updatesPerMinute === 0) heapMib.push(await heap());
    const restMs = minuteMs / updatesPerMinute - (systemClock.monotonicMs() - beganMs);
    if (restMs > 0) await systemClock.sleep(restMs);
  }
  return { updatesMs, heapMib };
}
