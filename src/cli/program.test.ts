import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { Command } from 'commander';
import { systemClock } from '../system/clock.ts';
import { createProgram } from './program.ts';
import { runLine } from './test-terminal.ts';

const manifest = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { readonly version: string };

const none = () => Promise.reject(new Error('not in this test'));

function program(): Command {
  return createProgram({
    terminal: {
      out: () => undefined,
      err: () => undefined,
      outIsTty: false,
      errIsTty: false,
      env: {},
      outColumns: null,
      input: () => Readable.from([]),
      clock: systemClock,
      interrupted: new AbortController().signal,
    },
    rooms: { lab: none, server: none, agent: none },
    exitCode: 0,
  });
}

/** Every command that does something, with the words that call it. */
function leaves(command: Command, path: readonly string[] = []): readonly (readonly string[])[] {
  if (command.commands.length === 0) return [path];
  return command.commands.flatMap((one) => leaves(one, [...path, one.name()]));
}

const verbs = leaves(program());

test('every command has --help with examples that name it', async () => {
  assert.ok(verbs.length >= 20, String(verbs.length));
  for (const path of verbs) {
    const { code, out } = await runLine([...path, '--help']);
    assert.equal(code, 0, path.join(' '));
    assert.match(out, new RegExp(`Examples:\\n  bridgehead ${path.join(' ')}`));
  }
});

test('every command is in docs/cli.md', () => {
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  for (const path of verbs) {
    const example = new RegExp(`bridgehead ${path.join(' ')}( |\\n|\`)`);
    assert.match(page, example);
  }
});

test('the exit codes of every error are in docs/cli.md', async () => {
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  const { BridgeheadError, errorCodes } = await import('../domain/errors.ts');
  for (const code of errorCodes) {
    const { exitCode } = new BridgeheadError(code, '', '');
    assert.match(page, new RegExp(`^\\| ${exitCode} \\|`, 'm'), code);
  }
});

test('--version prints the version', async () => {
  assert.deepEqual(await runLine(['--version']), {
    code: 0,
    out: `${manifest.version}\n`,
    err: '',
  });
});

test('a misspelt command or option is wrong usage, and the near one is named', async () => {
  const command = await runLine(['migrat', 'shop-web']);
  assert.equal(command.code, 2);
  assert.match(
    command.err,
    /^error: unknown command 'migrat' \(REQUEST_INVALID\)\nnext: Did you mean migrate\?/,
  );
  const option = await runLine(['apply', '--dryrun', '-f', '-']);
  assert.equal(option.code, 2);
  assert.match(
    option.err,
    /unknown option '--dryrun' \(REQUEST_INVALID\)\nnext: Did you mean --dry-run\?/,
  );
  assert.equal((await runLine(['lab', 'crsh', 'host-1'])).code, 2);
  assert.match((await runLine(['lab', 'crsh', 'host-1'])).err, /Did you mean crash\?/);
});

test('missing and excess arguments are wrong usage', async () => {
  for (const line of [
    'migrate shop-web',
    'drain',
    'ops show',
    'ops list now',
    'describe host',
    'get',
    'status now',
    'agent',
    'token create',
  ]) {
    const { code, err, out } = await runLine(line.split(' '));
    assert.equal(code, 2, line);
    assert.equal(out, '', line);
    assert.match(err, /^error: .* \(REQUEST_INVALID\)\nnext: /, line);
  }
});

test('usage errors are JSON too where that was asked for', async () => {
  const { code, err } = await runLine(['migrate', 'shop-web', '-o', 'json']);
  assert.equal(code, 2);
  const { error } = JSON.parse(err) as { readonly error: { readonly code: string } };
  assert.equal(error.code, 'REQUEST_INVALID');
});

test('no command at all prints the help on standard error', async () => {
  const { code, out, err } = await runLine([]);
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.match(err, /^Usage: bridgehead /);
});

test('a bug prints its stack with --verbose only', async () => {
  const brief = await runLine(['lab', 'status']);
  assert.equal(brief.code, 1);
  assert.match(
    brief.err,
    /^error: unexpected failure: this test has no lab \(INTERNAL\)\nnext: .*\n$/,
  );
  const verbose = await runLine(['lab', 'status', '--verbose']);
  assert.match(verbose.err, /\nError: this test has no lab\n +at /);
});
