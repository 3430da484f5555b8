import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import * as fc from 'fast-check';
import type { InstanceName, PoolName } from '../domain/ids.ts';
import { parseSpec } from './parse.ts';
import type { Known } from './spec.ts';

const head = 'apiVersion: bridgehead/v1\n';

/** `line:column object: message` of every finding. */
const told = (text: string, known?: Known) =>
  parseSpec(text, 'spec.yaml', known).findings.map(
    ({ line, column, object, message }) =>
      `${line}:${column} ${object === undefined ? '' : `${object}: `}${message}`,
  );

const pool4 = '  - name: p4\n    cidr: 198.18.10.0/24\n';
const instance = (name: string, rest: string) =>
  `  - name: ${name}\n    owner: o\n    service: s\n    image: i\n${rest}`;
const minimal = `${head}pools:\n${pool4}instances:\n${instance('web', '    addresses: [{ pool: p4 }]\n    config: |\n      frontend w\n')}`;

test('the example that ships is read whole', () => {
  const text = readFileSync(`${import.meta.dirname}/../../examples/shop.yaml`, 'utf8');
  const { spec, findings } = parseSpec(text, 'shop.yaml');
  assert.deepEqual(findings, []);
  assert.deepEqual(
    spec?.pools.map(({ name, range, prefix }) => [name, range?.to ?? null, prefix]),
    [
      ['public-v4', '198.18.10.200', 16],
      ['public-v6', null, 48],
    ],
  );
  assert.deepEqual(
    spec?.hosts.map(({ name, zone, rack }) => `${name} ${zone} ${rack}`),
    ['host-1 north r1', 'host-2 north r2', 'host-3 south r3'],
  );
  assert.deepEqual(
    spec?.instances.map(({ name, tier, resources }) => [name, tier, resources.cpus]),
    [
      ['shop-web', 0, 0.5],
      ['shop-api', 1, 0.5],
      ['status-page', 3, 0.25],
    ],
  );
});

test('what is left out has its default, and addresses are in canonical form', () => {
  const text = `${head}pools:
  - { name: p6, cidr: '2001:DB8:0:0::/64', range: '2001:db8::10 - 2001:DB8::ff', gateway: 2001:DB8:0::1 }
hosts: [{ name: h }]
instances:
${instance('web', "    addresses: [{ pool: p6, address: '2001:db8:0::11' }]\n    config: 'frontend w'\n")}`;
  assert.deepEqual(parseSpec(text, 'spec.yaml').spec, {
    pools: [
      {
        name: 'p6',
        cidr: '2001:db8::/64',
        range: { from: '2001:db8::10', to: '2001:db8::ff' },
        prefix: 64,
        gateway: '2001:db8::1',
        bridge: 'br0',
        vlan: null,
      },
    ],
    hosts: [{ name: 'h', zone: 'default', rack: 'default', labels: {}, capacity: null }],
    instances: [
      {
        name: 'web',
        owner: 'o',
        service: 's',
        tier: 2,
        standbys: 0,
        contact: '',
        notes: '',
        image: 'i',
        addresses: [{ pool: 'p6', address: '2001:db8::11' }],
        resources: { memoryMib: 128, cpus: 1, maxConnections: 2000 },
        placement: { zones: [], racks: [], labels: {}, avoid: [] },
        config: 'frontend w',
      },
    ],
    rollout: null,
  });
});

test('a rollout has its defaults and limits, and is there once', () => {
  const { spec } = parseSpec(`${head}rollout: { watchS: 30 }\n`, 's');
  const usual = { canaries: 1, batchSize: 5, watchS: 30, errorPercent: 1 };
  assert.deepEqual(spec?.rollout, usual);
  assert.equal(parseSpec(minimal, 's').spec?.rollout, null);
  assert.match(told(`${head}rollout: { canaries: 0 }\n`)[0] ?? '', /^2:22 .*canaries/);
  assert.match(told(`${head}rollout: { watchS: 5 }\n`)[0] ?? '', /^2:20 .*watchS/);
  const twice = `${head}rollout: {}\n---\n${head}rollout: {}\n`;
  assert.match(told(twice)[0] ?? '', /^5:1 .*leave one of them/);
});

