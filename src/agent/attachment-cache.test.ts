import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { attachmentPath } from '../haproxy/attachments.ts';
import { withKeptEntries } from '../haproxy/kept-entries.ts';
import { AttachmentCache } from './attachment-cache.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** A cache on a disk of its own, with the contents that a scheduler would give. */
async function cache(given: readonly string[]) {
  const root = await mkdtemp(join(tmpdir(), 'bridgehead-attachments-'));
  folders.push(root);
  const fetched: string[] = [];
  let nowMs = Date.now();
  const made = new AttachmentCache({
    folder: join(root, 'attachments'),
    user: -1,
    wallMs: () => nowMs,
    fetch: async (sha256) => {
      fetched.push(sha256);
      const text = given.find((one) => hashOf(one) === sha256);
      if (text === undefined) throw new Error('no scheduler gives it');
      return Buffer.from(text);
    },
  });
  const etc = join(root, 'etc');
  await mkdir(etc);
  const read = (name: string) => readFile(join(etc, 'attachments', name), 'utf8');
  const kept = () => readdir(join(root, 'attachments'));
  const pass = (durationMs: number) => {
    nowMs += durationMs;
  };
  return { made, etc, read, kept, fetched, pass };
}

function config(files: Readonly<Record<string, string>>): string {
  const lines = Object.entries(files).map(
    ([name, text]) => `# attachment ${hashOf(text)} ${name}\n`,
  );
  return `# Managed\n${lines.join('')}global\n`;
}

test('a configuration has its files by their names, each fetched once', async () => {
  const { made, etc, read, fetched } = await cache(['one', 'two']);
  await made.provide(etc, config({ 'a.map': 'one', 'b.map': 'two', 'c.map': 'one' }));
  assert.deepEqual(
    [await read('a.map'), await read('b.map'), await read('c.map')],
    ['one', 'two', 'one'],
  );
  await made.provide(etc, config({ 'd.map': 'two' }));
  assert.equal(await read('d.map'), 'two');
  await assert.rejects(read('a.map'), { code: 'ENOENT' });
  assert.deepEqual(fetched, [hashOf('one'), hashOf('two')]);
});

test('the files of a configuration that comes back are there again', async () => {
  const { made, etc, read, fetched } = await cache(['one', 'two']);
  for (const text of ['one', 'two', 'one']) {
    await made.provide(etc, config({ 'a.map': text }));
    assert.equal(await read('a.map'), text);
  }
  assert.equal(fetched.length, 2);
  assert.equal((await readdir(join(etc, 'attachment-sets'))).length, 2);
});

test('a file that nobody gives leaves those that are there', async () => {
  const { made, etc, read, kept } = await cache(['one']);
  await made.provide(etc, config({ 'a.map': 'one' }));
  await assert.rejects(
    made.provide(etc, config({ 'a.map': 'gone', 'b.map': 'one' })),
    /no scheduler/,
  );
  assert.equal(await read('a.map'), 'one');
  assert.deepEqual(await kept(), [hashOf('one')]);
  await made.provide(etc, config({ 'a.map': 'one', 'b.map': 'one' }));
  assert.equal(await read('b.map'), 'one');
});

test('a file has the entries that are kept, and what it is made from stays', async () => {
  const { made, etc, read, kept, fetched, pass } = await cache(['/a one\n', 'other']);
  const files = { 'a.map': '/a one\n', 'b.map': 'other' };
  const keeping = (value: string): string =>
    withKeptEntries(config(files), [
      { kind: 'map', file: attachmentPath('a.map'), key: '/a', value },
    ]);
  for (const value of ['two', 'three']) {
    await made.provide(etc, keeping(value));
    assert.deepEqual([await read('a.map'), await read('b.map')], [`/a ${value}\n`, 'other']);
    pass(3_700_000);
    await made.dropUnused();
  }
  await made.provide(etc, config(files));
  assert.equal(await read('a.map'), '/a one\n');
  assert.equal((await kept()).length, 2);
  assert.equal(fetched.length, 2);
});

test('two instances that want one content at once fetch it once', async () => {
  const { made, etc, fetched } = await cache(['one']);
  const other = `${etc}-2`;
  await mkdir(other);
  await Promise.all([etc, other].map((folder) => made.provide(folder, config({ a: 'one' }))));
  assert.equal(fetched.length, 1);
  assert.equal(await readFile(join(other, 'attachments', 'a'), 'utf8'), 'one');
});

test('what no configuration needs goes after an hour', async () => {
  const { made, etc, kept, pass } = await cache(['one', 'two', 'three']);
  for (const text of ['one', 'two', 'three']) await made.provide(etc, config({ a: text }));
  assert.equal((await kept()).length, 3);
  pass(3_700_000);
  await made.dropUnused();
  assert.deepEqual((await kept()).toSorted(), [hashOf('two'), hashOf('three')].toSorted());
  await made.provide(etc, '# Managed\nglobal\n');
  await assert.rejects(readlink(join(etc, 'attachments')), { code: 'ENOENT' });
  await made.provide(etc, '# Managed\nglobal\n');
  await made.dropUnused();
  assert.deepEqual(await kept(), []);
});

test('a set that was broken off is made anew', async () => {
  const { made, etc, read } = await cache(['one']);
  const wanted = config({ a: 'one' });
  await made.provide(etc, wanted);
  const target = await readlink(join(etc, 'attachments'));
  await rm(join(etc, target), { recursive: true });
  await mkdir(`${join(etc, target)}.next`);
  await made.provide(etc, wanted);
  assert.equal(await read('a'), 'one');
  assert.equal((await stat(join(etc, target))).mode & 0o777, 0o500);
});
