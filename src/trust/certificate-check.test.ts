import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import { checkCertificate, readFacts } from './certificate-check.ts';
import { testCertificate } from './test-certificates.ts';

const dayMs = 86_400_000;
const now = Date.now();
const root = await testCertificate({ name: 'root', isCa: true });
const middle = await testCertificate({ name: 'middle', isCa: true, issuer: root });
const shop = await testCertificate({ name: 'shop.example', issuer: middle, serial: '0abc' });
const chain = [shop, middle, root].map(({ certificate }) => certificate).join('\n');

/** What is said of a certificate that is refused. */
function refusal(chainPem: string, keyPem = shop.key, nowMs = now): string {
  try {
    checkCertificate('shop.pem', chainPem, keyPem, nowMs);
  } catch (error) {
    assert.ok(error instanceof BridgeheadError);
    assert.equal(error.code, 'CERTIFICATE_INVALID');
    assert.ok(!/PRIVATE|BEGIN/.test(error.message), error.message);
    return error.message;
  }
  return 'taken';
}

test('a chain in order is taken, and says what it is good for', () => {
  const { facts, ...kept } = checkCertificate('shop.pem', `text\n${chain}\n`, shop.key, now);
  assert.deepEqual(facts.names, ['shop.example', '192.0.2.1']);
  assert.equal(facts.key, 'EC P-256');
  assert.equal(facts.serial, '0ABC');
  assert.match(facts.issuer, /middle/);
  assert.match(facts.fingerprint, /^[0-9a-f]{64}$/);
  assert.ok(!`${kept.chain}\n${kept.key}`.includes('\n\n'), 'an empty line would end a command');
  assert.deepEqual(readFacts(kept.chain), facts);
});

test('a chain out of order, with a gap, or with a stranger is refused', () => {
  assert.match(refusal(`${middle.certificate}\n${shop.certificate}`), /number 2/);
  assert.match(refusal(`${shop.certificate}\n${root.certificate}`), /not signed by the next/);
  assert.equal(refusal(shop.certificate), 'taken');
});

test('a key that is another one’s, encrypted or no key is refused', async () => {
  const other = await testCertificate({ name: 'other' });
  assert.match(refusal(chain, other.key), /not that of the certificate/);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const locked = privateKey.export({
    ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
  });
  assert.match(refusal(chain, locked), /passphrase/);
  assert.match(refusal(chain, shop.certificate), /no private key/);
});

test('weak keys are refused', async () => {
  const weak = await testCertificate({ name: 'weak', rsaBits: 1024 });
  assert.match(refusal(weak.certificate, weak.key), /1024 bits is too short/);
  const enough = await testCertificate({ name: 'enough', rsaBits: 2048 });
  assert.equal(refusal(enough.certificate, enough.key), 'taken');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  assert.match(refusal(chain, pem), /secp256k1 is not taken/);
});

test('what has expired or is not valid yet is refused, the chain’s as well', async () => {
  assert.match(refusal(chain, shop.key, now + 100 * dayMs), /has expired/);
  assert.match(refusal(chain, shop.key, now - 10 * dayMs), /not valid before/);
  const short = await testCertificate({
    ...{ name: 'short', isCa: true, issuer: root, untilMs: now + dayMs },
  });
  const leaf = await testCertificate({ name: 'leaf', issuer: short });
  const both = `${leaf.certificate}\n${short.certificate}`;
  assert.match(refusal(both, leaf.key, now + 2 * dayMs), /number 2 of its chain has expired/);
});

test('what is no chain is refused, whatever it is', () => {
  for (const text of [
    '',
    'nonsense',
    shop.key,
    `${shop.certificate}\n${shop.key}`,
    shop.certificate.replace(/MII/, 'AAA'),
    shop.certificate.repeat(11),
  ]) {
    assert.match(refusal(text), /chain cannot be read/);
  }
});

test('what HAProxy does not take at once is refused', async () => {
  const big = await testCertificate({ name: 'a'.repeat(900), isCa: true });
  assert.equal(refusal(big.certificate, big.key), 'taken');
  assert.match(refusal(big.certificate.repeat(9), big.key), /HAProxy takes 15000 at once/);
});
