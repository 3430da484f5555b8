import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runLine } from './test-terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'bridgehead-completion-'));
after(() => rmSync(folder, { recursive: true }));

async function scriptOf(shell: string): Promise<string> {
  const { code, out, err } = await runLine(['completion', shell]);
  assert.equal(err, '');
  assert.equal(code, 0);
  const path = join(folder, shell);
  writeFileSync(path, out);
  return path;
}

/** What was typed, its last word unfinished, and what a shell makes of that. */
const cases: readonly (readonly [typed: readonly string[], completed: readonly string[]])[] = [
  [['mig'], ['migrate']],
  [['dr'], ['drain']],
  [
    ['ops', ''],
    ['cancel', 'list', 'show', 'watch'],
  ],
  [['ops', 'list', '--al'], ['--all']],
  [
    ['drain', 'host-1', '--w'],
    ['--wait', '--wait-server'],
  ],
  [['apply', '--take'], ['--take-over']],
  [['server', '--na'], ['--name']],
  [['lab', 'cr'], ['crash']],
  [['get', 'i'], ['instances']],
  [['describe', 'p'], ['pool']],
  [['describe', 'ev'], []],
  [
    ['completion', ''],
    ['bash', 'fish', 'zsh'],
  ],
  [['migrate', 'shop-web', '--re'], ['--reason']],
  // A kind is no command: the options of `get` go on behind it.
  [['get', 'hosts', '--out'], ['--output']],
  [['get', 'hosts', '-o', 'j'], ['json']],
  [['lab', 'partition', 'host-1', '--from', 'c'], ['control']],
  [['server', '--log-level', 'd'], ['debug']],
  // The value of an option may be called as a command is.
  [['migrate', 'shop-web', '--reason', 'lab', '--no'], ['--no-wait']],
  [['apply', '-f', join(folder, 'ba')], [join(folder, 'bash')]],
];

function isThere(shell: string): boolean {
  return spawnSync(shell, ['-c', ':']).status === 0;
}

function linesOf(program: string, argv: readonly string[]): readonly string[] {
  const { stdout, stderr, status } = spawnSync(program, argv, { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.ok(status === 0 || status === 1, `${program} ended with ${status}`);
  return stdout.split('\n').filter((line) => line !== '');
}

const quoted = (word: string) => `'${word}'`;

test('bash completes commands, options, values and files', async () => {
  const script = await scriptOf('bash');
  for (const [typed, completed] of cases) {
    const call = `source ${script}
COMP_WORDS=(bridgehead ${typed.map(quoted).join(' ')}); COMP_CWORD=${typed.length}; _bridgehead
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const lines = linesOf('bash', ['--norc', '-c', call]);
    assert.deepEqual(lines.toSorted(), completed, typed.join(' '));
  }
});

// The functions by which zsh is told what there is, in place of its own, which want a line editor.
const zshStandIns = `
compdef() { :; }
_describe() { local group=$@[-1]; print -l -- \${\${(P)group}%%:*}; }
compadd() { shift; print -l -- "$@"; }
_files() { print -l -- $words[CURRENT]*; }
_message() { :; }
_default() { :; }
`;

test('zsh completes the same', { skip: !isThere('zsh') && 'zsh is not installed' }, async () => {
  const script = await scriptOf('zsh');
  for (const [typed, completed] of cases) {
    const call = `${zshStandIns}
source ${script}
words=(bridgehead ${typed.map(quoted).join(' ')}); CURRENT=${typed.length + 1}; _bridgehead`;
    const last = typed.at(-1) ?? '';
    const lines = linesOf('zsh', ['-f', '-c', call]).filter((line) => line.startsWith(last));
    assert.deepEqual(lines.toSorted(), completed, typed.join(' '));
  }
});

test('fish completes the same', { skip: !isThere('fish') && 'fish is not installed' }, async () => {
  const script = await scriptOf('fish');
  for (const [typed, completed] of cases) {
    const call = `source ${script}; complete -C "bridgehead ${typed.join(' ')}"`;
    const lines = linesOf('fish', ['--no-config', '-c', call]);
    const words = lines.map((line) => line.split('\t')[0] ?? '');
    assert.deepEqual(words.toSorted(), completed, typed.join(' '));
  }
});

test('each script knows every command and option that the help shows', async () => {
  const help = (await runLine(['migrate', '--help'])).out;
  const options = [...help.matchAll(/--([a-z-]+)/g)].map(([, name = '']) => name);
  assert.ok(options.length >= 8);
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { out } = await runLine(['completion', shell]);
    for (const name of options) assert.match(out, new RegExp(`(--|-l )${name}`), shell);
    for (const verb of ['apply', 'drain', 'ops', 'uncordon', 'partition', 'agent', 'completion'])
      assert.ok(out.includes(verb), `${shell}: ${verb}`);
  }
});

test('another shell is wrong usage', async () => {
  const { code, err } = await runLine(['completion', 'tcsh']);
  assert.equal(code, 2);
  assert.match(err, /Allowed choices are bash, zsh, fish/);
});
