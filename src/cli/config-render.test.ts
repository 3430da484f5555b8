import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { runLine } from './test-terminal.ts';

const example = join(import.meta.dirname, '../../examples/services.yaml');

const two = `apiVersion: bridgehead/v1
instances:
  - { name: a, owner: o, service: s, image: i, addresses: [{ pool: elsewhere }], placement: { avoid: [other] }, config: "frontend a\\n  bind :80\\n" }
  - name: b
    owner: o
    service: s
    image: i
    addresses: [{ pool: elsewhere }]
    services: { listeners: [{ name: web, port: 80, redirectToTls: true }] }
`;

test('config render prints what a spec comes to, and nothing else', async () => {
  const { code, out, err } = await runLine(['config', 'render', '-f', example]);
  assert.equal(code, 0, err);
  assert.equal(err, '');
  assert.match(out, /^# services\.timeouts\ndefaults\n {4}timeout connect 5s\n/);
  assert.match(out, /\n {4}use_backend api if route-1-host\n/);
});

test('of several instances each has its name above, and one can be asked for', async () => {
  const all = await runLine(['config', 'render', '-f', '-'], { input: two });
  assert.equal(all.code, 0, all.err);
  assert.match(all.out, /^# Instance a\nfrontend a\n {2}bind :80\n\n# Instance b\n# services/);
  const one = await runLine(['config', 'render', '-f', '-', '--instance', 'a', '-o', 'json'], {
    input: two,
  });
  assert.deepEqual(JSON.parse(one.out), [{ instance: 'a', config: 'frontend a\n  bind :80\n' }]);
  const none = await runLine(['config', 'render', '-f', '-', '--instance', 'c'], { input: two });
  assert.equal(none.code, 3);
  assert.match(none.err, /no instance 'c'.*\n.*a, b/);
});

test('faults stand beside their lines', async () => {
  const input = two.replace('port: 80, redirectToTls: true', 'port: 80, backend: shop');
  const { code, out, err } = await runLine(['config', 'render', '-f', '-'], { input });
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.match(err, /^stdin:9:61: there is no backend 'shop': add it to 'backends'/m);
  assert.match(err, /\^/);
});
