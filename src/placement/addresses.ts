import {
  addressNumber,
  canonicalAddress,
  contains,
  familyOf,
  type Network,
  numberAddress,
  parseNetwork,
} from '../domain/address.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName, PoolName } from '../domain/ids.ts';
import type { Pool, ServiceAddress } from '../domain/model.ts';

/** An address that an instance asks for; null where any free one of the pool will do. */
export interface AddressWish {
  readonly pool: PoolName;
  readonly address: string | null;
}

export interface AllocationInput {
  readonly pools: readonly Pool[];
  /** Every address that is held in the fleet, in canonical form, with who holds it. */
  readonly held: ReadonlyMap<string, InstanceName>;
  readonly wanted: readonly AddressWish[];
  /** What the instance itself holds now. */
  readonly current: readonly ServiceAddress[];
}

/**
 * The addresses of one instance, one for each wish and in the same order. For many instances in
 * a row, use one `AddressBook`.
 *
 * @throws BridgeheadError as `AddressBook.allocate` does
 */
export function allocate(input: AllocationInput): ServiceAddress[] {
  const { wanted, current } = input;
  return new AddressBook(input.pools, input.held).addressesFor(wanted, current);
}

/** A pool in numbers. */
interface Range {
  readonly pool: Pool;
  readonly network: Network;
  readonly from: bigint;
  readonly to: bigint;
  readonly gateway: bigint | null;
}

/**
 * Who holds which address, for allocations in a row: it knows what it gave out, and remembers
 * where the free part of each pool begins, so that filling a pool looks at each of its addresses
 * once. It never frees an address: an instance that no longer wants one may still be answering
 * for it, and whoever got it too early would be its second owner.
 */
export class AddressBook {
  readonly #ranges: ReadonlyMap<PoolName, Range>;
  readonly #held: Map<string, InstanceName>;
  /** Below it, no address of the pool is free. */
  readonly #floors = new Map<PoolName, bigint>();

  /** @param held every address that is held, in canonical form, with its holder */
  constructor(pools: readonly Pool[], held: ReadonlyMap<string, InstanceName>) {
    this.#ranges = new Map(pools.map((pool) => [pool.name, rangeOf(pool)]));
    this.#held = new Map(held);
  }

  /**
   * Finds an address for each wish, in the same order, and notes them as held by `instance`. What
   * it holds already, it keeps: for a wish for any address of the pool, and even outside the
   * pool's range, which says what is handed out from now on.
   *
   * @param current what the instance holds now
   * @throws BridgeheadError NOT_FOUND (pool), ADDRESS_OUTSIDE_POOL, ADDRESS_TAKEN, POOL_EXHAUSTED;
   * nothing is noted then
   */
  allocate(
    instance: InstanceName,
    wanted: readonly AddressWish[],
    current: readonly ServiceAddress[],
  ): ServiceAddress[] {
    const addresses = this.addressesFor(wanted, current, instance);
    for (const { address } of addresses) this.#held.set(address, instance);
    return addresses;
  }

