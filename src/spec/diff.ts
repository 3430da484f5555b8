import type { Attachment, InstanceSpec, Pool } from '../domain/model.ts';
import type { HostSpec, Spec } from './spec.ts';
import { unifiedDiff } from './unified-diff.ts';

/** What a spec does to one object. The API's `Change` is of the same form. */
export interface Change {
  readonly kind: 'host' | 'instance' | 'pool';
  readonly name: string;
  readonly action: 'create' | 'update' | 'delete' | 'none';
  /**
   * For updates, what differs; values as a person would write them, null where there is none. Of
   * `config`, `before` is null and `after` a unified diff. A dry run also has `rendered`, for new
   * instances too: what changes in what HAProxy reads, in the same form.
   */
  readonly fields: readonly FieldChange[];
}

export interface FieldChange {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** What exists. An instance's addresses are best given as those it holds. */
export interface Current {
  readonly pools: readonly Pool[];
  readonly hosts: readonly HostSpec[];
  readonly instances: readonly InstanceSpec[];
}

/**
 * What applying a spec changes, in the order in which it has to happen: pools, hosts and instances
 * in the order of the spec, unchanged ones as `none`; then, with `prune`, the deletion of instances
 * and pools that it does not name. Hosts are never deleted. A wish for any address of a pool is met
 * by whichever the instance has from it.
 */
export function diffSpec(
  current: Current,
  spec: Spec,
  options: { readonly prune: boolean },
): readonly Change[] {
  return [
    ...changes('pool', current.pools, spec.pools, poolFields),
    ...changes('host', current.hosts, spec.hosts, hostFields),
    ...changes('instance', current.instances, spec.instances, instanceFields),
    ...(options.prune
      ? [
          ...deletions('instance', current.instances, spec.instances),
          ...deletions('pool', current.pools, spec.pools),
        ]
      : []),
  ];
}

interface Named {
  readonly name: string;
}

function changes<Item extends Named>(
  kind: Change['kind'],
  current: readonly Item[],
  wanted: readonly Item[],
  compare: (before: Item, after: Item) => readonly FieldChange[],
): readonly Change[] {
  const byName = new Map(current.map((item) => [item.name, item]));
  return wanted.map((item) => {
    const before = byName.get(item.name);
    if (before === undefined) return { kind, name: item.name, action: 'create', fields: [] };
    const fields = compare(before, item);
    return { kind, name: item.name, action: fields.length === 0 ? 'none' : 'update', fields };
  });
}

function deletions(
  kind: Change['kind'],
  current: readonly Named[],
  wanted: readonly Named[],
): readonly Change[] {
  const names = new Set(wanted.map(({ name }) => name));
  return current
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => ({ kind, name, action: 'delete', fields: [] }));
}

/** Fields as text, in the order in which they are shown; null where there is no value. */
type FieldTexts = Readonly<Record<string, string | null>>;

function differences(before: FieldTexts, after: FieldTexts): readonly FieldChange[] {
  return Object.keys(after)
    .map((field) => ({ field, before: before[field] ?? null, after: after[field] ?? null }))
    .filter((change) => change.before !== change.after);
}

function poolFields(before: Pool, after: Pool): readonly FieldChange[] {
  return differences(poolTexts(before), poolTexts(after));
}

function poolTexts(pool: Pool): FieldTexts {
  return {
    cidr: pool.cidr,
    range: pool.range === null ? null : `${pool.range.from}-${pool.range.to}`,
    prefix: String(pool.prefix),
    gateway: pool.gateway,
    bridge: pool.bridge,
    vlan: pool.vlan === null ? null : String(pool.vlan),
  };
}

function hostFields(before: HostSpec, after: HostSpec): readonly FieldChange[] {
  return differences(hostTexts(before), hostTexts(after));
}

function hostTexts({ zone, rack, labels, capacity }: HostSpec): FieldTexts {
  return {
    zone,
    rack,
    labels: recordText(labels),
    'capacity.instances': capacity === null ? null : String(capacity.instances),
    'capacity.memoryMib': capacity === null ? null : String(capacity.memoryMib),
    'capacity.cpus': capacity === null ? null : String(capacity.cpus),
  };
}

function instanceFields(before: InstanceSpec, after: InstanceSpec): readonly FieldChange[] {
  const addresses = settled(after.addresses, before.addresses);
  const fields = differences(instanceTexts(before), instanceTexts({ ...after, addresses }));
  const config = unifiedDiff(before.config, after.config);
  return config === '' ? fields : [...fields, { field: 'config', before: null, after: config }];
}

function instanceTexts(spec: InstanceSpec): FieldTexts {
  return {
    owner: spec.owner,
    service: spec.service,
    tier: String(spec.tier),
    standbys: String(spec.standbys),
    contact: spec.contact,
    notes: spec.notes,
    image: spec.image,
    addresses: spec.addresses
      .map(({ pool, address }) => `${pool} ${address ?? '(any)'}`)
      .join(', '),
    'resources.memoryMib': String(spec.resources.memoryMib),
    'resources.cpus': String(spec.resources.cpus),
    'resources.maxConnections': String(spec.resources.maxConnections),
    'placement.zones': listText(spec.placement.zones),
    'placement.racks': listText(spec.placement.racks),
    'placement.labels': recordText(spec.placement.labels),
    'placement.avoid': listText(spec.placement.avoid),
    attachments: textOrNull((spec.attachments ?? []).map(attachmentText).join(', ')),
  };
}

function textOrNull(text: string): string | null {
  return text === '' ? null : text;
}

function attachmentText({ name, sha256, sizeBytes, path }: Attachment): string {
  const called = path === null ? '' : ` as ${path}`;
  return `${name}${called} (${sizeBytes} bytes, sha256 ${sha256.slice(0, 12)})`;
}

type Addresses = InstanceSpec['addresses'];

/** `wanted` with each wish for any address filled by one that the instance has from the pool. */
function settled(wanted: Addresses, held: Addresses): Addresses {
  const named = new Set(wanted.map(({ address }) => address));
  const left = held.filter(({ address }) => address === null || !named.has(address));
  return wanted.map((wish) => {
    if (wish.address !== null) return wish;
    const index = left.findIndex(({ pool }) => pool === wish.pool);
    return index < 0 ? wish : (left.splice(index, 1)[0] ?? wish);
  });
}

// Where an instance may run does not depend on the order in which that was written.
function listText(list: readonly string[]): string | null {
  return list.length === 0 ? null : list.map(quoted).toSorted().join(', ');
}

function recordText(record: Readonly<Record<string, string>>): string | null {
  const entries = Object.entries(record).map(([key, value]) => `${quoted(key)}=${quoted(value)}`);
  return entries.length === 0 ? null : entries.toSorted().join(', ');
}

// Quotes keep apart what would read the same: one label of value `1, b=2` and two labels.
function quoted(text: string): string {
  return /^[^\s,="]+$/.test(text) ? text : JSON.stringify(text);
}
