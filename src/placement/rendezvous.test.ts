import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashText, rendezvousWeight } from './rendezvous.ts';

test('hashes are those of FNV-1a, 32 bits', () => {
  // Test vectors of the algorithm's authors.
  assert.equal(hashText(''), 0x811c9dc5);
  assert.equal(hashText('a'), 0xe40c292c);
  assert.equal(hashText('foobar'), 0xbf9cf968);
});

const hosts = Array.from({ length: 20 }, (_, number) => `host-${number}`);
const instances = Array.from({ length: 2_000 }, (_, number) => `instance ${number}`);

function favourite(instance: string, among: readonly string[]): string {
  const weight = (host: string): number => rendezvousWeight(hashText(instance), hashText(host));
  return among.reduce((best, host) => (weight(host) > weight(best) ? host : best));
}

test('weights are 32-bit and draw instances to all hosts alike', () => {
  const counts = new Map(hosts.map((host) => [host, 0]));
  for (const instance of instances) {
    const host = favourite(instance, hosts);
    counts.set(host, (counts.get(host) ?? 0) + 1);
    const weight = rendezvousWeight(hashText(instance), hashText(host));
    assert.ok(Number.isInteger(weight) && weight >= 0 && weight < 2 ** 32);
  }
  // 100 expected, standard deviation under 10: more than five of them on either side.
  for (const [host, count] of counts) assert.ok(count > 50 && count < 150, `${host}: ${count}`);
});

test('a host that goes away changes the favourite of nobody else', () => {
  const rest = hosts.slice(1);
  for (const instance of instances) {
    const before = favourite(instance, hosts);
    if (before !== hosts[0]) assert.equal(favourite(instance, rest), before);
  }
});

test('an instance and a host that have the same name are not drawn to one another', () => {
  const weights = hosts.map((name) => rendezvousWeight(hashText(name), hashText(name)));
  assert.equal(new Set(weights).size, hosts.length);
});
