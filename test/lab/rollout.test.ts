// A configuration that HAProxy accepts and that answers 503 to all is rolled out under load: one
// instance gets it and goes back by itself. A good one gets through, and the way back fails nothing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { labLoad } from '../../src/lab/load.ts';
import { applyAnswer } from '../../src/protocol/api.ts';
import { configVersionHead } from '../../src/protocol/config-views.ts';
import { LabClient } from './lab-client.ts';
import { LabUnderTest } from './lab-under-test.ts';

const names = ['roll-1', 'roll-2', 'roll-3'];
const rolloutLimitMs = 180_000;

let lab: LabUnderTest;
let client: LabClient;
before(async () => {
  lab = await LabUnderTest.up('v', 7213);
  client = await LabClient.of(lab.name);
});
after(() => lab?.[Symbol.asyncDispose]());

function specOf(answer: string): string {
  const instances = names.map(
    (name) => `
  - name: ${name}
    owner: team-roll
    service: roll
    tier: 3
    image: bridgehead/haproxy:2.6
    addresses: [{ pool: public-v4 }]
    resources: { memoryMib: 64, cpus: 0.2, maxConnections: 1000 }
    config: |
      defaults
        mode http
        timeout connect 2s
        timeout client 30s
        timeout server 30s
      frontend web
        bind :80
        http-request return ${answer}`,
  );
  return `apiVersion: bridgehead/v1
rollout: { canaries: 1, batchSize: 2, watchS: 15 }
instances:${instances.join('')}
`;
}

async function json(...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await lab.api(...args, '-o', 'json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** Has each of the instances asked all the while, a new connection each time. */
async function underLoad(work: () => Promise<void>) {
  const stop = new AbortController();
  const loads = names.map(async (name) => {
    const address = (await client.settled(name)).addresses[0]?.address ?? '';
    const options = { address, durationMs: 600_000, ratePerSecond: 50, signal: stop.signal };
    return labLoad({ name: lab.name }, options);
  });
  try {
    await work();
  } finally {
    stop.abort();
  }
  const results = await Promise.all(loads);
  assert.ok(results.every(({ sent }) => sent > 0));
  return results.map(({ failed }) => failed);
}

async function rollOut(text: string) {
  const file = await lab.write(text);
  const { operations } = applyAnswer.parse(await json('apply', '-f', file, '--reason', 'a try'));
  assert.deepEqual(
    operations.map(({ kind }) => kind),
    ['rollout'],
  );
  return client.ended(operations[0]?.id ?? '', rolloutLimitMs);
}

async function history(name: string): Promise<readonly string[]> {
  const heads = z.array(configVersionHead).parse(await json('config', 'history', name));
  return heads.map(({ version, reason }) => `${version}: ${reason}`);
}

test('a bad configuration stops at the canary, a good one gets through, and can be gone back from', async (context) => {
  const first = await lab.apply(
    specOf('status 200 content-type text/plain string one'),
    '--wait',
    '--reason',
    'first',
  );
  assert.equal(first.code, 0, first.stderr);

  const [canary, ...others] = await underLoad(async () => {
    // So that there is something to hold it against.
    await lab.load(names[0] ?? '', 10, 1);
    const bad = await rollOut(specOf('status 503'));
    assert.deepEqual([bad.state, bad.error?.code], ['undone', 'ROLLOUT_STOPPED']);
    assert.match(bad.error?.message ?? '', /^instance roll-1: .* answered with 5xx/);
    const tookMs = (bad.endedMs ?? 0) - (bad.startedMs ?? 0);
    context.diagnostic(`stopped and back after ${tookMs} ms: ${bad.error?.message}`);
  });
  context.diagnostic(`failed at the canary: ${canary}; at the others: ${others.join(', ')}`);
  assert.ok((canary ?? 0) > 0, 'the canary did answer 503');
  assert.deepEqual(others, [0, 0]);
  const [newest, second, oldest] = await history('roll-1');
  assert.match(newest ?? '', /^3: rollout went back: instance roll-1: .*5xx/);
  assert.deepEqual([second, oldest], ['2: a try', '1: first']);
  for (const name of names.slice(1)) assert.deepEqual(await history(name), ['1: first']);
  assert.equal(
    await json('config', 'diff', 'roll-1', '1', '3').then((one) =>
      Reflect.get(one as object, 'diff'),
    ),
    '',
  );

  const failed = await underLoad(async () => {
    const good = await rollOut(specOf('status 200 content-type text/plain string two'));
    assert.equal(good.state, 'done', good.error?.message ?? '');
    const tookMs = (good.endedMs ?? 0) - (good.startedMs ?? 0);
    context.diagnostic(
      `through after ${tookMs} ms: ${good.steps.map(({ note }) => note).join(' | ')}`,
    );
    for (const name of names) {
      const { code, stderr } = await lab.api('config', 'rollback', name, '--wait');
      assert.equal(code, 0, stderr);
    }
  });
  assert.deepEqual(failed, [0, 0, 0]);
  const { addresses } = await client.settled('roll-2');
  assert.equal(await lab.fetch(addresses[0]?.address ?? ''), 'one');
  assert.deepEqual(await history('roll-2'), [
    '3: rollback to what it had before',
    '2: a try',
    '1: first',
  ]);
});