  /** What `allocate` would find, without noting it. */
  addressesFor(
    wanted: readonly AddressWish[],
    current: readonly ServiceAddress[],
    instance: InstanceName | null = null,
  ): ServiceAddress[] {
    const own = new Set(current.map(({ address }) => address));
    const chosen: (string | null)[] = wanted.map(() => null);
    const taken = new Set<string>();
    const choose = (index: number, address: string): void => {
      chosen[index] = address;
      taken.add(address);
    };
    // The wishes that leave least choice come first, so that none takes what another needs.
    for (const [index, wish] of wanted.entries()) {
      if (wish.address === null) continue;
      choose(index, this.#explicit(this.#range(wish.pool), wish.address, own, taken, instance));
    }
    for (const [index, wish] of wanted.entries()) {
      const range = this.#range(wish.pool);
      if (chosen[index] !== null) continue;
      const kept = current.find(
        ({ pool, address }) => pool === wish.pool && !taken.has(address) && mayKeep(range, address),
      );
      if (kept !== undefined) choose(index, kept.address);
    }
    for (const [index, wish] of wanted.entries()) {
      if (chosen[index] === null) choose(index, this.#lowestFree(this.#range(wish.pool), taken));
    }
    return wanted.map(({ pool }, index) =>
      serviceAddress(this.#range(pool).pool, chosen[index] ?? ''),
    );
  }

  #range(name: PoolName): Range {
    const range = this.#ranges.get(name);
    if (range !== undefined) return range;
    throw new BridgeheadError(
      'NOT_FOUND',
      `pool ${name} does not exist`,
      'Name a pool of the fleet, or add it to the spec first: `bridgehead get pools` lists them.',
    );
  }

  #explicit(
    range: Range,
    text: string,
    own: ReadonlySet<string>,
    taken: ReadonlySet<string>,
    instance: InstanceName | null,
  ): string {
    const address = canonicalAddress(text);
    const fault = address === null ? 'is not an address' : faultOf(range, address, own);
    if (address === null || fault !== null) {
      throw new BridgeheadError(
        'ADDRESS_OUTSIDE_POOL',
        `address ${text} ${fault}`,
        `Choose one from ${rangeText(range)}, or leave the address out to get a free one.`,
      );
    }
    const holder = taken.has(address)
      ? 'the same instance a second time'
      : own.has(address)
        ? undefined
        : this.#held.get(address);
    // What it is leaving is still held in its name: it may have that back.
    if (holder === undefined || holder === instance) return address;
    throw new BridgeheadError(
      'ADDRESS_TAKEN',
      `address ${address} of pool ${range.pool.name} is held by ${holder}`,
      'Choose another address, or leave it out to get a free one of the pool.',
    );
  }

  /**
   * Walks up from the floor. Each step but the last meets an address that is held or reserved, so
   * a pool of 2^64 addresses takes no longer than the number of those in use.
   */
  #lowestFree(range: Range, taken: ReadonlySet<string>): string {
    const { pool, network, to } = range;
    let floor: bigint | null = null;
    for (let number = this.#floors.get(pool.name) ?? range.from; number <= to; number += 1n) {
      if (reservedAs(range, number) !== null) continue;
      const address = numberAddress(number, network.family);
      if (this.#held.has(address)) continue;
      // What is taken for this very instance is not noted yet, and may never be.
      floor ??= number;
      if (taken.has(address)) continue;
      this.#floors.set(pool.name, floor);
      return address;
    }
    this.#floors.set(pool.name, floor ?? to + 1n);
    throw exhausted(range);
  }
}

function exhausted(range: Range): BridgeheadError {
  return new BridgeheadError(
    'POOL_EXHAUSTED',
    `pool ${range.pool.name} has no free address left in ${rangeText(range)}`,
    'Widen the range of the pool, add another pool, or delete instances that are no longer used.',
  );
}

function rangeOf(pool: Pool): Range {
  const network = parseNetwork(pool.cidr);
  if (network === null) throw new Error(`pool ${pool.name} has the invalid network ${pool.cidr}`);
  const { range, gateway } = pool;
  return {
    pool,
    network,
    from: range === null ? network.first : addressNumber(range.from),
    to: range === null ? network.last : addressNumber(range.to),
    gateway:
      gateway !== null && familyOf(gateway) === network.family ? addressNumber(gateway) : null,
  };
}

function rangeText({ pool }: Range): string {
  return pool.range === null ? pool.cidr : `${pool.range.from}-${pool.range.to}`;
}

/** True where an instance that holds the address may go on holding it. */
function mayKeep(range: Range, address: string): boolean {
  return contains(range.network, address) && reservedAs(range, addressNumber(address)) === null;
}

/** What is wrong with the address as one of the pool; null where nothing is. */
function faultOf(range: Range, address: string, own: ReadonlySet<string>): string | null {
  const { pool, network } = range;
  if (!contains(network, address)) return `is not in pool ${pool.name} (${pool.cidr})`;
  const number = addressNumber(address);
  const reserved = reservedAs(range, number);
  if (reserved !== null) return `of pool ${pool.name} is ${reserved}`;
  if (own.has(address) || (number >= range.from && number <= range.to)) return null;
  return `is outside the range of pool ${pool.name} (${rangeText(range)})`;
}

/**
 * What the address means to the network, so that no instance may hold it; null where it is a
 * plain one. Seen for the pool's own network and for the on-link network that it is a part of.
 * Both ends of an IPv4 network are taken (RFC 1122 section 3.2.1.3) except on point-to-point
 * links and single hosts (RFC 3021); of IPv6 the first address is the subnet-router anycast
 * address (RFC 4291 section 2.6.1), but not in a /127 (RFC 6164) or a /128.
 */
function reservedAs({ pool, network, gateway }: Range, number: bigint): string | null {
  if (number === gateway) return 'the gateway';
  const bits = network.family === 4 ? 32 : 128;
  for (const prefix of [network.prefix, pool.prefix]) {
    if (prefix > bits - 2) continue;
    const size = 1n << BigInt(bits - prefix);
    const host = number % size;
    if (host === 0n) {
      return network.family === 4 ? 'the network address' : 'the subnet-router anycast address';
    }
    if (network.family === 4 && host === size - 1n) return 'the broadcast address';
  }
  return null;
}

function serviceAddress(pool: Pool, address: string): ServiceAddress {
  return {
    address,
    family: familyOf(address),
    pool: pool.name,
    prefix: pool.prefix,
    gateway: pool.gateway,
    bridge: pool.bridge,
    vlan: pool.vlan,
  };
}