test('several documents are taken together, and aliases are followed', () => {
  const text = `${head}pools:\n${pool4}---\n---\n${head}instances:\n${instance('a', '    addresses: &at [{ pool: p4 }]\n    config: &c |\n      x\n')}${instance('b', '    addresses: *at\n    config: *c\n')}`;
  const { spec, findings, configOrigin } = parseSpec(text, 'spec.yaml');
  assert.deepEqual(findings, []);
  assert.deepEqual(
    spec?.instances.map(({ name, config }) => `${name} ${config}`),
    ['a x\n', 'b x\n'],
  );
  assert.equal(configOrigin('b' as InstanceName)?.line, 15);
  assert.deepEqual(told(`${text}---\npools: []\n`), ["23:1 'apiVersion' is missing"]);
});

test('faults of YAML itself have their place and a next step', () => {
  assert.deepEqual(told(''), [
    "1:1 spec.yaml is empty: it must begin with 'apiVersion: bridgehead/v1'",
  ]);
  assert.deepEqual(told('# nothing\n---\n'), [
    "1:1 spec.yaml is empty: it must begin with 'apiVersion: bridgehead/v1'",
  ]);
  const invalid = 'this is not valid YAML';
  assert.deepEqual(told(`${head}pools:\n\t- x\n`), [
    `3:1 ${invalid}: Tabs are not allowed as indentation; indent with spaces`,
  ]);
  assert.deepEqual(told(`${head}pools: [\n`), [
    `3:1 ${invalid}: Flow sequence in block collection must be sufficiently indented and end ` +
      'with a ]; look at the indentation, and for a bracket or quote left open above',
  ]);
  assert.deepEqual(told(`${head}pools: !x []\n`), [
    `2:8 ${invalid}: Unresolved tag: !x; remove the tag, the word that starts with '!'`,
  ]);
  assert.deepEqual(told(`${head}? [a]\n: b\n`), [
    `2:3 ${invalid}: the name of a field is a collection; write the name of the field as plain text`,
  ]);
  assert.deepEqual(told(`${head}pools: []\nhosts: []\npools: []\n`), [
    "4:1 'pools' stands twice here: remove one of the two",
  ]);
  assert.deepEqual(told(`${head}pools: *p\n`), ["2:8 there is no '&p' before '*p'"]);
  assert.deepEqual(told(`${head}pools: &p [*p]\n`), ["2:12 '*p' stands inside of what it names"]);
  assert.deepEqual(told(`${head}hosts: [{ name: "a\\0" }]\n`), [
    '2:17 the text holds a NUL character: remove it',
  ]);
});

test('a text that expands or nests without end is refused', () => {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const inside = Array<string>(10).fill(level === 0 ? 'x' : `*l${level - 1}`);
    return `  - &l${level} [${inside.join(', ')}]\n`;
  });
  assert.match(told(`${head}pools:\n${levels.join('')}`)[0] ?? '', /^9:10 .*2000000 values/);
  assert.match(
    told(`${head}pools: ${'['.repeat(40)}${']'.repeat(40)}`)[0] ?? '',
    /more than 32 deep/,
  );
  assert.deepEqual(told(`a: ${'['.repeat(100_000)}`), [
    '1:68 more than 64 collections are nested here',
  ]);
  assert.deepEqual(told(`a:\n ${'- '.repeat(100_000)}`), [
    '2:130 more than 64 collections are nested here',
  ]);
  assert.match(told('a: 1\n'.repeat(500_000))[0] ?? '', /^\d{6}:\d .* 2000000 .*: split it/);
});

test('unknown, missing and mistyped fields', () => {
  const text = `${head}pool: []
hosts:
  - name: Host_1
    labels: { a: 1 }
  - just text
instances:
  - name: web
    onwer: x
    service: s
    tier: 5
    image: a b
    addresses: []
    resources: { cpu: 2, memoryMib: 1.5 }
    notes:
    config: x
`;
  assert.deepEqual(told(text), ["2:1 unknown field 'pool': did you mean 'pools'?"]);
  assert.deepEqual(told(text.replace('pool: []\n', '\n')), [
    "4:11 host Host_1: 'name' must be lower-case letters, digits and dashes, 63 at most, not 'Host_1'",
    "5:18 host Host_1: 'labels.a' must be text, not 1: put it in quotes",
    "6:5 host number 2: this must be a mapping, not 'just text'",
    "8:5 instance web: 'owner' is missing",
    "9:5 instance web: unknown field 'onwer': did you mean 'owner'?",
    "11:11 instance web: 'tier' must be at most 3",
    "12:12 instance web: 'image' must be one word, not 'a b'",
    "13:16 instance web: 'addresses' must have at least 1 entry",
    "14:18 instance web: unknown field 'cpu': did you mean 'cpus'?",
    "14:37 instance web: 'resources.memoryMib' must be a whole number, not 1.5",
    "15:11 instance web: 'notes' has no value",
  ]);
  assert.deepEqual(told(`${head}hosts: { a: b }\n`), ["2:8 'hosts' must be a list, not a mapping"]);
  assert.deepEqual(told('apiVersion: v2\n'), ["1:13 'apiVersion' must be bridgehead/v1, not 'v2'"]);
  assert.deepEqual(told('- a\n'), ['1:1 this must be a mapping, not a list']);
  assert.deepEqual(told(`${head}hosts:\npools: ~\n`), []);
});

