// A server that is drained live, and kept so, stays drained through a configuration change and a
// migration under load, and the numbers say what happens.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { labLoad } from '../../src/lab/load.ts';
import { serversView } from '../../src/protocol/live-views.ts';
import { numbersView } from '../../src/protocol/number-views.ts';
import { labHosts } from './holders.ts';
import { LabClient } from './lab-client.ts';
import { eventually, exampleFile, LabUnderTest } from './lab-under-test.ts';

const name = 'shop-web';

let lab: LabUnderTest;
let client: LabClient;
before(async () => {
  lab = await LabUnderTest.up('c', 7211);
  client = await LabClient.of(lab.name);
});
after(() => lab?.[Symbol.asyncDispose]());

async function json(...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await lab.api(...args, '-o', 'json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function stateOf(server: string): Promise<string | undefined> {
  const { items } = serversView.parse({ items: await json('servers', 'list', name) });
  return items.find((one) => one.server === server)?.state;
}

/** Requests by the second of the last five, at the frontend and at each server. */
async function rates(): Promise<ReadonlyMap<string, number>> {
  const { points } = numbersView.parse(await json('stats', name));
  const rows = points.at(-1)?.rows ?? [];
  return new Map(
    rows.map((row) => [`${row.kind} ${row.server || row.proxy}`, row.perSecond['requests'] ?? 0]),
  );
}

test('numbers move under load; what is drained and kept stays so, and no request fails', async (context) => {
  const settled = await client.settled(name);
  const address = settled.addresses[0]?.address ?? '';
  const stop = new AbortController();
  const { signal } = stop;
  const loading = labLoad(
    { name: lab.name },
    { address, durationMs: 600_000, ratePerSecond: 100, signal },
  );
  try {
    await eventually(async () => {
      const seen = await rates();
      for (const what of ['frontend web', 'server shop-1', 'server shop-2']) {
        assert.ok((seen.get(what) ?? 0) > 10, `${what}: ${JSON.stringify([...seen])}`);
      }
    });
    await json('servers', 'set', name, 'shop/shop-1', '--state', 'drain', '--keep');
    const onlyTheOther = () =>
      eventually(async () => {
        const seen = await rates();
        const shown = JSON.stringify([...seen]);
        assert.equal(seen.get('server shop-1'), 0, shown);
        assert.ok((seen.get('server shop-2') ?? 0) > 50, shown);
        assert.equal(await stateOf('shop-1'), 'drain');
      });
    await onlyTheOther();

    const text = await readFile(exampleFile, 'utf8');
    assert.equal(await client.apply(text.replace('timeout connect 2s', 'timeout connect 3s')), 200);
    await eventually(async () => {
      const now = await client.settled(name);
      assert.notEqual(now.configHash, settled.configHash);
      assert.equal(now.loadedHash, now.configHash);
    });
    await onlyTheOther();

    // The one of the three that neither it is on, nor the other that must not share a host with it.
    const other = (await client.settled('shop-api')).host;
    const target = labHosts.find((host) => host !== settled.host && host !== other) ?? '';
    const answer = await client.migrate(name, target, 'live control');
    assert.ok(answer.isTaken, JSON.stringify(answer));
    assert.equal((await client.ended(answer.operation.id)).state, 'done');
    await onlyTheOther();

    assert.match(
      (await lab.api('describe', 'instance', name)).stdout,
      /Kept +server shop\/shop-1: drain/,
    );
    await json('servers', 'set', name, 'shop/shop-1', '--state', 'ready', '--keep');
    await eventually(async () => assert.ok(((await rates()).get('server shop-1') ?? 0) > 10));
  } finally {
    stop.abort();
  }
  const load = await loading;
  context.diagnostic(JSON.stringify(load));
  assert.equal(load.failed, 0, JSON.stringify(load));
});
