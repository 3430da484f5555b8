import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressNumber, numberAddress } from '../domain/address.ts';
import { BridgeheadError, type ErrorCode } from '../domain/errors.ts';
import type { InstanceName, PoolName } from '../domain/ids.ts';
import type { Pool, ServiceAddress } from '../domain/model.ts';
import { AddressBook, type AddressWish, allocate } from './addresses.ts';
import { pool } from './test-fleets.ts';

const wish = (pool: string, address: string | null = null): AddressWish => ({
  pool: pool as PoolName,
  address,
});

const heldBy = (holder: string, ...addresses: string[]): Map<string, InstanceName> =>
  new Map(addresses.map((address) => [address, holder as InstanceName]));

/** Addresses that the wishes get. */
function allocated(
  pools: readonly Pool[],
  wanted: readonly AddressWish[],
  rest: { held?: ReadonlyMap<string, InstanceName>; current?: readonly ServiceAddress[] } = {},
): string[] {
  return allocate({
    pools,
    wanted,
    held: rest.held ?? new Map(),
    current: rest.current ?? [],
  }).map(({ address }) => address);
}

function fails(code: ErrorCode, message: string, run: () => unknown): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof BridgeheadError);
    assert.deepEqual({ code: error.code, message: error.message }, { code, message });
    assert.match(error.next, /^[A-Z].*\.$/);
    return true;
  });
}

const small = pool('small', { cidr: '198.18.10.0/29', prefix: 29, gateway: '198.18.10.1' });

test('the lowest free address, without the network, the gateway and the broadcast address', () => {
  const held = heldBy('other', '198.18.10.2', '198.18.10.4');
  assert.deepEqual(allocated([small], [wish('small'), wish('small')], { held }), [
    '198.18.10.3',
    '198.18.10.5',
  ]);
  const rest = heldBy('other', ...[2, 3, 4, 5, 6].map((last) => `198.18.10.${last}`));
  fails('POOL_EXHAUSTED', 'pool small has no free address left in 198.18.10.0/29', () =>
    allocated([small], [wish('small')], { held: rest }),
  );
});

test('an address comes with what its interface needs to know', () => {
  const tagged = pool('tagged', {
    cidr: '2001:db8:0:10::/64',
    prefix: 48,
    gateway: '2001:db8::1',
    bridge: 'br1',
    vlan: 7,
  });
  assert.deepEqual(
    allocate({ pools: [tagged], wanted: [wish('tagged')], held: new Map(), current: [] }),
    [
      {
        address: '2001:db8:0:10::1',
        family: 6,
        pool: 'tagged',
        prefix: 48,
        gateway: '2001:db8::1',
        bridge: 'br1',
        vlan: 7,
      },
    ],
  );
});

test('IPv6: the subnet-router anycast address is nobody’s, the last address is like any other', () => {
  const tiny = pool('tiny', { cidr: '2001:db8::/126', prefix: 126 });
  const wishes = [1, 2, 3].map(() => wish('tiny'));
  assert.deepEqual(allocated([tiny], wishes), ['2001:db8::1', '2001:db8::2', '2001:db8::3']);
  const narrow = pool('narrow', { cidr: '2001:db8::/127', prefix: 127 });
  assert.deepEqual(allocated([narrow], [wish('narrow')]), ['2001:db8::']);
});

test('IPv4: of a /31 both addresses are handed out, of a /32 its one', () => {
  const pair = pool('pair', { cidr: '198.18.10.0/31', prefix: 31 });
  assert.deepEqual(allocated([pair], [wish('pair'), wish('pair')]), ['198.18.10.0', '198.18.10.1']);
  const one = pool('one', { cidr: '198.18.10.9/32', prefix: 32 });
  assert.deepEqual(allocated([one], [wish('one')]), ['198.18.10.9']);
});

