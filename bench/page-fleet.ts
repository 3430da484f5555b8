// The fleet of the page's bench in a process of its own, so that neither the browser's driver nor
// the bench takes time from the scheduler. Started by page.ts with the numbers of hosts and
// instances; cordons and uncordons hosts as it is told, and answers when each was written.

import type { HostName } from '../src/domain/ids.ts';
import { systemClock } from '../src/system/clock.ts';
import { SimulatedFleet } from '../test/page/simulated-fleet.ts';

/** Where the fleet's API is, and what one comes in by. */
export interface Door {
  readonly url: string;
  readonly token: string;
}

export interface Order {
  readonly host: string;
  readonly isCordoned: boolean;
}

/** When an order was committed, wall-clock milliseconds. */
export interface Done {
  readonly writtenMs: number;
}

const [hosts, instances] = process.argv.slice(2).map(Number);
const fleet = await SimulatedFleet.start({ hosts: hosts ?? 0, instances: instances ?? 0 });
const say = (words: Door | Done) => process.send?.(words);
async function obey({ host, isCordoned }: Order): Promise<void> {
  await fleet.scheduler.setCordon(host as HostName, isCordoned ? 'bench' : null, 'bench');
  say({ writtenMs: systemClock.wallMs() });
}

process.on('message', (order: Order) => void obey(order));
process.once('disconnect', () => void fleet[Symbol.asyncDispose]());
say({ url: fleet.url, token: fleet.token });
