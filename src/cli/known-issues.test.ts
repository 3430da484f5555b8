import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runLine } from './test-terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'bridgehead-known-'));
after(() => rmSync(folder, { recursive: true }));

const own = `subject: Ours
issues:
  - id: our-own-fault
    title: Ours in our_forward()
    kind: bug
    what: A port that is taken away is used once more.
    signatures: [{functions: [our_forward]}]
    releases: [{of: mainline, fixed: '5.11'}, {of: stable, branch: '5.10', fixed: never}]
    sources: [{url: 'https://example.org/thread', says: The report.}]
    advice: Go to 5.11.
    examples:
      - - 'BUG: kernel NULL pointer dereference, address: 0000000000000048'
        - 'CPU: 3 PID: 1 Comm: x Not tainted 5.10.40 #1'
        - 'RIP: 0010:our_forward+0x58/0x1c0'
        - 'Call Trace:'
        - ' br_forward+0x10/0x80'
`;

function folderWith(name: string, text: string): string {
  const path = mkdtempSync(join(folder, 'own-'));
  writeFileSync(join(path, name), text);
  return path;
}

test('lists entries, and those in which all words stand', async () => {
  const all = (await runLine(['known-issues', 'list'])).out;
  assert.match(all, /^ID +KIND +FIXED IN +TITLE\n/);
  assert.ok(all.trim().split('\n').length > 60);
  const some = (await runLine(['known-issues', 'list', 'dirperm1', 'moby'])).out;
  assert.match(some, /aufs-dirperm1 +noise +-/);
  assert.match((await runLine(['known-issues', 'list', 'no-such-word'])).out, /No known issue/);
});

test('shows an entry with its sources, and what it says of a kernel', async () => {
  const id = 'sched-task-group-race';
  const plain = (await runLine(['known-issues', 'show', id])).out;
  assert.match(plain, /Debian 3\.16: never/);
  assert.match(plain, /github\.com\/moby\/moby\/issues\/29397/);
  const kernel = ['--release', '3.16.0-4-amd64', '--banner', '#1 SMP Debian 3.16.43-2'];
  const shown = (await runLine(['known-issues', 'show', id, ...kernel])).out;
  assert.match(shown, /This kernel +has the fault: the fix was never backported to Debian 3\.16/);
  assert.match(shown, /Go to +4\.9 from jessie-backports/);
  const json = await runLine(['known-issues', 'show', id, '-o', 'json', ...kernel]);
  assert.equal((JSON.parse(json.out) as { verdict: { affected: string } }).verdict.affected, 'yes');
});

test('an id that is none, and a kernel that is none, are said', async () => {
  const missing = await runLine(['known-issues', 'show', 'no-such-issue']);
  assert.equal(missing.code, 3);
  assert.match(missing.err, /no known issue no-such-issue/);
  const kernel = await runLine(['known-issues', 'show', 'aufs-dirperm1', '--release', 'x86']);
  assert.equal(kernel.code, 2);
  assert.match(kernel.err, /x86 is no release/);
});

test('checks the entries of the program', async () => {
  const { code, out } = await runLine(['known-issues', 'check']);
  assert.equal(code, 0, out);
  assert.match(out, /all is well/);
});

test('takes entries of the operator, before its own of the same id', async () => {
  const path = folderWith('ours.yaml', own);
  assert.equal((await runLine(['known-issues', 'check', path])).code, 0);
  const crash = [
    'BUG: kernel NULL pointer dereference, address: 0000000000000048',
    'CPU: 3 PID: 1 Comm: x Not tainted 5.10.40 #1',
    'RIP: 0010:our_forward.isra.0+0x61/0x1d8',
    'Call Trace:',
    ' br_forward+0x10/0x80',
  ].join('\n');
  const { out } = await runLine(['crash', 'explain', '-', '--known-issues', path], {
    input: crash,
  });
  assert.match(out, /Known as +Ours in our_forward\(\) \(our-own-fault, bug\)/);
  assert.match(out, /never backported to stable 5\.10/);
  const changed = folderWith('ours.yaml', own.replace('our-own-fault', 'aufs-dirperm1'));
  const shown = await runLine(['known-issues', 'show', 'aufs-dirperm1', '--known-issues', changed]);
  assert.match(shown.out, /^Ours in our_forward/);
});

test('says what is wrong with a file, and where', async () => {
  const wrong = folderWith(
    'ours.yaml',
    own
      .replace('https://example.org/thread', 'a thread')
      .replace('our_forward]', 'our_forward, br_*]'),
  );
  const { code, out } = await runLine(['known-issues', 'check', wrong]);
  assert.equal(code, 2);
  assert.match(out, /ours\.yaml: issues\.0\.sources\.0\.url: /);
  assert.match(out, /issues\.0\.signatures\.0\.functions\.1: must be a function/);
  const used = await runLine(['crash', 'parse', '-', '--known-issues', wrong], { input: '' });
  assert.equal(used.code, 2);
  assert.match(used.err, /next: See them all: bridgehead known-issues check/);
  const missing = await runLine(['known-issues', 'check', join(folder, 'not-there')]);
  assert.equal(missing.code, 2);
  assert.match(missing.err, /cannot be read/);
  const noJson = await runLine(['known-issues', 'check', folderWith('a.json', '{')]);
  assert.equal(noJson.code, 2);
});
