import {
  addressNumber,
  canonicalAddress,
  contains,
  familyOf,
  type Network,
  numberAddress,
  overlap,
  parseNetwork,
} from '../domain/address.ts';
import type { PoolName } from '../domain/ids.ts';
import type { Pool } from '../domain/model.ts';
import type { PoolFields } from './schema.ts';
import type { Path } from './yaml-reader.ts';

/** Says what is wrong with the field at `path` of the object at hand. */
export type Report = (path: Path, message: string) => void;

/** The pool that the fields describe, in canonical form; null where they are reported as wrong. */
export function poolOf(fields: PoolFields, report: Report): Pool | null {
  const network = parseNetwork(fields.cidr);
  if (network === null) {
    report(['cidr'], cidrFault(fields.cidr));
    return null;
  }
  let isGood = true;
  const refuse: Report = (path, message) => {
    isGood = false;
    report(path, message);
  };
  const prefix = fields.prefix ?? network.prefix;
  if (prefix > network.prefix) {
    refuse(
      ['prefix'],
      `a prefix of ${prefix} is longer than the pool's own ${network.prefix}: it must be the ` +
        "segment's, which is as wide as the pool or wider",
    );
  }
  const segment = segmentOf(network, Math.min(prefix, network.prefix));
  const range = fields.range === undefined ? null : rangeOf(fields.range, network, refuse);
  const gateway =
    fields.gateway === undefined ? null : gatewayOf(fields.gateway, segment, network, refuse);
  if (!isGood) return null;
  return {
    name: fields.name as PoolName,
    cidr: network.cidr,
    range,
    prefix,
    gateway,
    bridge: fields.bridge,
    vlan: fields.vlan ?? null,
  };
}

/** Pools of which no two may share an address. */
export class PoolSpace {
  readonly #taken: { readonly pool: Pool; readonly network: Network }[] = [];

  /** Takes the pool in, and gives the first one that it overlaps with; null for none. */
  add(pool: Pool): Pool | null {
    const network = parseNetwork(pool.cidr);
    if (network === null) return null;
    const other = this.#taken.find((taken) => overlap(taken.network, network));
    this.#taken.push({ pool, network });
    return other?.pool ?? null;
  }
}

function cidrFault(text: string): string {
  const [host = '', length = ''] = text.split('/', 2);
  const address = canonicalAddress(host);
  const example = 'such as 198.18.10.0/24 or 2001:db8::/64';
  if (address === null) return `'${text}' is not a network: write one ${example}`;
  const bits = familyOf(address) === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits) {
    return `'${text}' is not a network: behind the address goes '/' and a prefix from 0 to ${bits}`;
  }
  const size = 1n << BigInt(bits - Number(length));
  const number = addressNumber(address);
  const first = numberAddress(number - (number % size), familyOf(address));
  return `'${text}' is an address inside a network: write the network, ${first}/${length}`;
}

function segmentOf(network: Network, prefix: number): Network {
  const bits = network.family === 4 ? 32 : 128;
  const size = 1n << BigInt(bits - prefix);
  const first = network.first - (network.first % size);
  const cidr = `${numberAddress(first, network.family)}/${prefix}`;
  return { family: network.family, first, last: first + size - 1n, prefix, cidr };
}

function rangeOf(text: string, network: Network, refuse: Report): Pool['range'] {
  const ends = text.split('-').map((end) => canonicalAddress(end.trim()));
  const [from, to] = ends;
  if (ends.length !== 2 || from === null || from === undefined || to === null || to === undefined) {
    refuse(['range'], `'${text}' is not a range: write two addresses with a dash between`);
    return null;
  }
  const outside = [from, to].find((end) => !contains(network, end));
  if (outside !== undefined) {
    refuse(['range'], `${outside} is outside of the pool's network ${network.cidr}`);
  } else if (addressNumber(from) > addressNumber(to)) {
    refuse(['range'], `the range ends before it begins: write ${to}-${from}`);
  }
  return { from, to };
}

function gatewayOf(
  text: string,
  segment: Network,
  network: Network,
  refuse: Report,
): string | null {
  const gateway = canonicalAddress(text);
  if (gateway === null) {
    refuse(['gateway'], `'${text}' is not an IP address`);
    return null;
  }
  if (familyOf(gateway) !== network.family) {
    refuse(
      ['gateway'],
      `${gateway} is IPv${familyOf(gateway)}, but the pool is IPv${network.family}`,
    );
  } else if (!contains(segment, gateway)) {
    refuse(
      ['gateway'],
      `${gateway} is not in the on-link network ${segment.cidr}: set 'prefix' to that of the ` +
        'segment which holds the pool and its gateway',
    );
  }
  return gateway;
}
