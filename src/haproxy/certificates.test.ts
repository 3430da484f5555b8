import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateReferences, certificatesIn } from './certificates.ts';
import { readConfig } from './config-lines.ts';
import { renderConfig } from './render.ts';

const config = [
  'frontend web',
  '    bind :443 ssl crt shop.pem crt other.pem alpn h2',
  '    bind :8443 ssl crt /etc/ssl/own.pem',
  '    default_backend crt',
  'backend crt',
  '    server crt 192.0.2.7:443 ssl crt client.pem verify none',
  '    default-server crt shop.pem',
  '    server s2 192.0.2.8:443 # crt comment.pem',
  '',
].join('\n');

const render = (text: string) =>
  renderConfig({
    ...{ name: 'web', config: text, addresses: [] },
    resources: { memoryMib: 64, cpus: 1, maxConnections: 100 },
  });

test('a certificate is what crt names without a folder', () => {
  const found = certificateReferences(readConfig(config));
  assert.deepEqual(
    found.map(({ name, line }) => [name, line]),
    [
      ['shop.pem', 2],
      ['other.pem', 2],
      ['client.pem', 6],
      ['shop.pem', 7],
    ],
  );
  assert.equal(
    config
      .split('\n')[1]
      ?.slice((found[0]?.column ?? 0) - 1)
      .startsWith('shop.pem'),
    true,
  );
});

test('a rendered configuration says once which ones it needs, and where they are', () => {
  const { text } = render(config);
  assert.deepEqual(certificatesIn(text), ['client.pem', 'other.pem', 'shop.pem']);
  assert.match(text, /\n {4}crt-base \/run\/bridgehead\/certificates\n/);
});

test('an owner cannot ask for a certificate by a comment, nor lose one', () => {
  const { text } = render(`# certificate secret.pem\n${config}# certificate secret.pem\n`);
  assert.ok(!certificatesIn(text).includes('secret.pem'));
});

test('without certificates, or with a folder of the owner’s own, nothing is managed', () => {
  const plain = render('frontend web\n    bind :80\n').text;
  assert.deepEqual(certificatesIn(plain), []);
  assert.ok(!plain.includes('crt-base'));
  const own = render(`global\n    crt-base /etc/own\n${config}`).text;
  assert.deepEqual(certificatesIn(own), []);
  assert.equal(own.match(/crt-base/g)?.length, 1);
});
