import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import type { ApplyAnswer, OperationView } from '../protocol/api.ts';
import { errorOf, operation } from './test-records.ts';
import { type Answer, TestServer } from './test-server.ts';
import { nowMs, runLine, type Surroundings } from './test-terminal.ts';

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
    rollout: false,
    reason: '',
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
    rollout: false,
    reason: '',
  });
});

test('files that the spec attaches are sent along, from beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-apply-'));
  try {
    const path = join(folder, 'spec.yaml');
    const text = 'instances: [{ attachments: { a: { file: a.map }, b: { text: x } } }]\n';
    await writeFile(path, text);
    const missing = await apply(['-f', path], () => answer);
    assert.equal(missing.code, 2);
    assert.match(missing.err, /the file a\.map that the spec attaches cannot be taken: ENOENT/);
    assert.equal(missing.seen.length, 0);
    await writeFile(join(folder, 'a.map'), Buffer.from([0, 255]));
    const { code, seen } = await apply(['-f', path], () => answer);
    assert.equal(code, 0);
    const body = seen[0]?.body as { readonly files?: unknown };
    assert.deepEqual(body.files, { 'a.map': 'AP8=' });
    await writeFile(join(folder, 'a.map'), Buffer.alloc(4 * 1024 * 1024 + 1));
    assert.match((await apply(['-f', path], () => answer)).err, /over 4194304 bytes/);
  } finally {
    await rm(folder, { recursive: true });
  }
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
  const flags = { dryRun: false, prune: false, takeOver: false, rollout: false, reason: '' };
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

const begun = ['create shop-api', 'configure shop-web', 'configure blog'].map((title, index) =>
  operation({ id: `${index}f0c1a52-2f0e-4a53-8f39-6f3a0a3b7c11`, title }),
);
const withOperations: ApplyAnswer = {
  ...answer,
  operations: begun.map(({ id, kind, objects }) => ({ id, kind, objects })),
};

test('apply says how many operations began and how to look at them', async () => {
  const many = await apply(['-f', '-'], () => withOperations);
  assert.match(many.out, /unchanged\n3 operations began; see them with: bridgehead ops list\n$/);
  const one = { ...answer, operations: withOperations.operations.slice(0, 1) };
  const { out } = await apply(['-f', '-'], () => one);
  assert.match(out, /\n1 operation began; watch it with: bridgehead ops watch 0f0c1a52-2f0e-.*\n$/);
});

/** Applies with `--wait` while the operations end: one after the other by a second, 1 before 0 and 2. */
async function applyAndWait(
  ends: readonly OperationView[],
  argv: readonly string[] = [],
  around: Surroundings = {},
) {
  let lists = 0;
  const order = [1, 0, 2];
  await using server = await TestServer.start({
    'POST /v1/apply': () => withOperations,
    'GET /v1/operations?limit=1000&open=true': () => {
      lists += 1;
      // The last two end between two looks.
      const ended = lists < 2 ? 0 : lists < 3 ? 1 : 3;
      return { items: begun.filter((_, index) => !order.slice(0, ended).includes(index)) };
    },
    ...Object.fromEntries(ends.map((end) => [`GET /v1/operations/${end.id}`, () => end])),
  });
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  return await runLine(['apply', '-f', '-', '--wait', ...argv], { ...around, env });
}

const endOf = (index: number, tookMs: number, changes: Partial<OperationView> = {}) =>
  operation({ ...begun[index], state: 'done', endedMs: nowMs + tookMs, ...changes });

test('apply --wait has a line for each operation, in the order they end', async () => {
  const { code, out, err } = await applyAndWait([endOf(0, 3_000), endOf(1, 900), endOf(2, 2_000)]);
  assert.deepEqual([code, err], [0, '']);
  assert.equal(
    out.slice(out.indexOf('waiting')),
    `waiting for 3 operations
12:00:00.900  done        900 ms  configure shop-web
12:00:02.000  done         2.0 s  configure blog
12:00:03.000  done         3.0 s  create shop-api
`,
  );
});

test('apply --wait ends with 1 where one did not end well, and names it', async () => {
  const error = errorOf('NO_PLACE', 'instance shop-api has no host', 'Look.');
  const ends = [endOf(0, 3_000, { state: 'failed', error }), endOf(1, 900), endOf(2, 950)];
  const { code, out, err } = await applyAndWait(ends);
  assert.equal(code, 1);
  assert.match(
    out,
    /failed +3\.0 s {2}create shop-api: instance shop-api has no host \(NO_PLACE\)\n$/,
  );
  assert.equal(
    err,
    `error: 1 of 3 operations did not end well: create shop-api (OPERATION_FAILED)
next: What was applied stays desired. See what went wrong: bridgehead ops show 0f0c1a52
`,
  );
  const json = await applyAndWait(ends, ['-o', 'json']);
  assert.equal(json.code, 1);
  const { operations } = JSON.parse(json.out) as ApplyAnswer;
  assert.deepEqual(operations, [ends[1], ends[2], ends[0]]);
});

test('an interrupted apply --wait says how many go on', async () => {
  const ends = [endOf(0, 3_000), endOf(1, 900), endOf(2, 950)];
  const { code, err } = await applyAndWait(ends, [], { onSleep: (count) => count === 2 });
  assert.equal(code, 130);
  assert.match(err, /^interrupted; 2 operations go on without this command; see them with: .*list/);
});
