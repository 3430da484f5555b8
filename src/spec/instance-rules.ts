import { addressNumber, canonicalAddress, contains, parseNetwork } from '../domain/address.ts';
import type { InstanceName, PoolName } from '../domain/ids.ts';
import type { InstanceSpec, Pool, Tier } from '../domain/model.ts';
import { nearestWord } from './nearest-word.ts';
import type { Report } from './pool-rules.ts';
import type { InstanceFields } from './schema.ts';

/** What an instance may refer to. */
export interface Surroundings {
  /** True where pools and instances may exist that are not listed. */
  readonly isPartial: boolean;
  /** Pools by name, of the spec and beside it. */
  readonly pools: ReadonlyMap<string, Pool>;
  /** Every pool's name, those of the spec's faulty ones too: these are reported already. */
  readonly poolNames: ReadonlySet<string>;
  readonly instanceNames: ReadonlySet<string>;
  /** Addresses that instances hold now, by name. */
  readonly held: ReadonlyMap<string, ReadonlySet<string>>;
  /** Addresses that the spec asked for so far, with the instance; added to. */
  readonly asked: Map<string, string>;
}

/**
 * The instance that the fields describe; what is wrong with it is reported.
 *
 * @param config its configuration in HAProxy's words
 */
export function instanceOf(
  fields: Omit<InstanceFields, 'services' | 'config' | 'attachments'>,
  config: string,
  around: Surroundings,
  report: Report,
): InstanceSpec {
  const addresses = fields.addresses.map((wish, index) => ({
    pool: wish.pool as PoolName,
    address: addressOf(fields.name, wish, around, (path, message) =>
      report(['addresses', index, ...path], message),
    ),
  }));
  checkSegment(fields, around, report);
  for (const [index, name] of fields.placement.avoid.entries()) {
    const fault = avoidFault(fields.name, name, around);
    if (fault !== null) report(['placement', 'avoid', index], fault);
  }
  return {
    ...fields,
    name: fields.name as InstanceName,
    tier: fields.tier as Tier,
    addresses,
    config,
  };
}

type Wish = InstanceFields['addresses'][number];

function addressOf(
  instance: string,
  wish: Wish,
  around: Surroundings,
  report: Report,
): string | null {
  const pool = around.pools.get(wish.pool);
  if (pool === undefined && !around.isPartial && !around.poolNames.has(wish.pool)) {
    const meant = nearestWord(wish.pool, [...around.poolNames]);
    const hint = meant === null ? 'add it to the spec' : `did you mean '${meant}'?`;
    report(['pool'], `there is no pool '${wish.pool}': ${hint}`);
  }
  if (wish.address === undefined) return null;
  const address = canonicalAddress(wish.address);
  if (address === null) {
    report(['address'], `'${wish.address}' is not an IP address`);
    return null;
  }
  const isHeld = around.held.get(instance)?.has(address) === true;
  const fault = pool === undefined ? null : addressFault(address, pool, isHeld);
  if (fault !== null) report(['address'], fault);
  const owner = around.asked.get(address);
  if (owner !== undefined) {
    const whose = owner === instance ? 'stands twice in this instance' : `is ${owner}'s already`;
    report(['address'], `${address} ${whose}: choose another, or leave it out to get a free one`);
  }
  around.asked.set(address, instance);
  return address;
}

function addressFault(address: string, pool: Pool, isHeld: boolean): string | null {
  const network = parseNetwork(pool.cidr);
  const { range } = pool;
  if (network === null) return null;
  const free = 'or leave it out to get a free one';
  if (!contains(network, address)) {
    return `${address} is not in pool ${pool.name} (${pool.cidr}): choose one that is, ${free}`;
  }
  if (address === pool.gateway) return `${address} is the gateway of pool ${pool.name}`;
  const number = addressNumber(address);
  if (range === null || isHeld) return null;
  if (number >= addressNumber(range.from) && number <= addressNumber(range.to)) return null;
  const text = `${range.from}-${range.to}`;
  return `${address} is outside of the range of pool ${pool.name} (${text}): choose one in it, ${free}`;
}

// An instance has one interface, which is in one bridge and one VLAN.
function checkSegment(
  fields: Pick<InstanceFields, 'addresses'>,
  around: Surroundings,
  report: Report,
): void {
  const pools = fields.addresses.map((wish) => around.pools.get(wish.pool));
  const first = pools.find((pool) => pool !== undefined);
  for (const [index, pool] of pools.entries()) {
    if (pool === undefined || first === undefined) continue;
    if (pool.bridge === first.bridge && pool.vlan === first.vlan) continue;
    report(
      ['addresses', index, 'pool'],
      `pool ${pool.name} is on ${segmentText(pool)}, but pool ${first.name} is on ` +
        `${segmentText(first)}: all addresses of an instance must be on one bridge and VLAN`,
    );
  }
}

function segmentText(pool: Pool): string {
  return pool.vlan === null ? `bridge ${pool.bridge}` : `bridge ${pool.bridge} VLAN ${pool.vlan}`;
}

function avoidFault(instance: string, name: string, around: Surroundings): string | null {
  if (name === instance) return 'an instance cannot avoid itself: remove the entry';
  if (around.isPartial || around.instanceNames.has(name)) return null;
  const meant = nearestWord(name, [...around.instanceNames]);
  const hint = meant === null ? 'remove it, or add the instance' : `did you mean '${meant}'?`;
  return `there is no instance '${name}': ${hint}`;
}
