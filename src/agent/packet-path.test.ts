import assert from 'node:assert/strict';
import { test } from 'node:test';
import { correction, hostSettings, instanceSettings } from './packet-path.ts';

const of = (name: string) => {
  const found = [...hostSettings, ...instanceSettings].find((one) => one.name.endsWith(name));
  assert.ok(found !== undefined, name);
  return found;
};

test('what is as it should be is let alone, what is not is put right', () => {
  assert.equal(correction(of('nf-call-iptables'), '0\n'), null);
  assert.equal(correction(of('nf-call-iptables'), '1\n'), '0');
  assert.equal(correction(of('ip_local_port_range'), '16384\t65535\n'), null);
  assert.equal(correction(of('ip_local_port_range'), '32768\t60999\n'), '16384 65535');
});

test('what somebody has set higher stays', () => {
  assert.equal(correction(of('netdev_max_backlog'), '1000\n'), '4096');
  assert.equal(correction(of('netdev_max_backlog'), '30000\n'), null);
});