test('a small pool at the edge of a wider segment does not hand out the segment’s own addresses', () => {
  const first = pool('first', { cidr: '198.18.0.0/31', prefix: 16 });
  assert.deepEqual(allocated([first], [wish('first')]), ['198.18.0.1']);
  const last = pool('last', { cidr: '198.18.255.255/32', prefix: 16 });
  fails('POOL_EXHAUSTED', 'pool last has no free address left in 198.18.255.255/32', () =>
    allocated([last], [wish('last')]),
  );
});

const ranged = pool('ranged', {
  range: { from: '198.18.10.10', to: '198.18.10.12' },
  gateway: '198.18.10.11',
});

test('a range bounds what is handed out', () => {
  assert.deepEqual(allocated([ranged], [wish('ranged'), wish('ranged')]), [
    '198.18.10.10',
    '198.18.10.12',
  ]);
  fails('POOL_EXHAUSTED', 'pool ranged has no free address left in 198.18.10.10-198.18.10.12', () =>
    allocated([ranged], [wish('ranged'), wish('ranged'), wish('ranged')]),
  );
});

test('a named address is given in canonical form, before any free one is', () => {
  const pools = [pool('public'), pool('six', { cidr: '2001:db8::/64', prefix: 64 })];
  assert.deepEqual(
    allocated(pools, [wish('public'), wish('public', '198.18.10.1'), wish('six', '2001:DB8:0::A')]),
    ['198.18.10.2', '198.18.10.1', '2001:db8::a'],
  );
});

test('a named address that the pool does not hand out is refused', () => {
  const cases: readonly (readonly [Pool, string, string])[] = [
    [ranged, '198.18.10.9', 'is outside the range of pool ranged (198.18.10.10-198.18.10.12)'],
    [ranged, '198.18.10.13', 'is outside the range of pool ranged (198.18.10.10-198.18.10.12)'],
    [ranged, '198.18.10.11', 'of pool ranged is the gateway'],
    [small, '198.18.10.0', 'of pool small is the network address'],
    [small, '198.18.10.7', 'of pool small is the broadcast address'],
    [small, '198.18.10.8', 'is not in pool small (198.18.10.0/29)'],
    [small, '2001:db8::1', 'is not in pool small (198.18.10.0/29)'],
    [small, '198.18.10.3/29', 'is not an address'],
    [
      pool('six', { cidr: '2001:db8::/64', prefix: 64 }),
      '2001:db8::',
      'of pool six is the subnet-router anycast address',
    ],
  ];
  for (const [from, address, fault] of cases) {
    fails('ADDRESS_OUTSIDE_POOL', `address ${address} ${fault}`, () =>
      allocated([from], [wish(from.name, address)]),
    );
  }
});

test('a named address that another instance holds is refused, with its name', () => {
  const held = heldBy('mail-in', '198.18.10.3');
  fails('ADDRESS_TAKEN', 'address 198.18.10.3 of pool small is held by mail-in', () =>
    allocated([small], [wish('small', '198.18.10.3')], { held }),
  );
  fails(
    'ADDRESS_TAKEN',
    'address 198.18.10.3 of pool small is held by the same instance a second time',
    () => allocated([small], [wish('small', '198.18.10.3'), wish('small', '198.18.10.3')]),
  );
});

test('an unknown pool is refused', () => {
  fails('NOT_FOUND', 'pool gone does not exist', () => allocated([small], [wish('gone')]));
  fails('NOT_FOUND', 'pool gone does not exist', () =>
    allocated([small], [wish('gone', '198.18.10.3')]),
  );
});

/** What an instance holds that got these addresses from this pool. */
const holding = (from: Pool, ...addresses: string[]): ServiceAddress[] =>
  allocate({
    pools: [from],
    wanted: addresses.map((address) => wish(from.name, address)),
    held: new Map(),
    current: [],
  });

