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

test('what is not there is empty', () => {
  assert.deepEqual(pemParts('nonsense'), { chain: '', key: '' });
  assert.equal(pemParts(shop.certificate).key, '');
});
