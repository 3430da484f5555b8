// Whatever is asked of a book, in whatever order: what it gives and what it refuses is right.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { addressNumber, contains, numberAddress, parseNetwork } from '../domain/address.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName, PoolName } from '../domain/ids.ts';
import type { Pool, ServiceAddress } from '../domain/model.ts';
import { AddressBook, type AddressWish } from './addresses.ts';
import { pool } from './test-fleets.ts';

/** Small pools of all kinds, so that they run out and meet each other's edges. */
const anyPool = fc
  .record({
    cidr: fc.constantFrom(
      '198.18.10.0/28',
      '198.18.10.16/29',
      '198.18.10.24/31',
      '198.18.10.255/32',
      '2001:db8::/125',
      '2001:db8::8/127',
      '2001:db8:0:1::/64',
    ),
    widerBits: fc.nat({ max: 8 }),
    from: fc.nat({ max: 5 }),
    length: fc.nat({ max: 9 }),
    gateway: fc.option(fc.nat({ max: 6 })),
    hasRange: fc.boolean(),
  })
  .map(({ cidr, widerBits, from, length, gateway, hasRange }): Pool => {
    const network = parseNetwork(cidr);
    if (network === null) throw new Error(cidr);
    const at = (offset: number): string => {
      const number = network.first + BigInt(offset);
      return numberAddress(number > network.last ? network.last : number, network.family);
    };
    return pool('p', {
      cidr,
      prefix: network.prefix - widerBits,
      range: hasRange ? { from: at(from), to: at(from + length) } : null,
      gateway: gateway === null ? null : at(gateway),
    });
  });

/** True where the pool may hand out the address, straight from its definition. */
function mayHandOut(from: Pool, address: string): boolean {
  const network = parseNetwork(from.cidr);
  if (network === null || !contains(network, address)) return false;
  const number = addressNumber(address);
  const low = from.range === null ? network.first : addressNumber(from.range.from);
  const high = from.range === null ? network.last : addressNumber(from.range.to);
  const bits = network.family === 4 ? 32n : 128n;
  const isEdge = [network.prefix, from.prefix].some((prefix) => {
    const hostBits = bits - BigInt(prefix);
    if (hostBits < 2n) return false;
    const host = number & ((1n << hostBits) - 1n);
    return host === 0n || (network.family === 4 && host === (1n << hostBits) - 1n);
  });
  return number >= low && number <= high && !isEdge && address !== from.gateway;
}

test('no address is given twice or outside of what its pool hands out, and the lowest comes first', () => {
  fc.assert(
    fc.property(
      anyPool,
      fc.array(fc.array(fc.option(fc.nat({ max: 9 }), { freq: 2 }), { maxLength: 3 }), {
        maxLength: 12,
      }),
      (from, rounds) => {
        const network = parseNetwork(from.cidr);
        assert.ok(network !== null);
        const book = new AddressBook([from], new Map());
        const given = new Set<string>();
        for (const [round, offsets] of rounds.entries()) {
          const wanted: AddressWish[] = offsets.map((offset) => ({
            pool: 'p' as PoolName,
            address:
              offset === null
                ? null
                : numberAddress(network.first + BigInt(offset), network.family),
          }));
          const before = new Set(given);
          try {
            const got = book.allocate(`i-${round}` as InstanceName, wanted, []);
            assert.equal(got.length, wanted.length);
            for (const [index, { address }] of got.entries()) {
              assert.ok(!given.has(address), `${address} twice`);
              assert.ok(mayHandOut(from, address), `${address} of ${from.cidr}`);
              assert.equal(address, wanted[index]?.address ?? address);
              given.add(address);
            }
            assertLowest(from, wanted, got, before);
          } catch (error) {
            if (!(error instanceof BridgeheadError)) throw error;
            assertRightly(error, from, wanted, before);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});

/** Free addresses of the pool among its first 64, lowest first. */
function freeOf(from: Pool, taken: ReadonlySet<string>): string[] {
  const network = parseNetwork(from.cidr);
  assert.ok(network !== null);
  const free: string[] = [];
  for (let offset = 0n; offset < 64n && network.first + offset <= network.last; offset += 1n) {
    const address = numberAddress(network.first + offset, network.family);
    if (!taken.has(address) && mayHandOut(from, address)) free.push(address);
  }
  return free;
}

function assertLowest(
  from: Pool,
  wanted: readonly AddressWish[],
  got: readonly ServiceAddress[],
  before: ReadonlySet<string>,
): void {
  const named = wanted.flatMap(({ address }) => (address === null ? [] : [address]));
  const free = freeOf(from, new Set([...before, ...named]));
  const unnamed = got.filter((_, index) => wanted[index]?.address === null);
  assert.deepEqual(
    unnamed.map(({ address }) => address),
    free.slice(0, unnamed.length),
  );
}

function assertRightly(
  error: BridgeheadError,
  from: Pool,
  wanted: readonly AddressWish[],
  before: ReadonlySet<string>,
): void {
  const named = wanted.flatMap(({ address }) => (address === null ? [] : [address]));
  if (error.code === 'ADDRESS_OUTSIDE_POOL') {
    assert.ok(named.some((address) => !mayHandOut(from, address)));
  } else if (error.code === 'ADDRESS_TAKEN') {
    assert.ok(named.length > new Set(named).size || named.some((address) => before.has(address)));
  } else {
    assert.equal(error.code, 'POOL_EXHAUSTED');
    assert.ok(freeOf(from, new Set([...before, ...named])).length < wanted.length - named.length);
  }
}