test('an instance keeps what it holds, with what its pool now says of it', () => {
  const current = holding(small, '198.18.10.5', '198.18.10.4');
  const held = heldBy('me', '198.18.10.5', '198.18.10.4');
  const moved = { ...small, bridge: 'br1', vlan: 9, gateway: '198.18.10.2' };
  assert.deepEqual(
    allocate({ pools: [moved], wanted: [wish('small'), wish('small')], held, current }),
    current.map((address) => ({ ...address, bridge: 'br1', vlan: 9, gateway: '198.18.10.2' })),
  );
  assert.deepEqual(
    allocated([small], [wish('small'), wish('small', '198.18.10.5'), wish('small')], {
      held,
      current,
    }),
    ['198.18.10.4', '198.18.10.5', '198.18.10.2'],
  );
});

test('an instance keeps its address when the range shrinks, named or not', () => {
  const current = holding(pool('ranged'), '198.18.10.99');
  const held = heldBy('me', '198.18.10.99');
  for (const wanted of [wish('ranged'), wish('ranged', '198.18.10.99')]) {
    assert.deepEqual(allocated([ranged], [wanted], { held, current }), ['198.18.10.99']);
  }
});

test('an instance gets another address when its own is no longer one of the pool', () => {
  const current = holding(pool('small', { cidr: '198.18.20.0/24' }), '198.18.20.9');
  assert.deepEqual(allocated([small], [wish('small')], { current }), ['198.18.10.2']);
  const gateway = holding(pool('small'), '198.18.10.1');
  assert.deepEqual(allocated([small], [wish('small')], { current: gateway }), ['198.18.10.2']);
  const elsewhere = holding(pool('other'), '198.18.10.5');
  const held = heldBy('me', '198.18.10.5');
  assert.deepEqual(allocated([small], [wish('small')], { held, current: elsewhere }), [
    '198.18.10.2',
  ]);
});

test('a book notes what it gave, and nothing where it failed', () => {
  const book = new AddressBook([small], heldBy('mail-in', '198.18.10.2'));
  const give = (name: string, ...wanted: AddressWish[]): string[] =>
    book.allocate(name as InstanceName, wanted, []).map(({ address }) => address);
  assert.deepEqual(give('a', wish('small')), ['198.18.10.3']);
  fails('NOT_FOUND', 'pool gone does not exist', () => give('b', wish('small'), wish('gone')));
  assert.deepEqual(give('b', wish('small')), ['198.18.10.4']);
  fails('ADDRESS_TAKEN', 'address 198.18.10.3 of pool small is held by a', () =>
    give('c', wish('small', '198.18.10.3')),
  );
  assert.deepEqual(give('c', wish('small', '198.18.10.6'), wish('small')), [
    '198.18.10.6',
    '198.18.10.5',
  ]);
  fails('POOL_EXHAUSTED', 'pool small has no free address left in 198.18.10.0/29', () =>
    give('d', wish('small')),
  );
});

test('what a book only looked up stays free', () => {
  const book = new AddressBook([small], new Map());
  const look = (): string[] =>
    book.addressesFor([wish('small'), wish('small')], []).map(({ address }) => address);
  assert.deepEqual(look(), ['198.18.10.2', '198.18.10.3']);
  assert.deepEqual(look(), ['198.18.10.2', '198.18.10.3']);
});

test('the last free address of a full /16 and the first of a /64 full of holes are found', () => {
  const wide = pool('wide', { cidr: '198.18.0.0/16', prefix: 16 });
  const vast = pool('vast', { cidr: '2001:db8::/64', prefix: 64 });
  const held = new Map<string, InstanceName>();
  const first4 = addressNumber('198.18.0.0');
  const first6 = addressNumber('2001:db8::');
  for (let offset = 1n; offset < 65_534n; offset += 1n) {
    held.set(numberAddress(first4 + offset, 4), 'x' as InstanceName);
    if (offset !== 50_000n) held.set(numberAddress(first6 + offset, 6), 'x' as InstanceName);
  }
  assert.deepEqual(allocated([wide, vast], [wish('wide'), wish('vast'), wish('vast')], { held }), [
    '198.18.255.254',
    '2001:db8::c350',
    '2001:db8::fffe',
  ]);
});
