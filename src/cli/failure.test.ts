import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import type { Lab } from './lab-contract.ts';
import { runLine } from './test-terminal.ts';

function failing(fault: Error): Lab {
  const lab: Partial<Lab> = { labStatus: () => Promise.reject(fault) };
  return lab as Lab;
}

const argv = ['lab', 'status', '--verbose'];

test('an error is two lines, whatever a program that failed had to say', async () => {
  const error = new BridgeheadError(
    'LAB_FAILED',
    'ip said:\n  \u001b[31mno\n',
    'Look at\nits log.',
  );
  const lab = failing(error);
  for (const format of ['table', 'yaml']) {
    const { code, err } = await runLine([...argv, '-o', format], { lab });
    assert.equal(code, 1);
    assert.equal(err, 'error: ip said: \\u001b[31mno (LAB_FAILED)\nnext: Look at its log.\n');
  }
  const { err } = await runLine([...argv, '-o', 'json'], { lab });
  assert.deepEqual(JSON.parse(err), { error: error.body() });
});

test('an error of ours never shows a stack, not even with --verbose', async () => {
  const cause = new Error('inner');
  const lab = failing(new BridgeheadError('BUSY', 'busy', 'Wait.', { cause }));
  assert.equal((await runLine(argv, { lab })).err, 'error: busy (BUSY)\nnext: Wait.\n');
});
