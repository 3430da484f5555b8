import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import { JournalFile, readLabState } from './journal-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'bridgehead-journal-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const lab = {
  kind: 'lab',
  id: '1a2b3c4d',
  name: 'lab',
  hosts: 3,
  schedulers: 1,
  port: 7080,
} as const;

test('no file is no lab', () => {
  const path = join(folder, 'none');
  assert.equal(JournalFile.open(path), null);
  assert.equal(readLabState(path), null);
});

test('what was added is there for the next to open it', () => {
  const path = join(folder, 'kept');
  const journal = JournalFile.begin(path, lab);
  journal.add({ kind: 'crashed', host: 'host-2' });
  const again = JournalFile.open(path);
  assert.deepEqual(again?.state, journal.state);
  assert.deepEqual([...(readLabState(path)?.crashed ?? [])], ['host-2']);
});

test('a line that a crash cut off is taken out, so that the next one is whole', () => {
  const path = join(folder, 'cut');
  JournalFile.begin(path, lab).add({ kind: 'hung', host: 'host-1' });
  appendFileSync(path, '{"kind":"crashed","ho');
  assert.equal(readLabState(path)?.crashed.size, 0);
  JournalFile.open(path)?.add({ kind: 'crashed', host: 'host-3' });
  const state = readLabState(path);
  assert.deepEqual([...(state?.crashed ?? [])], ['host-3']);
  assert.deepEqual([...(state?.hung ?? [])], ['host-1']);
  assert.ok(!readFileSync(path, 'utf8').includes('"ho\n'));
});

test('a file that is no journal is left alone and named', () => {
  const path = join(folder, 'other');
  writeFileSync(path, 'hello\nworld\n');
  assert.throws(
    () => JournalFile.open(path),
    (error) => error instanceof BridgeheadError && error.message.includes(path),
  );
  assert.equal(readFileSync(path, 'utf8'), 'hello\nworld\n');
});
