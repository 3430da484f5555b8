import { isWithin } from '../domain/access.ts';
import { type ConfigContent, contentHash, withContent } from '../domain/config-version.ts';
import { BridgeheadError, type Finding } from '../domain/errors.ts';
import type { InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
import type { Instance, InstanceSpec, Pool, ServiceAddress } from '../domain/model.ts';
import { type RolloutSettings, rolloutDefaults } from '../domain/rollout.ts';
import { type RenderedConfig, renderConfig } from '../haproxy/render.ts';
import { AddressBook } from '../placement/addresses.ts';
import type { SpecFiles } from '../spec/attachments.ts';
import { configFindings } from '../spec/config-origin.ts';
import { type Change, diffSpec } from '../spec/diff.ts';
import { parseSpec } from '../spec/parse.ts';
import type { HostSpec, ParsedSpec, Spec } from '../spec/spec.ts';
import type { FleetState } from '../store/store.ts';

/** A whole spec against the fleet as it is: what would be written, and what has to be true first. */
export interface ApplyPlan {
  readonly changes: readonly Change[];
  readonly pools: readonly Pool[];
  readonly hosts: readonly HostSpec[];
  /** Instances that are new or differ from what is stored. */
  readonly instances: readonly PlannedInstance[];
  /**
   * Instances that get another configuration, as they will be then: a rollout gives it to them. What
   * else the spec changes of them is among `instances`.
   */
  readonly held: readonly PlannedInstance[];
  /** How the rollout goes; null where nothing is held back. */
  readonly rollout: RolloutSettings | null;
  readonly deletedPools: readonly PoolName[];
  readonly deletedInstances: readonly Instance[];
  readonly parsed: ParsedSpec;
}

export interface PlannedInstance {
  readonly instance: Instance;
  readonly rendered: RenderedConfig;
  /** What is stored now; null for a new instance. */
  readonly before: Instance | null;
}

/**
 * Works out what a spec changes. Nothing is written, and the same spec against the same fleet
 * gives the same plan but for the ids of new instances, which come from `idOf`.
 *
 * @throws BridgeheadError SPEC_INVALID with findings at lines and columns of the text, or what
 * address allocation throws
 */
export function planApply(
  request: {
    readonly source: string;
    readonly text: string;
    readonly prune: boolean;
    /** Whose instances are pruned; left out for all. */
    readonly owners?: readonly string[];
    readonly files: SpecFiles;
    /** Whether configurations are to go in batches, also where the text does not ask for it. */
    readonly rollout?: boolean;
  },
  fleet: FleetState,
  idOf: (name: InstanceName) => InstanceId,
): ApplyPlan {
  const known = {
    pools: fleet.pools,
    instances: fleet.instances.map(({ spec, addresses }) => ({
      name: spec.name,
      addresses: addresses.map(({ address }) => address),
    })),
  };
  const parsed = parseSpec(request.text, request.source, known, request.files);
  const { spec } = parsed;
  if (spec === null) throw invalid(request.source, parsed.findings);
  const pools = mergePools(fleet.pools, spec.pools);
  const instances = planInstances(spec, fleet, pools, idOf);
  const findings = instances.flatMap(({ instance, rendered }) =>
    configFindings(parsed, instance.spec.name, rendered.findings),
  );
  if (findings.length > 0) throw invalid(request.source, findings);
  const changes = diffSpec(
    { pools: fleet.pools, hosts: fleet.hosts, instances: fleet.instances.map(asHeld) },
    spec,
    { prune: request.prune },
  ).filter((change) => isTheirs(change, fleet, request.owners));
  const deleted = new Set(changes.filter(({ action }) => action === 'delete').map(keyOf));
  const changed = new Set(
    changes.filter(({ action }) => action === 'create' || action === 'update').map(keyOf),
  );
  const different = instances.filter((one) => isDifferent(one));
  const settings = spec.rollout ?? (request.rollout === true ? rolloutDefaults : null);
  const held = settings === null ? [] : different.filter(isOtherContent);
  const now = held.map((one) => withoutContent(one, request.source));
  return {
    changes,
    held,
    rollout: held.length > 0 ? settings : null,
    pools: spec.pools.filter(({ name }) => changed.has(`pool ${name}`)),
    hosts: spec.hosts.filter(({ name }) => changed.has(`host ${name}`)),
    instances: [
      ...different.filter((one) => !held.includes(one)),
      ...now.filter((one) => isDifferent(one)),
      ...followPools(spec, fleet, pools).filter((one) => isDifferent(one)),
    ],
    deletedPools: fleet.pools.map(({ name }) => name).filter((name) => deleted.has(`pool ${name}`)),
    deletedInstances: fleet.instances.filter(({ spec: { name } }) =>
      deleted.has(`instance ${name}`),
    ),
    parsed,
  };
}

/** The error for a spec with findings; its message names the first, so that one line says enough. */
export function invalid(source: string, findings: readonly Finding[]): BridgeheadError {
  const first = findings[0];
  const rest = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  return new BridgeheadError(
    'SPEC_INVALID',
    `${source}:${first?.line ?? 1}:${first?.column ?? 1}: ${first?.message ?? 'not a spec'}${rest}`,
    'Correct the spec and apply it again; nothing was changed.',
    { findings },
  );
}

function planInstances(
  spec: Spec,
  fleet: FleetState,
  pools: readonly Pool[],
  idOf: (name: InstanceName) => InstanceId,
): readonly PlannedInstance[] {
  const nameOf = new Map(fleet.instances.map(({ id, spec: { name } }) => [id, name]));
  const held = new Map([
    ...fleet.instances.flatMap(({ spec: { name }, addresses }) =>
      addresses.map(({ address }) => [address, name] as const),
    ),
    // Not free yet: a host may still answer for them.
    ...fleet.leaving.flatMap(({ instanceId, address }) => {
      const name = nameOf.get(instanceId);
      return name === undefined ? [] : [[address, name] as const];
    }),
  ]);
  const book = new AddressBook(pools, held);
  const existing = new Map(fleet.instances.map((instance) => [instance.spec.name, instance]));
  // Addresses that are named go first, so that nobody who takes any is given one of them.
  const named = new Map(
    spec.instances.map(({ name, addresses }) => {
      const wishes = addresses.filter(({ address }) => address !== null);
      return [name, book.allocate(name, wishes, existing.get(name)?.addresses ?? [])] as const;
    }),
  );
  return spec.instances.map((one) => {
    const before = existing.get(one.name) ?? null;
    const current = [...(named.get(one.name) ?? []), ...(before?.addresses ?? [])];
    const addresses = book.allocate(one.name, one.addresses, unique(current));
    return planOne(one, addresses, before, before?.id ?? idOf(one.name));
  });
}

// An address carries its pool's prefix, gateway and bridge: instances that the spec does not name
// follow a change of their pool too.
function followPools(
  spec: Spec,
  fleet: FleetState,
  pools: readonly Pool[],
): readonly PlannedInstance[] {
  const named = new Set(spec.instances.map(({ name }) => name));
  const byName = new Map(pools.map((pool) => [pool.name, pool]));
  return fleet.instances
    .filter((instance) => !named.has(instance.spec.name))
    .map((instance) => {
      const addresses = instance.addresses.map((address) => {
        const pool = byName.get(address.pool);
        if (pool === undefined) return address;
        const { prefix, gateway, bridge, vlan } = pool;
        return { ...address, prefix, gateway, bridge, vlan };
      });
      return planOne(instance.spec, addresses, instance, instance.id);
    });
}

/**
 * What gives an instance another configuration, and leaves all else of it as it is.
 *
 * @returns null where there is no such instance
 * @throws BridgeheadError SPEC_INVALID where that does not fit the addresses it has now
 */
export function planContent(
  fleet: FleetState,
  name: InstanceName,
  content: ConfigContent,
  source: string,
): ApplyPlan | null {
  const before = fleet.instances.find(({ spec }) => spec.name === name);
  if (before === undefined) return null;
  const spec = withContent(before.spec, content);
  const planned = planOne(spec, before.addresses, before, before.id);
  const parsed = { spec: null, findings: [], configOrigin: () => null, contents: new Map() };
  const findings = configFindings(parsed, name, planned.rendered.findings);
  if (findings.length > 0) throw invalid(source, findings);
  const current = { pools: [], hosts: [], instances: [asHeld(before)] };
  const wanted = { ...current, instances: [asHeld(planned.instance)], rollout: null };
  return {
    changes: diffSpec(current, wanted, { prune: false }),
    ...{ pools: [], hosts: [], deletedPools: [], deletedInstances: [], parsed },
    instances: isDifferent(planned) ? [planned] : [],
    ...{ held: [], rollout: null },
  };
}

/** True for an instance that is there, and is to get another configuration. */
export function isOtherContent({ instance, before }: PlannedInstance): boolean {
  return before !== null && contentHash(before.spec) !== contentHash(instance.spec);
}

// All that a spec changes of an instance but its configuration, which comes later.
function withoutContent({ instance, before }: PlannedInstance, source: string): PlannedInstance {
  if (before === null) throw new Error('a new instance has nothing to keep');
  const spec = withContent(instance.spec, before.spec);
  const planned = planOne(spec, instance.addresses, before, instance.id);
  const [fault] = planned.rendered.findings;
  if (fault === undefined) return planned;
  const { name } = spec;
  const message =
    `a rollout changes the configuration of instance ${name} later, and the present one does not ` +
    `fit what else the spec changes of it: ${fault.message}`;
  throw invalid(source, [{ line: 1, column: 1, message, object: `instance ${name}` }]);
}

function planOne(
  spec: InstanceSpec,
  addresses: readonly ServiceAddress[],
  before: Instance | null,
  id: InstanceId,
): PlannedInstance {
  const { name, config, resources, attachments } = spec;
  const rendered = renderConfig({ name, config, addresses, resources, attachments });
  const { text, configHash } = rendered;
  return { instance: { id, spec, addresses, rendered: text, configHash }, rendered, before };
}

function isDifferent({ instance, before }: PlannedInstance): boolean {
  return before === null || fingerprint(instance) !== fingerprint(before);
}

function fingerprint({ spec, addresses, configHash }: Instance): string {
  const ordered = (value: unknown): unknown =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return JSON.stringify([spec, addresses, configHash], (_, value: unknown) => ordered(value));
}

// What it holds, as a wish: so that a spec that leaves the choice open is no change.
function asHeld({ spec, addresses }: Instance): InstanceSpec {
  return { ...spec, addresses: addresses.map(({ pool, address }) => ({ pool, address })) };
}

function mergePools(current: readonly Pool[], wanted: readonly Pool[]): readonly Pool[] {
  const names = new Set(wanted.map(({ name }) => name));
  return [...current.filter(({ name }) => !names.has(name)), ...wanted];
}

function unique(addresses: readonly ServiceAddress[]): readonly ServiceAddress[] {
  return [...new Map(addresses.map((one) => [one.address, one])).values()];
}

// Whoever has a part of the fleet has nothing to say about the rest, by leaving it out.
function isTheirs(
  { kind, name, action }: Change,
  { instances }: FleetState,
  owners: readonly string[] | undefined,
): boolean {
  if (action !== 'delete' || owners === undefined) return true;
  const own = instances.filter(({ spec }) => isWithin(owners, spec.owner));
  return kind === 'instance' && own.some(({ spec }) => spec.name === name);
}

function keyOf({ kind, name }: Change): string {
  return `${kind} ${name}`;
}
