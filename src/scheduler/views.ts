// What people are shown, made of the fleet's state and what the agents last said.

import type { Verdict } from '../detection/verdict.ts';
import type { HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import { changeText, type KeptOverride } from '../domain/live.ts';
import { macOfInstance } from '../domain/mac.ts';
import type { Assignment, Host, Instance, Pool } from '../domain/model.ts';
import { instanceObject, type Operation, type Session } from '../domain/operation.ts';
import { describe } from '../operations/locks.ts';
import { explain } from '../placement/explain.ts';
import type {
  ExplainView,
  HostView,
  InstanceView,
  OperationView,
  PoolView,
} from '../protocol/api.ts';
import type { FleetState, Observation } from '../store/store.ts';

/** The records that views are made of, read together. */
export interface ViewSource {
  readonly fleet: FleetState;
  readonly observations: readonly Pick<Observation, 'host' | 'instance'>[];
  /** Those that have not ended. */
  readonly operations: readonly Operation[];
  readonly sessions: readonly Session[];
  /** What is kept of changes to running instances. */
  readonly overrides: ReadonlyMap<InstanceId, readonly KeptOverride[]>;
  /** What is held true of a host, by what its witnesses said. */
  readonly verdict: (host: HostName) => Verdict;
}

/** A host with what is meant to be on it. */
export function viewHost(source: ViewSource, host: Host): HostView {
  return hostViews(source)(host);
}

/** {@link viewHost} for many: what all have in common is looked up once. */
export function hostViews(source: ViewSource): (host: Host) => HostView {
  const seen = hostsSeen(source);
  return (host) => viewOfHost(seen(host));
}

/** All that a host's view is made of. */
export interface HostSeen {
  readonly host: Host;
  readonly verdict: Pick<Verdict, 'state' | 'reasons'>;
  readonly instances: HostView['instances'];
}

/** Looks up what the view of a host is made of, for many hosts. */
export function hostsSeen({ fleet, verdict }: ViewSource): (host: Host) => HostSeen {
  const names = new Map(fleet.instances.map(({ id, spec }) => [id, spec.name]));
  const active = Map.groupBy(fleet.assignments, ({ host }) => host);
  const standby = Map.groupBy(fleet.standbys, ({ host }) => host);
  return (host) => {
    const on = (lists: typeof standby, role: 'active' | 'standby') =>
      (lists.get(host.name) ?? [])
        .flatMap(({ instanceId }) => names.get(instanceId) ?? [])
        .map((name) => ({ name, role }));
    const instances = [...on(active, 'active'), ...on(standby, 'standby')].toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    return { host, verdict: verdict(host.name), instances };
  };
}

/** A host's view of what it is made of. */
export function viewOfHost({ host, verdict: { state, reasons }, instances }: HostSeen): HostView {
  return {
    ...host,
    verdict: { state, reasons: [...reasons] },
    labels: { ...host.labels },
    instances,
  };
}

/** A pool with the addresses that instances hold. */
export function viewPool({ fleet }: ViewSource, pool: Pool): PoolView {
  const used = fleet.instances.flatMap(({ spec, addresses }) =>
    addresses
      .filter((address) => address.pool === pool.name)
      .map(({ address }) => ({ address, instance: spec.name })),
  );
  return { ...pool, used };
}

/** An instance with its business record, where it is meant to be and how it really is. */
export function viewInstance(source: ViewSource, instance: Instance): InstanceView {
  return instanceViews(source)(instance);
}

/** {@link viewInstance} for many: what all have in common is looked up once. */
export function instanceViews(source: ViewSource): (instance: Instance) => InstanceView {
  const seen = instancesSeen(source);
  return (instance) => viewOfInstance(seen(instance));
}

/** All that an instance's view is made of. */
export interface InstanceSeen {
  readonly instance: Instance;
  readonly assignment: Assignment | undefined;
  readonly standbys: readonly HostName[];
  readonly observed: Observation['instance'] | undefined;
  /** Its host is not heard. */
  readonly isSilent: boolean;
  readonly shed: InstanceView['shed'];
  readonly kept: readonly KeptOverride[];
  readonly operation: string | null;
}

/** Looks up what the view of an instance is made of, for many instances. */
export function instancesSeen(source: ViewSource): (instance: Instance) => InstanceSeen {
  const { fleet, observations, operations } = source;
  const hosts = new Map(fleet.hosts.map((host) => [host.name, host]));
  const assignments = new Map(fleet.assignments.map((one) => [one.instanceId, one]));
  const standbys = Map.groupBy(fleet.standbys, ({ instanceId }) => instanceId);
  const seen = new Map(observations.map((one) => [`${one.host}/${one.instance.id}`, one.instance]));
  const holders = new Map(
    operations
      .filter(({ state }) => state === 'running')
      .flatMap(({ id, objects }) => objects.map((object) => [object, id])),
  );
  return (instance) => {
    const { id, spec } = instance;
    const assignment = assignments.get(id);
    const host = assignment === undefined ? undefined : hosts.get(assignment.host);
    return {
      instance,
      assignment,
      standbys: (standbys.get(id) ?? []).map((one) => one.host),
      observed: host === undefined ? undefined : seen.get(`${host.name}/${id}`),
      isSilent: host !== undefined && host.state !== 'ready',
      shed: assignment === undefined ? viewShed(fleet, id) : null,
      kept: source.overrides.get(id) ?? noOverrides,
      operation: holders.get(instanceObject(spec.name)) ?? null,
    };
  };
}

const noOverrides: readonly KeptOverride[] = [];

/** An instance's view of what it is made of. */
export function viewOfInstance(of: InstanceSeen): InstanceView {
  const { instance, assignment, standbys, observed, isSilent, shed, kept, operation } = of;
  const { id, spec } = instance;
  return {
    id,
    name: spec.name,
    owner: spec.owner,
    service: spec.service,
    tier: spec.tier,
    contact: spec.contact,
    notes: spec.notes,
    image: spec.image,
    resources: { ...spec.resources },
    addresses: instance.addresses.map(({ address, pool }) => ({ address, pool })),
    mac: macOfInstance(id),
    config: spec.config,
    attachments: (spec.attachments ?? []).map((one) => ({ ...one })),
    configHash: instance.configHash,
    loadedHash: observed?.configHash ?? null,
    oldWorkers: observed?.oldWorkers ?? null,
    host: assignment?.host ?? null,
    epoch: assignment?.epoch ?? null,
    standbys: [...standbys],
    shed,
    phase:
      assignment === undefined
        ? shed === null
          ? 'pending'
          : 'shed'
        : isSilent
          ? 'silent'
          : (observed?.phase ?? 'preparing'),
    problem: observed?.problem ?? null,
    kept: kept.map(({ override }) => changeText(override)),
    operation,
  };
}

/** Whom an instance gave way to; null where it did not. */
function viewShed({ sheds }: FleetState, id: Instance['id']): InstanceView['shed'] {
  const shed = sheds.find(({ instanceId }) => instanceId === id);
  if (shed === undefined) return null;
  const { host, forInstance: instance, forTier: tier, atMs: sinceMs } = shed;
  return { host, instance, tier, sinceMs };
}

/**
 * Every host as a place for an instance, and whom it gave way to.
 *
 * @throws BridgeheadError NOT_FOUND
 */
export function viewExplanation(fleet: FleetState, name: InstanceName): ExplainView {
  const explanation = explain(fleet, name);
  const id = fleet.instances.find(({ spec }) => spec.name === name)?.id;
  const shed = explanation.host === null && id !== undefined ? viewShed(fleet, id) : null;
  return structuredClone({ ...explanation, shed }) as ExplainView;
}

/** An operation with the name of the scheduler that runs it. */
export function viewOperation(operation: Operation, sessions: readonly Session[]): OperationView {
  const { objects, steps, session, error, ...rest } = operation;
  const runner = sessions.find(({ id, isAlive }) => isAlive && id === session);
  return {
    ...rest,
    title: describe(operation),
    objects: [...objects],
    steps: steps.map((step) => ({ ...step })),
    holder: operation.state === 'running' ? (runner?.name ?? null) : null,
    error:
      error === null ? null : structuredClone({ ...error, findings: [...(error.findings ?? [])] }),
  };
}
