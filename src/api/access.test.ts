// The access matrix: every route of the real server, asked by everybody, held against the table in
// docs/access.md.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { rules } from '../access/rules.ts';
import type { Role } from '../domain/access.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { newCredential } from '../trust/credential.ts';
import { type ApiScene, apiScene } from './test-api.ts';

let scene: ApiScene;
let store: PostgresStore;
let api: FastifyInstance;
/** Id of an operation of instance web, which has ended. */
let operation: string;

before(async () => {
  scene = await apiScene();
  ({ store, api } = scene);
  const [first] = await store.transact((tx) => tx.operations({ limit: 1 }));
  assert.ok(first?.objects.includes('instance/web') === true);
  operation = first.id;
});
after(() => scene?.[Symbol.asyncDispose]());

/** A token in the store, as it is shown. */
async function token(
  name: string,
  role: Role,
  owners: readonly string[] | null,
  lifeMs = 60_000,
): Promise<string> {
  const { word, ...made } = newCredential('bha');
  const nowMs = Date.now();
  const of = { createdMs: nowMs, createdBy: 'test', expiresMs: nowMs + lifeMs, usedMs: null };
  const isNew = await store.access.addToken(
    { ...made, ...of, name, role, owners, user: null },
    nowMs - 1e9,
  );
  assert.ok(isNew);
  return word;
}

/** Every caller of the matrix with what they show, and null for nothing. */
async function everybody(): Promise<readonly (readonly [name: string, word: string | null])[]> {
  const revoked = await token('revoked', 'admin', null);
  const { id } = (await store.access.tokenNamed('revoked')) ?? { id: '' };
  await store.access.deleteToken(id);
  const made: [string, string | null][] = [
    ['nothing', null],
    ['garbage', 'garbage'],
    ['expired', await token('expired', 'admin', null, -1_000)],
    ['revoked', revoked],
  ];
  for (const role of ['viewer', 'operator', 'admin'] as const) {
    for (const [whose, owners] of [
      ['own', ['team']],
      ['other', ['strangers']],
      ['all', null],
    ] as const) {
      made.push([`${role} ${whose}`, await token(`${role}-${whose}`, role, owners)]);
    }
  }
  return made;
}

/** How the gate answered: let in, who are you, you may not, there is no such thing. */
type Outcome = 'yes' | '401' | '403' | '404';

async function ask(route: string, word: string | null): Promise<Outcome> {
  const [method = '', path = ''] = route.split(' ');
  const url = path
    // A stream that is let in would not end.
    .replace('/v1/watch', '/v1/watch?kinds=none')
    .replace('/instances/:name', '/instances/web')
    .replace('/hosts/:name', '/hosts/host-1')
    .replace('/operations/:id', `/operations/${operation}`)
    .replace('/rollouts/:id', `/rollouts/${operation}`)
    .replaceAll(/:(backend|server|table|name|version)/g, 'none')
    .replaceAll(':id', '1');
  const answer = await api.inject({
    method: method as 'GET',
    url,
    headers: word === null ? {} : { authorization: `Bearer ${word}` },
    // No request of the API is this: what is let in does nothing.
    ...(method === 'GET' ? {} : { payload: { nothing: 'of the kind' } }),
  });
  // The gate itself answers in JSON; what browsers alone ask for may refuse by a page.
  const isJson = String(answer.headers['content-type']).includes('json');
  const error =
    answer.statusCode < 400 || !isJson
      ? null
      : answer.json<{ error: { code: string; message: string } }>().error;
  if (error?.code === 'UNAUTHORIZED') return '401';
  if (error?.code === 'FORBIDDEN') return '403';
  const isHidden = /^(instance web|operation \S+) does not exist/.test(error?.message ?? '');
  return isHidden ? '404' : 'yes';
}

/** What docs/access.md says: by route, for each role the outcome for own, other and all. */
function documented(): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(join(import.meta.dirname, '../../docs/access.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([A-Z]+ \/\S*)` \| (.+) \|$/gm)];
  return new Map(rows.map(([, route = '', cells = '']) => [route, cells.split(' | ')]));
}

test('the matrix: every route, every role, own and other owners, no, expired and revoked tokens', async () => {
  const table = documented();
  assert.deepEqual([...table.keys()].toSorted(), Object.keys(rules).toSorted());
  const all = await everybody();
  const faults: string[] = [];
  for (const [route, cells] of table) {
    const outcomes = new Map<string, Outcome>();
    for (const [name, word] of all) outcomes.set(name, await ask(route, word));
    const isOpen = cells[0] === 'open';
    for (const name of ['nothing', 'garbage', 'expired', 'revoked']) {
      const expected = isOpen ? 'yes' : '401';
      if (outcomes.get(name) !== expected) faults.push(`${route}: ${name}: ${outcomes.get(name)}`);
    }
    const found = ['viewer', 'operator', 'admin'].map((role) =>
      ['own', 'other', 'all'].map((whose) => outcomes.get(`${role} ${whose}`)).join(' '),
    );
    const expected = isOpen ? ['yes yes yes', 'yes yes yes', 'yes yes yes'] : cells;
    if (found.join() !== expected.join()) faults.push(`${route}: ${found.join(' | ')}`);
  }
  assert.deepEqual(faults, []);
});
