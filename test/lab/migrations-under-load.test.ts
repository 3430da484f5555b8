// An instance goes round the hosts while clients keep coming: not one of them may fail. No ARP
// witness here: the answers to its questions would teach the bridges where the address is, which is
// the announcements' job.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { labLoad } from '../../src/lab/load.ts';
import { systemClock } from '../../src/system/clock.ts';
import { labHosts, onlyOn } from './holders.ts';
import { LabClient } from './lab-client.ts';
import { exampleFile, LabUnderTest } from './lab-under-test.ts';

const migrations = Number(process.env['BRIDGEHEAD_LOAD_MIGRATIONS'] ?? 50);
const ratePerSecond = 200;
/**
 * From one migration to the next at the least. Linux sends a SYN again each second: migrations that
 * followed each other as fast would meet the same connection every time, until it gives up.
 */
const periodMs = 1_500;
const name = 'shop-web';

let lab: LabUnderTest;
let client: LabClient;
before(async () => {
  lab = await LabUnderTest.up('l', 7187);
  client = await LabClient.of(lab.name);
});
after(() => lab?.[Symbol.asyncDispose]());

test(`${migrations} migrations under ${ratePerSecond} new connections a second: no request fails`, async (context) => {
  // In the example, shop-api keeps shop-web off its host; here it is to go everywhere.
  const text = await readFile(exampleFile, 'utf8');
  const free = text.replace('    placement:\n      avoid: [shop-web]\n', '');
  assert.notEqual(free, text);
  assert.equal(await client.apply(free), 200);
  const { addresses } = await client.settled(name);
  const address = addresses[0]?.address ?? '';
  const stop = new AbortController();
  const { signal } = stop;
  const loading = labLoad(
    { name: lab.name },
    { address, durationMs: 600_000, ratePerSecond, signal },
  );
  const visited = new Set<string>();
  try {
    for (let moved = 0; moved < migrations; moved += 1) {
      const rested = systemClock.sleep(periodMs);
      visited.add(await moveOn(moved));
      await rested;
    }
  } finally {
    stop.abort();
  }
  const load = await loading;
  context.diagnostic(JSON.stringify({ migrations, ...load }));
  assert.equal(load.failed, 0, JSON.stringify(load));
  assert.ok(load.ok > migrations * ratePerSecond, 'load ran all the time');
  assert.equal(visited.size, labHosts.length, 'it went round all hosts');
});

/** Moves the instance to the next host of the ring. @returns that host */
async function moveOn(moved: number): Promise<string> {
  const { host } = await client.settled(name);
  const at = labHosts.findIndex((one) => one === host);
  const target = labHosts[(at + 1) % labHosts.length] ?? '';
  const answer = await client.migrate(name, target, `round ${moved}`);
  assert.ok(answer.isTaken, JSON.stringify(answer));
  const ended = await client.ended(answer.operation.id);
  assert.equal(ended.state, 'done', JSON.stringify(ended));
  await onlyOn(lab, await client.settled(name), target);
  return target;
}
