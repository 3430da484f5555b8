import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from './test-server.ts';
import { nowMs, runLine } from './test-terminal.ts';

async function ask(line: string, answer: unknown) {
  await using server = await TestServer.start(
    new Proxy({}, { get: () => () => answer, has: () => true }),
  );
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const ran = await runLine(line.split(' '), { env });
  return { ...ran, asked: server.seen.map(({ method, path, body }) => ({ method, path, body })) };
}

const head = (version: number, reason: string) => ({
  ...{ version, reason, atMs: nowMs, who: version === 1 ? '' : 'ann' },
  hash: `${version}`.repeat(64),
});

test('the history names version, time, author, hash and reason', async () => {
  const { out, asked } = await ask('config history shop-web', {
    items: [head(2, 'new word'), head(1, '')],
  });
  assert.equal(asked[0]?.path, '/v1/instances/shop-web/versions');
  assert.match(out, /^2 +\S.* +ann +222222222222 +new word$/m);
  assert.match(out, /^1 +\S.* +- +111111111111 +-$/m);
});

test('a version is printed as its owner wrote it, or as HAProxy reads it', async () => {
  const texts = { config: 'frontend f\n', rendered: 'global\n', image: 'i' };
  const view = { ...head(3, ''), ...texts };
  const plain = await ask('config show w', view);
  assert.deepEqual(
    [plain.out, plain.asked[0]?.path],
    ['frontend f\n', '/v1/instances/w/versions/newest'],
  );
  const rendered = await ask('config show w 3 --rendered', view);
  assert.deepEqual(
    [rendered.out, rendered.asked[0]?.path],
    ['global\n', '/v1/instances/w/versions/3'],
  );
});

test('a diff names both versions, and another image', async () => {
  const answer = {
    ...{ from: head(1, ''), to: head(2, ''), images: { from: 'i:1', to: 'i:2' } },
    diff: '@@ -1 +1 @@\n-a\n+b',
  };
  const { out, asked } = await ask('config diff w 1 2 --rendered', answer);
  assert.equal(asked[0]?.path, '/v1/instances/w/diff?rendered=true&from=1&to=2');
  assert.equal(out, '--- w version 1\n+++ w version 2\nimage: i:1 -> i:2\n@@ -1 +1 @@\n-a\n+b\n');
  const images = { from: 'i:1', to: 'i:1' };
  const same = await ask('config diff w', { ...answer, images, diff: '' });
  assert.equal(same.asked[0]?.path, '/v1/instances/w/diff?rendered=false');
  assert.equal(same.out, 'versions 1 and 2 are equal\n');
});

test('a rollback sends its version and reason, and shows what it changed', async () => {
  const change = { kind: 'instance', name: 'w', action: 'update' };
  const fields = [{ field: 'config', before: null, after: '@@ -1 +1 @@\n-b\n+a' }];
  const operations = [{ id: 'op', kind: 'configure', objects: [] }];
  const answer = { dryRun: false, changes: [{ ...change, fields }], warnings: [], operations };
  const { out, asked } = await ask('config rollback w --to 3 --reason slow', answer);
  const path = '/v1/instances/w/rollback';
  assert.deepEqual(asked[0], { method: 'POST', path, body: { to: 3, reason: 'slow' } });
  assert.match(out, /^~ instance w\n {4}config:\n {6}@@ .*\n {6}-b\n {6}\+a\n1 updated/);
  const plain = await ask('config rollback w', answer);
  assert.deepEqual(plain.asked[0]?.body, { reason: '' });
  const wrong = await ask('config rollback w --to x', answer);
  assert.deepEqual([wrong.code, wrong.asked], [2, []]);
});

test('what HAProxy reads is shown of a dry run where that is asked for', async () => {
  const fields = [{ field: 'rendered', before: null, after: '@@ -0,0 +1 @@\n+global' }];
  const answer = {
    changes: [{ kind: 'instance', name: 'w', action: 'create', fields }],
    ...{ dryRun: true, warnings: [], operations: [] },
  };
  const plain = await ask('apply -f - --dry-run', answer);
  assert.match(plain.out, /^\+ instance w\ndry run/);
  const full = await ask('apply -f - --dry-run --rendered', answer);
  assert.match(full.out, /^\+ instance w\n {4}rendered:\n {6}@@ .*\n {6}\+global\ndry run/);
});
