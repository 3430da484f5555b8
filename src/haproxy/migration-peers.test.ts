import assert from 'node:assert/strict';
import test from 'node:test';
import { syncedSections } from './migration-peers.ts';
import { addresses, resources } from './render.samples.ts';
import { renderConfig } from './render.ts';

const render = (config: string) =>
  renderConfig({ name: 'web', config, addresses: addresses.slice(0, 1), resources });

const listen = 'frontend w\n  bind :80\n';
const table = (peers: string) => `  stick-table type ip size 1k peers ${peers}\n`;
const line = (index: number, more = '') =>
  `  server bridgehead.migration unix@/run/haproxy/peers-${index}.sock${more}`;

test('a section that a table uses gets a peer behind the local one, as a managed line', () => {
  const config = `peers p\n  peer web :1024\n  peer b 1.2.3.4:1\n${listen}${table('p')}`;
  const { text, sourceLines, findings } = render(config);
  const lines = text.split('\n');
  const at = lines.indexOf(line(1));
  assert.equal(lines[at - 1], '  peer web 198.18.10.10:1024');
  assert.equal(lines[at + 1], '  peer b 1.2.3.4:1');
  assert.deepEqual(sourceLines.slice(at - 1, at + 2), [2, null, 3]);
  assert.deepEqual(findings, []);
  assert.deepEqual(syncedSections(text), [{ name: 'p', socket: 'peers-1.sock' }]);
});

test('a table of the section itself counts as use, and each section has a socket of its own', () => {
  const first = 'peers a\n  bind :1024\n  server web\n  table t type ip size 1k\n';
  const second = `peers b\n  bind :1025\n  server "$HAPROXY_LOCALPEER"\n${listen}${table('b')}`;
  assert.deepEqual(syncedSections(render(first + second).text), [
    { name: 'a', socket: 'peers-1.sock' },
    { name: 'b', socket: 'peers-2.sock' },
  ]);
});

test('what no table uses, what is disabled, and what has no local peer stays as it was', () => {
  const peers = 'peers p\n  bind :1024\n  server web\n';
  for (const config of [
    listen,
    `${peers}${listen}`,
    `${peers}${listen}${table('other')}`,
    `${peers}  disabled\n${listen}${table('p')}`,
    `peers p\n  peer b 1.2.3.4:1\n${listen}${table('p')}`,
    `peers p\n  bind :1024\n  server '$HAPROXY_LOCALPEER'\n${listen}${table('p')}`,
  ]) {
    const { text } = render(config);
    assert.ok(!text.includes('bridgehead.migration'), text);
    assert.deepEqual(syncedSections(text), []);
  }
});

test('the transport that the section gives its servers is not that of the socket', () => {
  const head = 'peers p\n  default-server ssl verify none send-proxy\n  bind :1024 ssl\n';
  const { text } = render(`${head}  server web\n${listen}${table('p')}`);
  assert.ok(text.split('\n').includes(line(1, ' no-ssl no-send-proxy')), text);
});
