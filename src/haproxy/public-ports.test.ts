import assert from 'node:assert/strict';
import test from 'node:test';
import { publicPorts } from './public-ports.ts';
import { addresses } from './render.samples.ts';

const ports = (config: string, limit?: number) =>
  publicPorts({ name: 'web', config, addresses }, limit).map((one) => one.ports);

test('each address has the ports that are bound on it', () => {
  const config =
    'frontend w\n bind :80,:443\n bind [2001:db8::1]:81\n bind 0.0.0.0:82\nlisten x\n bind :8080\n';
  assert.deepEqual(publicPorts({ name: 'web', config, addresses }), [
    { address: '198.18.10.10', ports: [80, 82, 443, 8080] },
    { address: '2001:db8::1', ports: [80, 81, 443, 8080] },
  ]);
});

test('what may rightly be closed is left out', () => {
  assert.deepEqual(
    ports(`defaults
  disabled
listen by-default
  bind :1
listen again
  enabled
  bind :2
defaults
frontend w
  disabled
  bind :3
frontend x
  bind quic4@:4 ssl
  bind 127.0.0.1:5
  bind unix@/tmp/x
.if 1
  bind :6
.else
  bind :7
.endif
  bind :8
peers p
  bind :9
log-forward l
  dgram-bind :10
backend b
  bind :11
`),
    [
      [2, 8],
      [2, 8],
    ],
  );
});

test('ranges give way to single ports where there are too many', () => {
  const config = 'frontend w\n bind 198.18.10.10:8000-8999\n bind 198.18.10.10:80\n';
  assert.deepEqual(ports(config, 3), [[80, 8000, 8001], []]);
  assert.equal(ports(config)[0]?.length, 16);
});
