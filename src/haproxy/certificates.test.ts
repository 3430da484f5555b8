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

test('a list of certificates that is attached names them too, with an owner’s base it does not', () => {
  const list = {
    ...{ name: 'sites.txt', sha256: 'a'.repeat(64), sizeBytes: 1, path: '/etc/haproxy/sites.txt' },
    certificates: ['a.pem', 'b.pem'],
  };
  const text = 'frontend web\n    bind :443 ssl crt z.pem crt-list /etc/haproxy/sites.txt\n';
  const found = certificateReferences(readConfig(text), [list]);
  assert.deepEqual(
    found.map((one) => [one.name, one.line, one.list]),
    [
      ['z.pem', 2, undefined],
      ['a.pem', 2, '/etc/haproxy/sites.txt'],
      ['b.pem', 2, '/etc/haproxy/sites.txt'],
    ],
  );
  const rendered = renderConfig({
    ...{ name: 'web', config: text, addresses: [], attachments: [list] },
    resources: { memoryMib: 64, cpus: 1, maxConnections: 100 },
  });
  assert.deepEqual(certificatesIn(rendered.text), ['a.pem', 'b.pem', 'z.pem']);
  assert.match(rendered.text, /crt-list \/etc\/haproxy\/attachments\/sites\.txt\n/);
  const own = readConfig(`global\n    crt-base /etc/own\n${text}`);
  assert.deepEqual(certificateReferences(own, [list]), []);
});

test('a list of certificates that is no attachment is told of', () => {
  const { findings } = render('frontend web\n    bind :443 ssl crt-list sites.txt\n');
  const said = findings.map(({ message }) => message).join('; ');
  assert.match(said, /list of certificates 'sites\.txt' is no attachment/);
});
