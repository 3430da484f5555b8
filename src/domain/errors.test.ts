import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BridgeheadError, type ErrorBody, type ErrorCode, errorCodes } from './errors.ts';

const error = (code: ErrorCode): BridgeheadError =>
  new BridgeheadError(code, 'it went wrong', 'Try again.');

test('codes are upper-case words, each once, in alphabetical order', () => {
  assert.deepEqual(errorCodes, [...new Set(errorCodes)]);
  for (const code of errorCodes) assert.match(code, /^[A-Z]+(_[A-Z]+)*$/);
  // An underscore sorts as a space does: ADDRESS_TAKEN before ADDRESSES.
  const words = errorCodes.map((code) => code.replaceAll('_', ' '));
  assert.deepEqual(words, words.toSorted());
});

test('each code has an HTTP error status and an exit code that is not success', () => {
  for (const code of errorCodes) {
    const { status, exitCode } = error(code);
    assert.ok(Number.isInteger(status) && status >= 400 && status <= 599, `${code}: ${status}`);
    assert.ok(Number.isInteger(exitCode) && exitCode >= 1 && exitCode <= 5, `${code}: ${exitCode}`);
  }
});

// Scripts test for these: they may never change.
test('codes that scripts rely on keep their status and exit code', () => {
  const expected: readonly (readonly [ErrorCode, number, number])[] = [
    ['SPEC_INVALID', 422, 2],
    ['NOT_FOUND', 404, 3],
    ['BUSY', 409, 4],
    ['NO_CAPACITY', 409, 4],
    ['SERVER_UNREACHABLE', 503, 5],
    ['INTERNAL', 500, 1],
  ];
  for (const [code, status, exitCode] of expected) {
    assert.deepEqual([error(code).status, error(code).exitCode], [status, exitCode], code);
  }
});

test('an error survives its way over the wire', () => {
  const findings = [{ line: 3, column: 9, message: 'unknown key', object: 'pool public' }];
  const cause = new Error('inner');
  const original = new BridgeheadError('SPEC_INVALID', 'spec is invalid', 'Correct it.', {
    findings,
    cause,
  });
  const body: ErrorBody = original.body();
  assert.deepEqual(body, {
    code: 'SPEC_INVALID',
    message: 'spec is invalid',
    next: 'Correct it.',
    findings,
  });
  const arrived = BridgeheadError.from(JSON.parse(JSON.stringify(body)) as ErrorBody);
  assert.deepEqual(arrived.body(), body);
  assert.equal(original.cause, cause);
  assert.equal(Object.hasOwn(arrived, 'cause'), false);
});

test('a body without findings has none to show', () => {
  const body = error('BUSY').body();
  assert.deepEqual(Object.keys(body), ['code', 'message', 'next']);
  assert.deepEqual(BridgeheadError.from(body).findings, []);
});

test('a code of a newer peer becomes INTERNAL and keeps its words', () => {
  for (const code of ['OF_TOMORROW', 'toString', '__proto__']) {
    const body = { code: code as ErrorCode, message: 'it went wrong', next: 'Try again.' };
    const arrived = BridgeheadError.from(body);
    assert.equal(arrived.code, 'INTERNAL');
    assert.equal(arrived.message, 'it went wrong');
    assert.equal(arrived.status, 500);
  }
});

test('wrapping leaves ours as it is and makes anything else a bug with its cause', () => {
  const ours = error('BUSY');
  assert.equal(BridgeheadError.wrap(ours), ours);
  const theirs = new TypeError('x is not a function');
  const wrapped = BridgeheadError.wrap(theirs);
  assert.equal(wrapped.code, 'INTERNAL');
  assert.equal(wrapped.message, 'unexpected failure: x is not a function');
  assert.equal(wrapped.cause, theirs);
  assert.equal(BridgeheadError.wrap('just words').message, 'unexpected failure: just words');
  assert.equal(BridgeheadError.wrap(undefined).message, 'unexpected failure: undefined');
});
