import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importConfig } from './import.ts';

const head = 'defaults\n  mode http\n  timeout client 1s\n';
const bytes = (text: string) => new TextEncoder().encode(text);

function imported(
  bind: string,
  found: Parameters<typeof importConfig>[1]['certificates'],
  list?: string,
) {
  const text = `${head}frontend web\n  bind :443 ${bind}\n`;
  const files =
    list === undefined ? [] : ([['/etc/list', new Map([['/etc/list', bytes(list)]])]] as const);
  return importConfig([{ name: 'haproxy.cfg', text, encoding: 'utf-8' }], {
    ...{ name: 'web', fallbackName: 'web', localPeer: 'here', environment: {}, pages: new Map() },
    ...{ pools: [{ name: 'p', family: 4, cidr: null }], mapped: new Map() },
    ...{ isKeeping: false, isMerging: false, files: new Map(files), certificates: found },
  });
}

const bindOf = ({ config }: ReturnType<typeof imported>) => /^ +bind .*$/m.exec(config)?.[0].trim();
const fateOf = ({ lines }: ReturnType<typeof imported>) => lines.at(-1);

test('a folder is all of its certificates, in their order', () => {
  const found = new Map([
    [
      '/etc/certs',
      [
        { path: '/etc/certs/a.pem', key: 'inside' },
        { path: '/etc/certs/b b.pem', key: { path: '/etc/certs/b b.pem.key' } },
      ] as const,
    ],
  ]);
  const result = imported('ssl crt /etc/certs alpn h2', found);
  assert.equal(bindOf(result), 'bind :443 ssl crt a.pem crt b-b.pem alpn h2');
  assert.deepEqual(result.certificates, [
    { name: 'a.pem', path: '/etc/certs/a.pem', key: 'inside' },
    { name: 'b-b.pem', path: '/etc/certs/b b.pem', key: { path: '/etc/certs/b b.pem.key' } },
  ]);
  const line = fateOf(result);
  assert.deepEqual(
    [line?.fate, line?.detail],
    ['changed', "with the fleet's certificates a.pem, b-b.pem"],
  );
  assert.equal(line?.text, '  bind :443 ssl crt /etc/certs alpn h2');
  assert.deepEqual(line?.warnings, []);
});

test('one that is not here has its name all the same, and is to be looked at', () => {
  const result = imported('ssl crt /etc/site.pem', undefined);
  assert.equal(bindOf(result), 'bind :443 ssl crt site.pem');
  assert.deepEqual(fateOf(result)?.warnings, [
    '/etc/site.pem is not to be found here with its key',
  ]);
});

test('a folder that is not here, and a path of a variable, are refused', () => {
  assert.match(
    fateOf(imported('ssl crt /etc/certs/', undefined))?.detail ?? '',
    /folder is not here/,
  );
  const variable = fateOf(imported('ssl crt "$DIR/a.pem"', undefined));
  assert.equal(variable?.fate, 'refused');
  assert.match(variable?.detail ?? '', /depends on the environment/);
});

test('two files that are called alike get two names', () => {
  const result = imported('ssl crt /a/site.pem crt /b/site.pem crt /a/site.pem', undefined);
  assert.equal(bindOf(result), 'bind :443 ssl crt site.pem crt b-site.pem crt site.pem');
});

test('a list comes along with names where it had paths', () => {
  const found = new Map([
    [
      '/etc/both',
      [
        { path: '/etc/both.rsa', key: 'inside' },
        { path: '/etc/both.ecdsa', key: 'inside' },
      ],
    ],
  ] as const);
  const list = '# sites\n/etc/both [alpn h2] a.example\nb.pem b.example\n';
  const result = imported('ssl crt-list /etc/list', found, list);
  const [attachment] = result.attachments;
  assert.equal(
    Buffer.from(attachment?.content ?? []).toString(),
    '# sites\nboth.rsa [alpn h2] a.example\nboth.ecdsa [alpn h2] a.example\nb.pem b.example\n',
  );
  assert.equal(bindOf(result), 'bind :443 ssl crt-list /etc/list');
  assert.equal(fateOf(result)?.fate, 'changed');
  assert.deepEqual(result.problems, []);
});
