// Fleets for this room's tests: small ones written out, and random ones.

import * as fc from 'fast-check';
import type { Epoch, HostName, InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
import type { Assignment, Host, HostFacts, Instance, InstanceSpec, Pool } from '../domain/model.ts';
import type { PlacementInput } from './input.ts';

export const facts: HostFacts = {
  agentVersion: '0.1.0',
  kernel: '6.1.0-28-amd64',
  docker: '20.10.24',
  cpus: 8,
  memoryMib: 10_000,
  bootId: '00000000-0000-4000-8000-000000000000',
  uptimeS: 60,
  nics: [{ name: 'eth0', driver: 'e1000e' }],
  bridges: [
    { name: 'br0', addresses: [], vlanAware: false },
    { name: 'br1', addresses: [], vlanAware: true },
  ],
  images: [{ reference: 'haproxy:2.6', haproxy: '2.6.12' }],
  gateways: [],
};

export function host(name: string, overrides: Partial<Host> = {}): Host {
  return {
    name: name as HostName,
    zone: 'north',
    rack: 'r1',
    labels: {},
    capacity: null,
    cordonReason: null,
    state: 'ready',
    facts,
    lastSeenMs: 0,
    ...overrides,
  };
}

export function pool(name: string, overrides: Partial<Pool> = {}): Pool {
  return {
    name: name as PoolName,
    cidr: '198.18.10.0/24',
    range: null,
    prefix: 24,
    gateway: null,
    bridge: 'br0',
    vlan: null,
    ...overrides,
  };
}

type SpecOverrides = Partial<Omit<InstanceSpec, 'placement' | 'resources' | 'addresses'>> & {
  readonly placement?: Partial<InstanceSpec['placement']>;
  readonly resources?: Partial<InstanceSpec['resources']>;
  readonly pools?: readonly string[];
};

/** An instance whose id is made from its name. */
export function instance(name: string, overrides: SpecOverrides = {}): Instance {
  const { placement, resources, pools = ['public'], ...rest } = overrides;
  return {
    id: `id-${name}` as InstanceId,
    addresses: [],
    rendered: '',
    configHash: '',
    spec: {
      name: name as InstanceName,
      owner: 'team',
      service: 'shop',
      tier: 1,
      standbys: 0,
      contact: '',
      notes: '',
      image: 'haproxy:2.6',
      config: '',
      ...rest,
      resources: { memoryMib: 100, cpus: 0.5, maxConnections: 100, ...resources },
      placement: { zones: [], racks: [], labels: {}, avoid: [], ...placement },
      addresses: pools.map((name) => ({ pool: name as PoolName, address: null })),
    },
  };
}

/** `[instance, host]`, both by name. */
type Pair = readonly [string, string];

export function assignment([instanceName, hostName]: Pair): Assignment {
  return {
    instanceId: `id-${instanceName}` as InstanceId,
    host: hostName as HostName,
    epoch: 1 as Epoch,
    granted: true,
  };
}

export function fleet(parts: {
  readonly hosts: readonly Host[];
  readonly instances: readonly Instance[];
  readonly pools?: readonly Pool[];
  readonly assigned?: readonly Pair[];
  readonly standbys?: readonly Pair[];
}): PlacementInput {
  return {
    hosts: parts.hosts,
    pools: parts.pools ?? [pool('public')],
    instances: parts.instances,
    assignments: (parts.assigned ?? []).map(assignment),
    standbys: (parts.standbys ?? []).map((pair) => {
      const { instanceId, host } = assignment(pair);
      return { instanceId, host };
    }),
  };
}

const pools = [
  pool('public'),
  pool('inner', { bridge: 'br1', vlan: 7 }),
  pool('far', { bridge: 'br9' }),
];
const names = Array.from({ length: 14 }, (_, number) => `i-${number}`);
const hostNames = Array.from({ length: 7 }, (_, number) => `host-${number}`);

/** `value` 19 times of 20, so that most of a random fleet is in order. */
function mostly<Value>(value: Value, others: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 19, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: others });
}

