import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCrtList, withListedCertificates } from './crt-list.ts';

const list = [
  '# sites',
  '',
  'shop.pem [alpn h2,http/1.1 verify none] shop.example !old.shop.example',
  '\t/etc/ssl/own.pem',
  'api.pem[alpn h2]',
  'shop.pem *.shop.example\r',
  '  # indented.pem',
].join('\n');

test('each line of a list names one certificate, comments and blank lines none', () => {
  assert.deepEqual(readCrtList(list), [
    { path: 'shop.pem', line: 3, start: 0 },
    { path: '/etc/ssl/own.pem', line: 4, start: 1 },
    { path: 'api.pem', line: 5, start: 0 },
    { path: 'shop.pem', line: 6, start: 0 },
  ]);
  assert.deepEqual(readCrtList(''), []);
});

test('only an attachment that a bind names as a list says which of the fleet’s it needs', () => {
  const plain = (name: string) => ({ name, sha256: name, sizeBytes: 1, path: null });
  const both = [plain('sites.txt'), plain('other.txt')];
  const bind = 'frontend web\n  bind :443 ssl crt-list ./sites.txt\n';
  const read = (text: string) =>
    withListedCertificates(text, both, () => new TextEncoder().encode(list));
  assert.deepEqual(read(bind), [
    { ...plain('sites.txt'), certificates: ['api.pem', 'shop.pem'] },
    plain('other.txt'),
  ]);
  assert.deepEqual(read('frontend web\n  bind :80\n'), both);
});
