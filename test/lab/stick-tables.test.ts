// What an instance has counted moves along with it: its configuration has a peers section, and a
// migration under load brings every entry of the stick table to the target.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { askHaproxy } from '../../src/agent/haproxy-socket.ts';
import { labLoad } from '../../src/lab/load.ts';
import { labPaths } from '../../src/lab/paths.ts';
import { labHosts, onlyOn } from './holders.ts';
import { LabClient, type Settled } from './lab-client.ts';
import { eventually, exampleFile, LabUnderTest } from './lab-under-test.ts';

const name = 'counted';
const clients = 300;
const repeats = 41;
const repeated = '10.0.0.7';
/** Requests of the load that may be counted late, and then not at all. */
const lateMax = 5;
const instance = `
  - name: ${name}
    owner: team-shop
    service: counting
    tier: 1
    image: bridgehead/haproxy:2.6
    addresses: [{ pool: public-v4 }]
    resources: { memoryMib: 128, cpus: 0.5, maxConnections: 2000 }
    config: |
      defaults
        mode http
        timeout connect 2s
        timeout client 30s
        timeout server 30s
      peers counting
        bind :1024
        server ${name}
      frontend web
        bind :80
        http-request track-sc0 hdr_ip(x-client) table clients
        http-request track-sc1 src table clients
        http-request return status 200 content-type text/plain string "counted"
      backend clients
        stick-table type ip size 10k expire 30m store http_req_cnt,http_req_rate(30m) peers counting
`;

let lab: LabUnderTest;
let client: LabClient;
before(async () => {
  lab = await LabUnderTest.up('p', 7195);
  client = await LabClient.of(lab.name);
});
after(() => lab?.[Symbol.asyncDispose]());

test('a migration brings the stick tables along, there and back, and no request fails', async (context) => {
  assert.equal(await client.apply((await readFile(exampleFile, 'utf8')) + instance), 200);
  const settled = await client.settled(name);
  const home = settled.host;
  const address = settled.addresses[0]?.address ?? '';
  await comeFromEverywhere(address);
  const before = await countsOn(settled, home);
  assert.equal(before.get(repeated), 1 + repeats);
  assert.equal(before.size, clients + 1, 'all clients, and the address that they came from');

  const stop = new AbortController();
  const { signal } = stop;
  const loading = labLoad(
    { name: lab.name },
    { address, durationMs: 600_000, ratePerSecond: 100, signal },
  );
  const away = labHosts.find((host) => host !== home) ?? '';
  try {
    // Back again too: by then the source knows the entries from its peer only.
    for (const target of [away, home]) {
      await migrate(target, context);
      const counts = await countsOn(settled, target);
      assert.equal(counts.size, before.size);
      for (const [key, count] of before) assert.ok((counts.get(key) ?? 0) >= count, key);
      assert.equal(counts.get(repeated), 1 + repeats);
    }
  } finally {
    stop.abort();
  }
  const load = await loading;
  assert.equal(load.failed, 0, JSON.stringify(load));
  const sent = clients + repeats + load.ok;
  const own = [...before.keys()].find((key) => !key.startsWith('10.0.')) ?? '';
  const counted = (await countsOn(settled, home)).get(own) ?? 0;
  context.diagnostic(JSON.stringify({ ...load, sent, counted }));
  // What the load added while it all was under way has come along too. Peers replace each other's
  // values and do not add them up, so that a word of the source that comes late may take some back.
  assert.ok(counted <= sent && counted >= sent - lateMax, `${counted} of ${sent}`);
});

/** Moves the instance, and waits until nothing is left of it elsewhere. */
async function migrate(target: string, context: { diagnostic(text: string): void }): Promise<void> {
  const answer = await client.migrate(name, target, 'stick tables');
  assert.ok(answer.isTaken, JSON.stringify(answer));
  const ended = await client.ended(answer.operation.id);
  assert.equal(ended.state, 'done', JSON.stringify(ended));
  for (const { name: step, note, startedMs, endedMs } of ended.steps) {
    context.diagnostic(`${step} ${(endedMs ?? 0) - startedMs} ms: ${note}`);
  }
  const sync = ended.steps.find((step) => step.name === 'sync');
  assert.match(sync?.note ?? '', /has the stick tables of counting after/);
  await onlyOn(lab, await client.settled(name), target);
}

/** Requests of many clients, by the header that the instance counts, and more of one of them. */
async function comeFromEverywhere(address: string): Promise<void> {
  const script = `(async () => {
    const sources = Array.from({ length: ${clients} }, (_, at) => '10.0.' + (at >> 8) + '.' + (at & 255));
    for (let more = 0; more < ${repeats}; more += 1) sources.push('${repeated}');
    for (const source of sources) {
      const answer = await fetch('http://${address}/', { headers: { 'x-client': source } });
      if ((await answer.text()) !== 'counted') throw new Error('answered ' + answer.status);
    }
  })().catch((error) => { console.error(error); process.exit(1); });`;
  const result = await lab.inside('client', process.execPath, '-e', script);
  assert.equal(result.code, 0, result.stderr);
}

/** Requests of each client, by the word of the HAProxy on that host. */
function countsOn({ id }: Settled, host: string): Promise<ReadonlyMap<string, number>> {
  const folder = join(labPaths(lab.name).host(host).agent, 'instances', id, 'run');
  return eventually(async () => {
    const text = await askHaproxy(folder, 'stats.sock', 'show table clients');
    const rows = [...text.matchAll(/key=(\S+) .*http_req_cnt=(\d+)/g)];
    return new Map(rows.map(([, key = '', count]) => [key, Number(count)]));
  });
}
