import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instances } from './test-records.ts';
import { TestServer } from './test-server.ts';
import { nowMs, runLine } from './test-terminal.ts';

const shed = { host: 'host-2', instance: 'shop-api', tier: 0, sinceMs: nowMs - 300_000 };
const record = {
  ...instances[0],
  ...{ host: null, epoch: null, loadedHash: null, problem: null, phase: 'shed', tier: 3, shed },
};
const explanation = { instance: 'shop-web', host: null, choice: null, candidates: [], shed };

test('an instance that gave way says so wherever it is looked at', async () => {
  await using server = await TestServer.start({
    'GET /v1/instances': () => ({ items: [record] }),
    'GET /v1/instances/shop-web': () => record,
    'GET /v1/instances/shop-web/explain': () => explanation,
    'GET /v1/operations?limit=1000&open=true&object=instance%2Fshop-web': () => ({ items: [] }),
    'GET /v1/events?limit=10&object=instance%2Fshop-web': () => ({ items: [] }),
  });
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const run = async (line: string) => (await runLine(line.split(' '), { env })).out;
  assert.match(await run('get instances'), /^shop-web {2}shed for shop-api, tier 0 {2}-/m);
  const when =
    'for shop-api, tier 0, on host-2, 5 min 0 s ago; comes back when there is room again';
  const described = await run('describe instance shop-web');
  assert.match(described, /^Phase {6}shed for shop-api, tier 0$/m);
  assert.ok(described.includes(`Shed       ${when}\n`), described);
  assert.match(await run('explain shop-web'), new RegExp(`^it was shed ${when}$`, 'm'));
});
