import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Address6 } from 'ip-address';
import {
  addressNumber,
  canonicalAddress,
  contains,
  familyOf,
  numberAddress,
  overlap,
  parseNetwork,
} from './address.ts';
import type { Family } from './model.ts';

const top = { 4: 2n ** 32n - 1n, 6: 2n ** 128n - 1n } as const;

/** Numbers of either family; IPv6 ones with runs of zeros, which its short form is about. */
const anyAddress = fc.oneof(
  fc.record({ family: fc.constant<Family>(4), number: fc.bigInt({ min: 0n, max: top[4] }) }),
  fc.record({ family: fc.constant<Family>(6), number: fc.bigInt({ min: 0n, max: top[6] }) }),
  fc
    .array(fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 0xffffn })), {
      minLength: 8,
      maxLength: 8,
    })
    .map((groups) => ({
      family: 6 as Family,
      number: groups.reduce((sum, group) => (sum << 16n) | group, 0n),
    })),
);

test('a number makes an address, and the address that number', () => {
  fc.assert(
    fc.property(anyAddress, ({ family, number }) => {
      const address = numberAddress(number, family);
      assert.equal(familyOf(address), family);
      assert.equal(addressNumber(address), number);
    }),
  );
});

test('the address of a number is canonical', () => {
  fc.assert(
    fc.property(anyAddress, ({ family, number }) => {
      const address = numberAddress(number, family);
      assert.equal(canonicalAddress(address), address);
      if (family === 6) assert.equal(address, Address6.fromBigInt(number).correctForm());
    }),
    { numRuns: 1_000 },
  );
});

test('both ends of each family', () => {
  assert.equal(numberAddress(0n, 4), '0.0.0.0');
  assert.equal(numberAddress(top[4], 4), '255.255.255.255');
  assert.equal(numberAddress(0n, 6), '::');
  assert.equal(numberAddress(1n, 6), '::1');
  assert.equal(numberAddress(top[6], 6), 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff');
});

const canonical: readonly (readonly [string, string | null])[] = [
  ['198.18.10.9', '198.18.10.9'],
  ['2001:DB8:0:0::A', '2001:db8::a'],
  ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::ffff:198.18.10.9', '::ffff:c612:a09'],
  ['', null],
  [' 198.18.10.9', null],
  ['198.18.10', null],
  ['198.18.10.256', null],
  ['198.18.10.010', null],
  ['198.18.10.9/24', null],
  ['198.18.10.9:80', null],
  ['2001:db8::1/64', null],
  ['fe80::1%eth0', null],
  ['[::1]', null],
  ['1:::2', null],
  ['12345::', null],
  ['host-1', null],
];
for (const [text, expected] of canonical) {
  test(`canonical form of ${JSON.stringify(text)}`, () => {
    assert.equal(canonicalAddress(text), expected);
  });
}

test('a network has a first and a last address and a canonical text', () => {
  assert.deepEqual(parseNetwork('198.18.10.0/24'), {
    family: 4,
    first: addressNumber('198.18.10.0'),
    last: addressNumber('198.18.10.255'),
    prefix: 24,
    cidr: '198.18.10.0/24',
  });
  assert.deepEqual(parseNetwork('2001:DB8:0:10::/64'), {
    family: 6,
    first: addressNumber('2001:db8:0:10::'),
    last: addressNumber('2001:db8:0:10:ffff:ffff:ffff:ffff'),
    prefix: 64,
    cidr: '2001:db8:0:10::/64',
  });
  assert.equal(parseNetwork('0.0.0.0/0')?.last, top[4]);
  assert.equal(parseNetwork('::/0')?.last, top[6]);
  assert.equal(parseNetwork('2001:db8::7/128')?.last, addressNumber('2001:db8::7'));
});

const notNetworks = [
  '198.18.10.1/24',
  '198.18.10.0/33',
  '198.18.10.0',
  '198.18.10.0/',
  '198.18.10.0/-1',
  '198.18.10.0/24 ',
  '2001:db8::1/64',
  '2001:db8::/129',
  '/24',
  'public/24',
];
for (const text of notNetworks) {
  test(`${JSON.stringify(text)} is not a network`, () => {
    assert.equal(parseNetwork(text), null);
  });
}

test('a network contains its addresses and no other, and none of the other family', () => {
  const network = parseNetwork('198.18.10.0/28');
  assert.ok(network !== null);
  assert.ok(contains(network, '198.18.10.0'));
  assert.ok(contains(network, '198.18.10.15'));
  assert.ok(!contains(network, '198.18.10.16'));
  assert.ok(!contains(network, '198.18.9.255'));
  // The same number in the other family.
  assert.ok(!contains(network, '::c612:a05'));
});

const anyNetwork = anyAddress.chain(({ family, number }) =>
  fc.nat({ max: family === 4 ? 32 : 128 }).map((prefix) => {
    const size = 1n << BigInt((family === 4 ? 32 : 128) - prefix);
    const network = parseNetwork(`${numberAddress(number - (number % size), family)}/${prefix}`);
    if (network === null) throw new Error(`no network from ${number}/${prefix}`);
    return network;
  }),
);

test('networks overlap where one contains the other’s first address, both ways', () => {
  fc.assert(
    fc.property(anyNetwork, anyNetwork, (a, b) => {
      const shares =
        contains(a, numberAddress(b.first, b.family)) ||
        contains(b, numberAddress(a.first, a.family));
      assert.equal(overlap(a, b), shares);
      assert.equal(overlap(b, a), shares);
      assert.ok(overlap(a, a));
    }),
  );
});

test('networks side by side do not overlap, nested ones do', () => {
  const overlaps = (a: string, b: string): boolean => {
    const [one, other] = [parseNetwork(a), parseNetwork(b)];
    assert.ok(one !== null && other !== null);
    return overlap(one, other);
  };
  assert.ok(!overlaps('198.18.10.0/25', '198.18.10.128/25'));
  assert.ok(overlaps('198.18.10.0/24', '198.18.10.128/25'));
  assert.ok(!overlaps('0.0.0.0/0', '::/0'));
});
