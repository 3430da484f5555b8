// Text that somebody else chose (a log line, a note, a name) is answered as data and never as a page.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { HostName } from '../domain/ids.ts';
import { problem } from '../protocol/problem.ts';
import { Fleet, spec } from '../scheduler/test-fleet.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { systemClock } from '../system/clock.ts';
import { type ApiScene, apiScene, authorization } from './test-api.ts';

/** Would be code in a page, ends a script or an event of a stream, and forges a header. */
const evil = `</script><img src=x onerror="globalThis.hit=1">\r\nx-evil: 1\n\ndata: {}\n\n`;
/** Beyond a header's and a name's lines. */
const mark = 'onerror=';

let scene: ApiScene;
let store: PostgresStore;
let fleet: Fleet;
let api: FastifyInstance;

before(async () => {
  scene = await apiScene((store) => Fleet.start(store));
  ({ store, fleet, api } = scene);
});
after(() => scene?.[Symbol.asyncDispose]());

const get = (url: string, accept = 'text/html') =>
  api.inject({ url, headers: { authorization, accept } });

async function checkData(url: string): Promise<string> {
  const { headers, body } = await get(url);
  assert.match(String(headers['content-type']), /^application\/(problem\+)?json/, url);
  assert.equal(headers['x-content-type-options'], 'nosniff', url);
  assert.match(String(headers['content-security-policy']), /default-src 'self'/, url);
  assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/, url);
  assert.equal(headers['x-evil'], undefined, url);
  return body;
}

test('a log line, an instance note and a reason come back as they were said, as JSON', async () => {
  await fleet.apply(
    spec('one').replace('    image:', `    notes: ${JSON.stringify(evil)}\n    image:`),
  );
  await fleet.scheduler.setCordon('host-2' as HostName, evil, 'ann');
  const atMs = systemClock.wallMs();
  await store.logs.append([
    {
      ...{ receivedMs: atMs, saidMs: atMs, host: 'host-1', source: '198.18.0.11' },
      ...{ hostname: evil, app: evil, pid: '', facility: 0, severity: 3, form: 'rfc5424' },
      ...{ repeats: 1, text: evil, boot: '', sequence: null },
    },
  ]);
  for (const [url, at] of [
    ['/v1/instances/web', (body) => (body as { notes: string }).notes],
    ['/v1/hosts/host-2', (body) => (body as { cordonReason: string }).cordonReason],
    ['/v1/logs', (body) => (body as { items: { text: string }[] }).items[0]?.text],
  ] satisfies [string, (body: unknown) => string | undefined][]) {
    assert.equal(at(JSON.parse(await checkData(url))), evil, url);
  }
  assert.ok((await checkData('/v1/events')).includes(mark));
});

test('what is asked for and not there is named in a problem, not in a page', async () => {
  for (const url of [
    `/v1/hosts/${encodeURIComponent(evil)}`,
    `/v1/instances/${encodeURIComponent(evil)}`,
    `/v1/logs?query=${encodeURIComponent(`severity:${evil}`)}`,
    `/${encodeURIComponent(evil)}`,
  ]) {
    const { code } = problem.parse(JSON.parse(await checkData(url)));
    assert.match(code, /^(NOT_FOUND|REQUEST_INVALID)$/, url);
  }
});

test('no host and no instance can be called that', async () => {
  const post = (url: string, payload: object) =>
    api.inject({ method: 'POST', url, headers: { authorization }, payload });
  const name = JSON.stringify('<img src=x onerror=hit()>');
  const text = spec('one').replace('name: host-1', `name: ${name}`);
  for (const bad of [text, spec('one').replace('name: web', `name: ${name}`)]) {
    const answer = await post('/v1/apply', { source: 's.yaml', text: bad, dryRun: true });
    assert.equal(problem.parse(answer.json()).code, 'SPEC_INVALID');
  }
  const answer = await post('/v1/join-tokens', { host: '<img src=x onerror=hit()>' });
  assert.equal(problem.parse(answer.json()).code, 'REQUEST_INVALID');
});
