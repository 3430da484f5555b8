// Broken specs and broken requests against the API that takes specs and configurations: each is
// answered, none with a fault of the server's, and the instance that serves meanwhile is not touched.
// The full count: API_FUZZ_INPUTS=10000 node --test --test-global-setup=src/store/test-server.ts
// test/unit/api-fuzz.test.ts; API_FUZZ_SEED for another course. Both are printed.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { type ApiScene, apiScene, authorization } from '../../src/api/test-api.ts';
import { specOf, specYaml } from '../../src/cli/import-spec.ts';
import { mutated, randomOf } from '../../src/crash/test-mutation.ts';
import { importConfig } from '../../src/haproxy/import/import.ts';
import { Fleet, spec } from '../../src/scheduler/test-fleet.ts';
import { specWith, wide } from '../../src/spec/services/services.samples.ts';
import type { PostgresStore } from '../../src/store/postgres-store.ts';

const inputs = Number(process.env['API_FUZZ_INPUTS'] ?? 150);
const seed = Number(process.env['API_FUZZ_SEED'] ?? 1);
/** By then a request hangs; what takes longest here takes less than a hundredth of it. */
const hangMs = 60_000;

let scene: ApiScene;
let store: PostgresStore;
let fleet: Fleet;
let api: FastifyInstance;

before(async () => {
  scene = await apiScene();
  ({ store, fleet, api } = scene);
});
after(() => scene?.[Symbol.asyncDispose]());

const configs = join(import.meta.dirname, 'import-configs');
const imported = readdirSync(configs)
  .filter((name) => name.endsWith('.cfg'))
  .map((name) => {
    const text = readFileSync(join(configs, name), 'utf8');
    const options = {
      ...{ name: 'web', fallbackName: 'web', localPeer: 'here', pages: new Map() },
      ...{ environment: {}, mapped: new Map(), isKeeping: false, isMerging: true },
      pools: [{ name: 'public', family: 4, cidr: null } as const],
    };
    const whole = importConfig([{ name, text, encoding: 'utf-8' }], options);
    return specYaml(specOf(whole, { owner: 'team', service: 'web', image: 'image:1' }));
  });
const specs = [
  ...imported,
  spec('two', '        http-request deny if { path /no }\n'),
  specWith(wide),
  specWith(wide, 'listen own\n    bind :81\n'),
  ...['shop.yaml', 'services.yaml'].map((name) =>
    readFileSync(join(import.meta.dirname, '../../examples', name), 'utf8'),
  ),
];
// Behind any text, so that the whole is refused also where the rest came through unharmed.
const poison = '\n---\napiVersion: bridgehead/v1\ninstances: [{ name: Not A Name }]\n';

const oddValues: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  '\0',
  '\ud800',
  [],
  {},
  [[[]]],
  'x'.repeat(2_000),
  '../../etc/passwd',
  '__proto__',
  { toString: 1 },
];

test(`${inputs} broken specs and requests`, { timeout: 3_600_000 }, async (context) => {
  const startMs = performance.now();
  const touched = await state();
  const statuses = new Map<number, number>();
  for (let number = 0; number < inputs; number += 1) {
    const random = randomOf(seed * 1_000_003 + number);
    const request = requestOf(random);
    for (const agent of fleet.agents) agent.fault = random() < 0.3 ? 'refuse-config' : null;
    try {
      const { statusCode, body } = await inTime(request);
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      assert.ok(statusCode < 500, `${statusCode} ${body.slice(0, 2_000)}`);
      const answer = JSON.parse(body) as { dryRun?: boolean };
      if (statusCode === 200) assert.notEqual(answer.dryRun, false);
    } catch (cause) {
      const shown = JSON.stringify(request).slice(0, 20_000);
      throw new Error(`input ${number} of seed ${seed}: ${shown}`, { cause });
    }
  }
  told(context, startMs, statuses);
  assert.deepEqual(await state(), touched);
  const asked = new Set(fleet.agents.flatMap((agent) => agent.asked));
  assert.deepEqual(
    [...asked].filter((kind) => kind !== 'validate'),
    [],
  );
  // What is told when nothing is asked shows that the fleet still works.
  const { statusCode } = await inTime(applyOf(spec('one'), { dryRun: true }));
  assert.equal(statusCode, 200);
});

