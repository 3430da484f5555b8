// docs/security.md names a test for each attempt: it is there, under that name.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

test('each attempt of docs/security.md is one of a test', async () => {
  const page = await readFile(join(root, 'docs/security.md'), 'utf8');
  const [, table = ''] = page.split('## Attempts');
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.includes('---'));
  const attempts = rows.slice(1).map((row) => row.split(' | '));
  assert.ok(attempts.length >= 12);
  for (const [attempt = '', , tests = ''] of attempts) {
    const named = [...tests.matchAll(/`([^`]+\.test\.ts)`((?:,? "[^"]+")+)/g)];
    assert.ok(named.length > 0, `no test is named for: ${attempt}`);
    for (const [, path = '', titles = ''] of named) {
      const source = await readFile(join(root, path), 'utf8');
      for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g)) {
        assert.ok(source.includes(title), `${path} has no test "${title}"`);
      }
    }
  }
});