const pools: readonly (readonly [fields: string, finding: string])[] = [
  [
    'cidr: 198.18.10.5/24',
    "3:20 pool p: '198.18.10.5/24' is an address inside a network: write the network, 198.18.10.0/24",
  ],
  [
    'cidr: 198.18.10.0',
    "3:20 pool p: '198.18.10.0' is not a network: behind the address goes '/' and a prefix from 0 to 32",
  ],
  [
    'cidr: shop',
    "3:20 pool p: 'shop' is not a network: write one such as 198.18.10.0/24 or 2001:db8::/64",
  ],
  [
    'cidr: 10.0.0.0/24, range: 10.0.0.9',
    "3:40 pool p: '10.0.0.9' is not a range: write two addresses with a dash between",
  ],
  [
    'cidr: 10.0.0.0/24, range: 10.0.0.9-10.0.0.3',
    '3:40 pool p: the range ends before it begins: write 10.0.0.3-10.0.0.9',
  ],
  [
    'cidr: 10.0.0.0/24, range: 10.0.0.9-10.0.1.3',
    "3:40 pool p: 10.0.1.3 is outside of the pool's network 10.0.0.0/24",
  ],
  [
    'cidr: 10.0.0.0/24, prefix: 25',
    "3:41 pool p: a prefix of 25 is longer than the pool's own 24: it must be the segment's, which is as wide as the pool or wider",
  ],
  [
    "cidr: 10.0.0.0/24, gateway: '2001:db8::1'",
    '3:42 pool p: 2001:db8::1 is IPv6, but the pool is IPv4',
  ],
  [
    'cidr: 10.0.0.0/24, gateway: 10.0.1.1',
    "3:42 pool p: 10.0.1.1 is not in the on-link network 10.0.0.0/24: set 'prefix' to that of the segment which holds the pool and its gateway",
  ],
  ['cidr: 10.0.0.0/24, gateway: router', "3:42 pool p: 'router' is not an IP address"],
  [
    'cidr: 10.0.0.0/24, bridge: a/b',
    "3:41 pool p: 'bridge' must be the name of an interface, 15 at most, not 'a/b'",
  ],
  ['cidr: 10.0.0.0/24, vlan: 4095', "3:39 pool p: 'vlan' must be at most 4094"],
];

test('a pool is a network with all that belongs to it inside', () => {
  for (const [fields, finding] of pools) {
    assert.deepEqual(told(`${head}pools:\n- { name: p, ${fields} }\n`), [finding]);
  }
  const good = 'cidr: 10.0.1.0/24, prefix: 16, gateway: 10.0.0.1, range: 10.0.1.1-10.0.1.1';
  assert.deepEqual(told(`${head}pools:\n- { name: p, ${good} }\n`), []);
});

test('pools do not overlap, in the spec or with others', () => {
  const overlaps = 'an address may belong to one pool only';
  const text = `${head}pools:\n${pool4}  - name: half\n    cidr: 198.18.10.128/25\n`;
  assert.deepEqual(told(text), [
    `6:11 pool half: 198.18.10.128/25 overlaps with pool p4 (198.18.10.0/24): ${overlaps}`,
  ]);
  const other = parseSpec(`${head}pools:\n${pool4}`, 'spec.yaml').spec?.pools ?? [];
  const known = { pools: other, instances: [] };
  assert.deepEqual(told(`${head}pools:\n${pool4}`, known), []);
  assert.deepEqual(told(`${head}pools:\n${pool4.replace('p4', 'q4')}`, known), [
    `4:11 pool q4: 198.18.10.0/24 overlaps with pool p4 (198.18.10.0/24): ${overlaps}`,
  ]);
});

test('names are used once', () => {
  assert.deepEqual(told(`${head}hosts:\n- name: a\n- name: b\n- name: a\n`), [
    "5:9 host a: there is a host 'a' on line 3 already: rename one",
  ]);
});