const anyFacts: fc.Arbitrary<HostFacts> = fc
  .record({
    cpus: fc.constantFrom(1, 2),
    memoryMib: fc.constantFrom(300, 1_500, 4_000),
    images: mostly(facts.images, fc.constant([])),
    bridges: mostly(
      facts.bridges,
      fc.constantFrom(
        [],
        facts.bridges.slice(0, 1),
        facts.bridges.map((bridge) => ({ ...bridge, vlanAware: false })),
      ),
    ),
  })
  .map((some) => ({ ...facts, ...some }));

const anyHost = (name: string): fc.Arbitrary<Host> =>
  fc
    .record({
      zone: fc.constantFrom('north', 'south'),
      rack: fc.constantFrom('r1', 'r2'),
      labels: fc.constantFrom({}, { disk: 'ssd' }, { disk: 'hdd' }),
      capacity: fc.option(
        fc.record({
          instances: fc.nat({ max: 8 }),
          memoryMib: fc.nat({ max: 2_000 }),
          cpus: fc.constantFrom(0, 0.3, 1, 5),
        }),
      ),
      cordonReason: mostly<string | null>(null, fc.constantFrom('', 'new kernel')),
      state: mostly<Host['state']>('ready', fc.constantFrom('joining', 'suspect')),
      facts: fc.option(anyFacts, { freq: 20 }),
    })
    .map((some) => host(name, some));

const anyInstance = (name: string): fc.Arbitrary<Instance> =>
  fc
    .record({
      tier: fc.constantFrom<(0 | 1 | 2 | 3)[]>(0, 0, 1, 2, 3),
      service: fc.constantFrom('shop', 'mail', name),
      image: mostly('haproxy:2.6', fc.constant('haproxy:9')),
      pools: mostly<string[]>(
        ['public'],
        fc.constantFrom(['public', 'inner'], ['far'], ['unknown'], []),
      ),
      resources: fc.record({
        memoryMib: fc.constantFrom(32, 100, 250),
        cpus: fc.constantFrom(0.1, 0.2, 0.7),
      }),
      placement: fc.record({
        zones: mostly<string[]>([], fc.constantFrom(['north'], ['south', 'west'])),
        racks: mostly<string[]>([], fc.constant(['r2'])),
        labels: mostly<Record<string, string>>({}, fc.constant({ disk: 'ssd' })),
        avoid: fc.oneof(
          { weight: 3, arbitrary: fc.constant([]) },
          { weight: 1, arbitrary: fc.subarray([...names, 'nobody'], { maxLength: 3 }) },
        ),
      }),
    })
    .map((some) => instance(name, some));

/** At most one pair for each instance; some name an unknown host. */
const anyAssigned = fc
  .array(fc.option(fc.constantFrom(...hostNames, 'host-gone'), { freq: 1 }), {
    maxLength: names.length,
  })
  .map((chosen) =>
    chosen.flatMap((at, index): Pair[] => (at === null ? [] : [[names[index] ?? '', at]])),
  );

const anyStandbys = fc.uniqueArray(
  fc.tuple(fc.constantFrom(...names, 'i-gone'), fc.constantFrom(...hostNames)),
  { maxLength: 6, selector: (pair) => pair.join() },
);

/**
 * Fleets of up to 7 hosts and 14 instances, crowded enough that everything there is to refuse
 * gets refused, with whatever assignments: they may well break the rules.
 */
export const anyFleet: fc.Arbitrary<PlacementInput> = fc
  .record({
    hosts: fc.tuple(...hostNames.map(anyHost)),
    hostCount: fc.oneof(
      { weight: 3, arbitrary: fc.constant(hostNames.length) },
      { weight: 1, arbitrary: fc.nat({ max: hostNames.length }) },
    ),
    instances: fc.tuple(...names.map(anyInstance)),
    assigned: anyAssigned,
    standbys: anyStandbys,
  })
  .map(({ hosts, hostCount, instances, assigned, standbys }) =>
    fleet({ hosts: hosts.slice(0, hostCount), instances, pools, assigned, standbys }),
  );

/** The same fleet with all its lists in another order. */
export function shuffled(input: PlacementInput): fc.Arbitrary<PlacementInput> {
  const all = <Item>(items: readonly Item[]): fc.Arbitrary<Item[]> =>
    fc.shuffledSubarray([...items], { minLength: items.length });
  return fc.record({
    hosts: all(input.hosts),
    pools: all(input.pools),
    instances: all(input.instances),
    assignments: all(input.assignments),
    standbys: all(input.standbys),
  });
}
