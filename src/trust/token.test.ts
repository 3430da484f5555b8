import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { BridgeheadError } from '../domain/errors.ts';
import { formatTicket, hashSecret, isSecret, newSecret, newTicket, parseTicket } from './token.ts';

const base64url = (length: number) => fc.stringMatching(new RegExp(`^[A-Za-z0-9_-]{${length}}$`));

const isRefusal = (error: unknown) =>
  error instanceof BridgeheadError && error.code === 'JOIN_REFUSED' && /token/.test(error.next);

test('every ticket is read as it was written, with white space around it', () => {
  const fingerprint = base64url(43);
  const space = fc.constantFrom('', ' ', '\n', '\r\n', '\t');
  fc.assert(
    fc.property(fingerprint, space, space, (caFingerprint, before, after) => {
      const ticket = newTicket(caFingerprint);
      assert.deepEqual(parseTicket(`${before}${formatTicket(ticket)}${after}`), ticket);
    }),
  );
});

test('no text at all throws anything but a refusal that says where to get a new token', () => {
  const piece = fc.oneof(fc.string({ unit: 'binary' }), base64url(12), base64url(43));
  const nearly = fc
    .tuple(fc.constantFrom('bh1', 'bh2', 'BH1', ''), piece, piece, piece, fc.constantFrom('', '.x'))
    .map(([version, id, secret, pin, more]) => `${version}.${id}.${secret}.${pin}${more}`);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearly), (text) => {
      try {
        assert.equal(formatTicket(parseTicket(text)), text.trim());
      } catch (error) {
        assert.ok(isRefusal(error), String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a ticket with a part missing, cut or added is none', () => {
  const text = formatTicket(newTicket('a'.repeat(43)));
  const parts = text.split('.');
  for (const wrong of [
    '',
    text.slice(0, -1),
    `${text}a`,
    `${text}.a`,
    parts.slice(0, 3).join('.'),
    text.replace('bh1', 'bh2'),
    text.replaceAll('.', ','),
  ]) {
    assert.throws(() => parseTicket(wrong), isRefusal, wrong);
  }
});

test('a refusal does not repeat the secret', () => {
  const { secret } = newTicket('a'.repeat(43));
  assert.throws(
    () => parseTicket(`bh1.x.${secret}.y`),
    (error) => !JSON.stringify((error as BridgeheadError).body()).includes(secret),
  );
});

test('a secret has 256 bits, its own hash, and no other secret has that', () => {
  const secret = newSecret();
  assert.equal(Buffer.from(secret, 'base64url').length, 32);
  assert.match(hashSecret(secret), /^[0-9a-f]{64}$/);
  assert.equal(isSecret(secret, hashSecret(secret)), true);
  assert.equal(isSecret(newSecret(), hashSecret(secret)), false);
  for (const hash of ['', 'zz', hashSecret(secret).slice(2)]) {
    assert.equal(isSecret(secret, hash), false);
  }
});
