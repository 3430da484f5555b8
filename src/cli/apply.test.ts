import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import type { ApplyAnswer } from '../protocol/api.ts';
import { type Answer, TestServer } from './test-server.ts';
import { runLine, type Surroundings } from './test-terminal.ts';

const answer: ApplyAnswer = {
  dryRun: false,
  changes: [
    { kind: 'pool', name: 'public-v4', action: 'none', fields: [] },
    { kind: 'host', name: 'host-1', action: 'create', fields: [] },
    {
      kind: 'instance',
      name: 'shop-web',
      action: 'update',
      fields: [
        { field: 'tier', before: '0', after: '1' },
        { field: 'placement.zones', before: null, after: 'north' },
        {
          field: 'config',
          before: null,
          after: '@@ -1,2 +1,2 @@\n frontend web\n-  bind :80\n+  bind :81',
        },
      ],
    },
    { kind: 'instance', name: 'old', action: 'delete', fields: [] },
  ],
  warnings: [],
  operations: [],
};

async function apply(argv: readonly string[], reply: Answer, around: Surroundings = {}) {
  await using server = await TestServer.start({ 'POST /v1/apply': reply });
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const ran = await runLine(['apply', ...argv], { ...around, env: { ...env, ...around.env } });
  return { ...ran, seen: server.seen };
}

test('apply -f - sends standard input and prints what changed', async () => {
  const { code, out, err, seen } = await apply(['-f', '-'], () => answer, { input: 'pools: []\n' });
  assert.equal(code, 0);
  assert.equal(err, '');
  assert.equal(
    out,
    `+ host host-1
~ instance shop-web
    tier: 0 -> 1
    placement.zones: (none) -> north
    config:
      @@ -1,2 +1,2 @@
       frontend web
      -  bind :80
      +  bind :81
- instance old
1 created, 1 updated, 1 deleted, 1 unchanged
`,
  );
  assert.deepEqual(seen[0]?.body, {
    source: 'stdin',
    text: 'pools: []\n',
    dryRun: false,
    prune: false,
    takeOver: false,
  });
});

test('a dry run says so, and every flag travels', async () => {
  const { out, seen } = await apply(['-f', '-', '--dry-run', '--prune', '--take-over'], () => ({
    ...answer,
    dryRun: true,
  }));
  assert.match(
    out,
    /\ndry run, nothing was changed: 1 to create, 1 to update, 1 to delete, 1 unchanged\n$/,
  );
  assert.deepEqual(seen[0]?.body, {
    source: 'stdin',
    text: '',
    dryRun: true,
    prune: true,
    takeOver: true,
  });
});

test('additions are green and removals red on a terminal', async () => {
  const { out } = await apply(['-f', '-'], () => answer, { isTty: true });
  assert.ok(out.includes('\u001B[32m+ host host-1'));
  assert.ok(out.includes('\u001B[31m-  bind :80'));
  assert.ok(out.includes('\u001B[31m- instance old'));
});

test('findings are shown with their line and a caret under the column', async () => {
  const text = 'instances:\n  - name: shop-web\n\ttier: 9\n';
  const refused = new BridgeheadError('SPEC_INVALID', 'stdin:3:8: no such tier', 'Correct it.', {
    findings: [
      { line: 3, column: 8, message: 'no such tier', object: 'instance shop-web' },
      { line: 2, column: 11, message: 'a second fault' },
      { line: 99, column: 1, message: 'the end is missing' },
    ],
  });
  const { code, out, err } = await apply(['-f', '-'], () => refused, { input: text });
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.equal(
    err,
    `stdin:3:8: no such tier (instance shop-web)
  \ttier: 9
  \t      ^
stdin:2:11: a second fault
    - name: shop-web
            ^
stdin:99:1: the end is missing
error: stdin:3:8: no such tier (SPEC_INVALID)
next: Correct it.
`,
  );
});

test('with -o json findings are in the error object only', async () => {
  const findings = [{ line: 1, column: 1, message: 'no' }];
  const refused = new BridgeheadError('SPEC_INVALID', 'no', 'Correct it.', { findings });
  const { err } = await apply(['-f', '-', '-o', 'json'], () => refused, { input: 'x' });
  assert.deepEqual(JSON.parse(err), {
    error: { code: 'SPEC_INVALID', message: 'no', next: 'Correct it.', findings },
  });
});

test('a file is named in messages, and warnings are printed beside its lines', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-apply-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'fleet.yaml');
  await writeFile(path, 'a: 1\nb: 2\n');
  const warnings = [{ line: 2, column: 4, message: 'two is many' }];
  const { code, err, seen } = await apply(['-f', path], () => ({ ...answer, warnings }));
  assert.equal(code, 0);
  assert.equal(err, `${path}:2:4: warning: two is many\n  b: 2\n     ^\n`);
  const text = 'a: 1\nb: 2\n';
  const flags = { dryRun: false, prune: false, takeOver: false };
  assert.deepEqual(seen[0]?.body, { source: path, text, ...flags });
});

test('a missing file, and no file at all, are wrong usage', async () => {
  const missing = await apply(['-f', '/nonexistent/x.yaml'], () => answer);
  assert.equal(missing.code, 2);
  assert.match(missing.err, /spec \/nonexistent\/x\.yaml cannot be read.*REQUEST_INVALID/);
  assert.equal(missing.seen.length, 0);
  assert.equal((await apply([], () => answer)).code, 2);
});

test('a spec without end is given up after 16 MiB, before anything is sent', async () => {
  const endless = async function* () {
    for (;;) yield Buffer.alloc(1024 * 1024, 'a');
  };
  const { code, err, seen } = await apply(['-f', '-'], () => answer, { input: endless() });
  assert.equal(code, 2);
  assert.match(err, /^error: spec stdin is longer than 16 MiB \(REQUEST_INVALID\)\nnext: /);
  assert.equal(seen.length, 0);
  const file = await apply(['-f', '/dev/zero'], () => answer);
  assert.equal(file.code, 2);
  assert.match(file.err, /spec \/dev\/zero is longer than 16 MiB/);
});

test('control characters of a spec and its findings are shown, not obeyed, caret in place', async () => {
  const refused = new BridgeheadError('SPEC_INVALID', 'no \u001b[2J', 'Correct it.', {
    findings: [{ line: 1, column: 6, message: 'odd \u0007' }],
  });
  const { err } = await apply(['-f', '-'], () => refused, { input: 'a: \u001bb c\n' });
  assert.equal(
    err,
    `stdin:1:6: odd \\u0007
  a: \uFFFDb c
       ^
error: no \\u001b[2J (SPEC_INVALID)
next: Correct it.
`,
  );
});
