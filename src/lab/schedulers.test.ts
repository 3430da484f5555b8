import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { labPaths } from './paths.ts';
import { schedulerSites, schedulersMax, shareAdminToken } from './schedulers.ts';

test('one scheduler is called so; several are counted, and share no folder and no port', () => {
  const paths = labPaths('lab', {});
  assert.deepEqual(
    schedulerSites({ schedulers: 1, port: 7080 }, paths).map(({ name, url }) => [name, url]),
    [['scheduler', 'http://127.0.0.1:7080']],
  );
  const sites = schedulerSites({ schedulers: schedulersMax, port: 7080 }, paths);
  assert.deepEqual(
    sites.map(({ name }) => name),
    ['scheduler-1', 'scheduler-2', 'scheduler-3'],
  );
  assert.deepEqual(
    sites.map(({ port }) => port),
    [7080, 7081, 7082],
  );
  const folders = sites.map(({ paths: { folder } }) => `${folder}/`);
  assert.ok(folders.every((one) => folders.filter((other) => other.startsWith(one)).length === 1));
  assert.equal(new Set(sites.map(({ agentPort }) => agentPort)).size, sites.length);
});

test('several schedulers get one token, also after a cut in the middle; it stays what it was', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-token-'));
  t.after(() => rm(folder, { recursive: true }));
  const paths = labPaths('lab', { BRIDGEHEAD_LAB_DIR: folder });
  const sites = schedulerSites({ schedulers: 3, port: 7080 }, paths);
  const tokens = () =>
    Promise.all(sites.map((site) => readFile(site.paths.adminToken, 'utf8').catch(() => null)));
  // The first file was made, but nothing was in it yet.
  await mkdir(paths.control, { recursive: true });
  await writeFile(paths.adminToken, '');
  await shareAdminToken(sites);
  const [first, ...others] = await tokens();
  assert.match(first ?? '', /^[\w-]{43}\n$/);
  assert.deepEqual(others, [first, first]);
  assert.equal((await stat(paths.scheduler(2).adminToken)).mode & 0o777, 0o600);
  await rm(paths.scheduler(3).adminToken);
  await shareAdminToken(sites);
  assert.deepEqual(await tokens(), [first, first, first]);
});
