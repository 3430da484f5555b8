// How fast the web page is with a large fleet: the real API over a real database, model agents, Chromium.

import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import type { HostName } from '../src/domain/ids.ts';
import { systemClock } from '../src/system/clock.ts';
import { TestBrowser } from '../test/page/browser.ts';
import { SimulatedFleet } from '../test/page/simulated-fleet.ts';
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
  await using fleet = await SimulatedFleet.start({ hosts, instances });
  await using browser = await TestBrowser.start();
  const page = await browser.open(fleet.url, fleet.token);
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
async function updates(fleet: SimulatedFleet, page: Page, minutes: number) {
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
    await fleet.scheduler.setCordon(name as HostName, isCordoned ? 'bench' : null, 'bench');
    const writtenMs = systemClock.monotonicMs();
    const word = isCordoned ? 'cordoned' : 'ready';
    await page.getByRole('article', { name: `host ${name}, ${word}` }).waitFor();
    updatesMs.push(Math.round(systemClock.monotonicMs() - writtenMs));
    if ((round + 1) % updatesPerMinute === 0) heapMib.push(await heap());
    const restMs = minuteMs / updatesPerMinute - (systemClock.monotonicMs() - beganMs);
    if (restMs > 0) await systemClock.sleep(restMs);
  }
  return { updatesMs, heapMib };
}
