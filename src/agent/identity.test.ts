import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostName } from '../domain/ids.ts';
import { loadIdentity, saveIdentity } from './identity.ts';

const identity = { host: 'host-1' as HostName, key: 'k', certificate: 'c', ca: 'a' };

test('an identity is kept for its owner only, replaced whole, and read back', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-identity-'));
  t.after(() => rm(folder, { recursive: true }));
  assert.equal(await loadIdentity(folder), null);
  await saveIdentity(folder, identity);
  await saveIdentity(folder, { ...identity, certificate: 'newer' });
  assert.deepEqual(await loadIdentity(folder), { ...identity, certificate: 'newer' });
  const [name, ...others] = await readdir(folder);
  assert.deepEqual(others, []);
  assert.equal((await stat(join(folder, name ?? ''))).mode & 0o777, 0o600);
  await writeFile(join(folder, name ?? ''), '{"host":"host-1"}');
  await assert.rejects(loadIdentity(folder));
});
