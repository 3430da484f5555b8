import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { assert as check, integer, property } from 'fast-check';
import { contains, parseNetwork } from '../domain/address.ts';
import {
  addressOf,
  cableLines,
  hostsMax,
  macOfNode,
  nodeLines,
  nodesOf,
  partitionRules,
  switchLines,
  topologyOf,
} from './topology.ts';

const counts = integer({ min: 1, max: hostsMax });

test('no two nodes share a namespace, an address or a MAC', () => {
  check(
    property(counts, (count) => {
      const nodes = nodesOf(topologyOf('lab', count));
      const addresses = nodes.flatMap((node) => node.addresses.flatMap(({ v4, v6 }) => [v4, v6]));
      const macs = nodes.flatMap((node) => [macOfNode(node, 'own'), macOfNode(node, 'enslaved')]);
      for (const list of [nodes.map(({ namespace }) => namespace), addresses, macs]) {
        assert.equal(new Set(list).size, list.length);
      }
    }),
  );
});

test('the largest lab has its last host below the first backend', () => {
  const { hosts, backend } = topologyOf('lab', hostsMax);
  const last = hosts.at(-1);
  assert.ok(last !== undefined);
  assert.equal(addressOf(last).v4, '198.18.0.30');
  assert.equal(addressOf(backend).v4, '198.18.0.31');
});

test('MACs are unicast and locally administered', () => {
  for (const node of nodesOf(topologyOf('lab', 3))) {
    const first = Number.parseInt(macOfNode(node, 'own').slice(0, 2), 16);
    assert.equal(first & 0b11, 0b10);
  }
});

test('port names fit into a network device name of 15 characters', () => {
  for (const { name } of nodesOf(topologyOf('a-very-long-name-for-a-lab', hostsMax))) {
    assert.ok(name.length <= 15, name);
  }
});

test("the lab's addresses are in none of the example's ranges, and its pools in the segment", () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../examples/shop.yaml'), 'utf8');
  const own = nodesOf(topologyOf('lab', hostsMax)).flatMap(({ addresses }) =>
    addresses.flatMap(({ v4, v6 }) => [v4, v6]),
  );
  const cidrs = [...text.matchAll(/cidr: (\S+)/g)].map((match) => match[1] ?? '');
  assert.deepEqual(cidrs, ['198.18.10.0/24', '2001:db8:0:10::/64']);
  for (const cidr of cidrs) {
    const pool = parseNetwork(cidr);
    assert.ok(pool !== null);
    for (const address of own) assert.ok(!contains(pool, address), `${address} in ${cidr}`);
  }
});

test('a host has its addresses on br0 and its NIC enslaved; a plain node has them on its NIC', () => {
  const topology = topologyOf('lab', 1);
  const [host] = topology.hosts;
  assert.ok(host !== undefined);
  const lines = nodeLines(host, topology.switch);
  assert.ok(lines.includes('addr add 198.18.0.11/16 dev br0'));
  assert.ok(lines.includes('addr add 2001:db8::11/48 dev br0 nodad'));
  assert.ok(lines.includes('link set eth0 master br0'));
  const plain = nodeLines(topology.client, topology.switch);
  assert.ok(plain.includes('addr add 198.18.0.2/16 dev eth0'));
  assert.ok(!plain.some((line) => line.includes('br0')));
});

test('every line is one that ip -batch takes: it begins with an object, not with an option', () => {
  const topology = topologyOf('lab', 2);
  const plugged = nodesOf(topology).filter(({ kind }) => kind !== 'switch');
  const lines = [
    ...switchLines(topology.switch),
    ...plugged.flatMap((node) => [...cableLines(node), ...nodeLines(node, topology.switch)]),
  ];
  for (const line of lines) assert.match(line, /^(link|addr|route) (add|set) /);
});

test('rules cut a host off from the scheduler alone, or from the other hosts alone, both ways', () => {
  const topology = topologyOf('lab', 3);
  const control = partitionRules(topology, new Map([['host-1', 'control']]));
  assert.match(control, /iifname "host-1" oifname \{ "control" \} drop/);
  assert.match(control, /oifname "host-1" iifname \{ "control" \} drop/);
  assert.doesNotMatch(control, /host-2/);
  const peers = partitionRules(topology, new Map([['host-2', 'peers']]));
  assert.match(peers, /iifname "host-2" oifname \{ "host-1", "host-3" \} drop/);
  assert.doesNotMatch(peers, /"control"/);
});

test('no partition, or one that a dead port makes, leaves no rule behind', () => {
  const topology = topologyOf('lab', 3);
  for (const partitions of [new Map(), new Map([['host-1', 'all'] as const])]) {
    const rules = partitionRules(topology, partitions);
    assert.match(rules, /delete table bridge bridgehead_lab/);
    assert.doesNotMatch(rules, /drop/);
  }
  assert.doesNotMatch(partitionRules(topologyOf('lab', 1), new Map([['host-1', 'peers']])), /drop/);
});