test('an instance refers to what there is, and its addresses fit', () => {
  const text = `${head}pools:
  - { name: p4, cidr: 198.18.10.0/24, range: 198.18.10.10-198.18.10.20, gateway: 198.18.10.1 }
  - { name: vlan-7, cidr: 198.18.11.0/24, vlan: 7 }
  - { name: broken, cidr: x }
instances:
${instance(
  'web',
  `    addresses:
      - { pool: p4, address: 198.18.10.1 }
      - { pool: p4, address: 198.18.10.21 }
      - { pool: p4, address: 198.18.11.1 }
      - { pool: p4, address: 198.18.10.11 }
      - { pool: p4, address: 198.18.10.011 }
      - { pool: vlan7 }
      - { pool: vlan-7 }
      - { pool: broken }
    placement: { avoid: [web, api, apu, db] }
    config: x
`,
)}${instance('api', '    addresses: [{ pool: p4, address: 198.18.10.11 }]\n    config: x\n')}`;
  assert.deepEqual(told(text), [
    "5:27 pool broken: 'x' is not a network: write one such as 198.18.10.0/24 or 2001:db8::/64",
    '12:30 instance web: 198.18.10.1 is the gateway of pool p4',
    '13:30 instance web: 198.18.10.21 is outside of the range of pool p4 (198.18.10.10-198.18.10.20): choose one in it, or leave it out to get a free one',
    '14:30 instance web: 198.18.11.1 is not in pool p4 (198.18.10.0/24): choose one that is, or leave it out to get a free one',
    "16:30 instance web: '198.18.10.011' is not an IP address",
    "17:17 instance web: there is no pool 'vlan7': did you mean 'vlan-7'?",
    '18:17 instance web: pool vlan-7 is on bridge br0 VLAN 7, but pool p4 is on bridge br0: all addresses of an instance must be on one bridge and VLAN',
    '20:26 instance web: an instance cannot avoid itself: remove the entry',
    "20:36 instance web: there is no instance 'apu': did you mean 'api'?",
    "20:41 instance web: there is no instance 'db': remove it, or add the instance",
    "26:38 instance api: 198.18.10.11 is web's already: choose another, or leave it out to get a free one",
  ]);
});

test('what exists beside the spec can be referred to, and what is held can be kept', () => {
  const pool = {
    name: 'old' as PoolName,
    cidr: '198.18.10.0/24',
    range: { from: '198.18.10.10', to: '198.18.10.20' },
    prefix: 24,
    gateway: null,
    bridge: 'br0',
    vlan: null,
  };
  const text = `${head}instances:\n${instance('web', '    addresses: [{ pool: old, address: 198.18.10.99 }]\n    placement: { avoid: [api] }\n    config: x\n')}`;
  const api = { name: 'api' as InstanceName, addresses: [] };
  const web = (address: string) => ({ name: 'web' as InstanceName, addresses: [address] });
  assert.deepEqual(told(text, { pools: [pool], instances: [api, web('198.18.10.99')] }), []);
  assert.equal(told(text, { pools: [pool], instances: [api, web('198.18.10.98')] }).length, 1);
  assert.equal(told(text).length, 2);
});

test('a fault in one object does not hide those of others', () => {
  const text = minimal
    .replace('cidr: 198.18.10.0/24', 'cidr: 198.18.10.0/33')
    .replace('pool: p4', 'pool: p5');
  assert.equal(told(text).length, 2);
  assert.equal(parseSpec(text, 'spec.yaml').spec, null);
});

const piece = fc.constantFrom(
  ...minimal.split(/(?=\n)|(?<=: )/),
  ...['\n', '\t', '  - ', '&a ', '*a', '!t ', '---\n', '|\n', '>\n', '"', '\0', '\ud800', '<<: '],
  ...['{', '}', '[', ']', '? ', ': ', '%YAML 1.1\n---\n', '__proto__: ', '\r\n', 'null', '0x1'],
);

test('any text is read, with findings that stand in it', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    fc
      .tuple(fc.nat({ max: minimal.length }), fc.nat({ max: 9 }), piece)
      .map(([at, length, other]) => minimal.slice(0, at) + other + minimal.slice(at + length)),
  );
  fc.assert(
    fc.property(text, (any) => {
      const { spec, findings } = parseSpec(any, 'spec.yaml');
      assert.equal(spec === null, findings.length > 0);
      const lines = any.split('\n');
      for (const { line, column } of findings) {
        assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`);
        assert.ok(column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1, `column ${column}`);
      }
    }),
    { numRuns: 1_000 },
  );
});