/** All that the requests must leave as it is: what is desired, what runs, and what was begun. */
async function state() {
  const { instances, pools } = await store.transact((tx) => tx.fleet());
  const versions = await inTime(read('/v1/instances/web/versions'));
  const operations = await inTime(read('/v1/operations'));
  const shown = fleet.agents.map(({ host, told: desired, shown: there }) => ({
    host,
    desired,
    there: [...there],
  }));
  return { instances, pools, shown, versions: versions.body, operations: operations.body };
}

function requestOf(random: () => number): InjectOptions {
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item;
  const kind = random();
  const text = mutated(pick(specs), random);
  if (kind < 0.55) return applyOf(text, { dryRun: true, prune: random() < 0.3 });
  if (kind < 0.75) return applyOf(text + poison, { dryRun: false, takeOver: random() < 0.3 });
  if (kind < 0.85) {
    // A request of another shape: fields that are odd, or a body that is no JSON.
    const body: Record<string, unknown> = { text: text + poison };
    const fields = ['text', 'source', 'dryRun', 'prune', 'takeOver', 'reason', 'owners', 'more'];
    for (let left = 1 + random() * 3; left > 0; left -= 1) body[pick(fields)] = pick(oddValues);
    const whole = JSON.stringify(body);
    const payload = random() < 0.5 ? whole : mutated(whole, random);
    return applyOf('', {}, { payload, headers: { 'content-type': pick(types) } });
  }
  const name = pick(['web', 'nobody', '%00', '..%2f..', 'A', 'w'.repeat(300), '%ed%a0%80']);
  const word = pick(['0', '-1', '1.5', '99999999999999999999', 'newest', 'x', '%00', '2']);
  const more = pick(['', `?from=${word}`, `?to=${word}&rendered=${word}`, '?from=1&from=2']);
  if (kind < 0.93) {
    const part = pick([`versions/${word}`, `diff${more}`, `versions${more}`]);
    return read(`/v1/instances/${name}/${part}`);
  }
  // There is no version of these numbers to go back to.
  const to = pick([2, 0, -1, 1.5, 2_147_483_647, 2_147_483_648, '1', {}]);
  const body = { to, reason: pick<unknown>(['why', '', 7, null, 'x'.repeat(5_000)]) };
  const other = name === 'web' ? body : { ...body, to: pick([1, to]) };
  return {
    method: 'POST',
    url: `/v1/instances/${name}/rollback`,
    headers: { authorization },
    payload: other,
  };
}

const types = [
  'application/json',
  'application/json; charset=utf-16',
  'text/plain',
  'image/png',
  '',
];

function applyOf(text: string, fields: object, different: InjectOptions = {}): InjectOptions {
  return {
    method: 'POST',
    url: '/v1/apply',
    payload: { source: 'fuzz.yaml', text, ...fields },
    ...different,
    headers: { authorization, ...different.headers },
  };
}

function read(url: string): InjectOptions {
  return { method: 'GET', url, headers: { authorization } };
}

async function inTime(request: InjectOptions) {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${hangMs} ms`)), hangMs);
  });
  try {
    return await Promise.race([api.inject(request), hang]);
  } finally {
    clearTimeout(timer);
  }
}

function told(context: TestContext, startMs: number, statuses: ReadonlyMap<number, number>): void {
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  const peakMiB = Math.round(process.resourceUsage().maxRSS / 1_024);
  const counts = [...statuses].toSorted((a, b) => a[0] - b[0]).map(([code, n]) => `${code}: ${n}`);
  context.diagnostic(
    `${inputs} inputs, seed ${seed}, ${seconds} s, peak RSS ${peakMiB} MiB; ${counts.join(', ')}`,
  );
}
