import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Override } from '../domain/live.ts';
import { attachmentLines, attachmentPath, attachmentsIn } from './attachments.ts';
import { type KeptEntry, keptEntriesIn, withEntries, withKeptEntries } from './kept-entries.ts';

const attachments = [
  { name: 'hosts.map', sha256: 'a'.repeat(64) },
  { name: 'blocked.lst', sha256: 'b'.repeat(64) },
];
const config = ['# managed', ...attachmentLines(attachments), 'global', '    node web', ''].join(
  '\n',
);
const map = (key: string, value: string | null): KeptEntry => ({
  ...{ kind: 'map', file: 'hosts.map' },
  ...{ key, value },
});
const acl = (key: string, isPresent: boolean): KeptEntry => ({
  ...{ kind: 'acl', file: 'blocked.lst' },
  ...{ key, isPresent },
});

test('what is kept of attachments is said at the head, and read from there', () => {
  const entries = [map('$& $1', null), map('a', '$&'), acl('/x', true)];
  const overrides: Override[] = [
    ...entries.map((one) => ({ ...one, file: attachmentPath(one.file) })),
    { kind: 'map', file: '/usr/share/other.map', key: 'a', value: 'b' },
  ];
  const kept = withKeptEntries(config, overrides);
  assert.deepEqual(keptEntriesIn(kept), entries);
  assert.deepEqual(attachmentsIn(kept), attachments);
  assert.equal(
    kept
      .split('\n')
      .filter((line) => !line.startsWith('# kept '))
      .join('\n'),
    config,
  );
});

test('without anything kept, or a file for it, a configuration is as it was', () => {
  assert.equal(withKeptEntries(config, []), config);
  const none = '# managed\nglobal\n';
  const override: Override = { ...map('a', 'b'), file: attachmentPath('hosts.map') };
  assert.equal(withKeptEntries(none, [override]), none);
  assert.deepEqual([keptEntriesIn(config), keptEntriesIn(none), keptEntriesIn('')], [[], [], []]);
  const forged = `${none}# kept {"kind":"map"}\n`;
  assert.deepEqual(keptEntriesIn(forged), []);
});

test('an entry of a map is set where it stands, added at the end, or left out', () => {
  const text = '# hosts\n  a.example one\r\nb.example  two words\na.example three';
  assert.equal(
    withEntries(text, [map('a.example', 'x'), map('b.example', null), map('c.example', 'y')]),
    '# hosts\na.example x\na.example x\nc.example y\n',
  );
});

test('all of a line is a pattern of an ACL', () => {
  assert.equal(
    withEntries('/a\n/a b\n', [acl('/a', false), acl('/c', true), acl('/a', false)]),
    '/a b\n/c\n',
  );
  assert.equal(withEntries('', [acl('/c', true), acl('/c', true)]), '/c\n');
});
