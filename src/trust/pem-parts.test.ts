import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCertificate } from './certificate-check.ts';
import { pemParts } from './pem-parts.ts';
import { testCertificate } from './test-certificates.ts';

const root = await testCertificate({ name: 'root', isCa: true });
const shop = await testCertificate({ name: 'shop.example', issuer: root });

test('a file with certificate, key and chain in one is taken apart, in any order', () => {
  const dh = '-----BEGIN DH PARAMETERS-----\nMAYCAQUCAQI=\n-----END DH PARAMETERS-----\n';
  for (const text of [
    `${shop.certificate}\n${shop.key}\n${root.certificate}\n${dh}`,
    `subject=/CN=shop\n${dh}${shop.key}\n${shop.certificate}\r\n${root.certificate}`,
  ]) {
    const { chain, key } = pemParts(text);
    const { facts } = checkCertificate('shop.pem', chain, key, Date.now());
    assert.deepEqual(facts.names, ['shop.example', '192.0.2.1']);
    assert.equal(chain.match(/BEGIN/g)?.length, 2);
  }
});

test('what is damaged, or a second key, stays to be refused', () => {
  const damaged = shop.certificate.replace('-----END', '----END');
  for (const extra of [damaged, shop.key]) {
    const { chain, key } = pemParts(`${shop.certificate}\n${shop.key}\n${extra}\n`);
    assert.throws(() => checkCertificate('shop.pem', chain, key, Date.now()), /cannot be read/);
  }
});

test('a key that is encrypted the old way is found, to be refused for that', () => {
  const head = 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00';
  const old = `-----BEGIN RSA PRIVATE KEY-----\n${head}\n\nAA==\n-----END RSA PRIVATE KEY-----\n`;
  assert.equal(pemParts(`${shop.certificate}\n${old}`).key, old);
});

test('what is not there is empty', () => {
  assert.equal(pemParts('nonsense').key, '');
  assert.equal(pemParts(shop.certificate).key, '');
});
