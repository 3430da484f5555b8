import type { InstanceId, InstanceName } from '../src/domain/ids.ts';
import type { Operation } from '../src/domain/operation.ts';
import { Breach } from './breach.ts';
import type { SimHost } from './host.ts';
import type { Tables } from './tables.ts';

/**
 * An operation that ends `done` has done what its name says, as the hosts themselves show it: not
 * as anybody was told. A host that a fault has hit since is no witness.
 */
export class Outcomes {
  readonly #hosts: readonly SimHost[];
  /** When each open operation began or, later, passed its point of no return. */
  readonly #sinceMs = new Map<string, number>();
  readonly #uncordonedMs = new Map<string, number>();
  /** When a host last answered for an instance. */
  readonly #servedMs = new Map<string, number>();

  constructor(hosts: readonly SimHost[]) {
    this.#hosts = hosts;
  }

  /** Looks at what one transaction changed. @throws Breach */
  check(before: Tables, after: Tables, nowMs: number): void {
    if (before.hosts !== after.hosts) {
      for (const { name, cordonReason } of after.hosts.values()) {
        const isUncordoned = cordonReason === null && before.hosts.get(name)?.cordonReason !== null;
        if (isUncordoned) this.#uncordonedMs.set(name, nowMs);
      }
    }
    for (const { name, held } of this.#hosts) {
      for (const { instance } of held) this.#servedMs.set(`${name}|${instance}`, nowMs);
    }
    if (before.operations === after.operations) return;
    for (const { operation } of after.operations.values()) {
      const { id, state, isForward } = operation;
      const was = before.operations.get(id)?.operation ?? null;
      if (was === operation) continue;
      const isBegun = state === 'running' && was?.state !== 'running';
      if (isBegun || (isForward && was?.isForward !== true)) this.#sinceMs.set(id, nowMs);
      if (state === 'done' && was?.state !== 'done') this.#checkDone(operation, before, after);
    }
  }

  #checkDone(operation: Operation, before: Tables, after: Tables): void {
    const sinceMs = this.#sinceMs.get(operation.id) ?? 0;
    switch (operation.kind) {
      case 'migrate': {
        const id = operation.args['instanceId'] as InstanceId;
        const held = after.assignments.get(id);
        const target = String(operation.args['target']);
        if (held?.host !== target || !held.granted) {
          throw untrue(operation, `${held?.host ?? 'nobody'} has the grant and not ${target}`);
        }
        this.#checkServes(operation, id, after, sinceMs);
        break;
      }
      case 'create':
      case 'configure': {
        const rows = [...after.instances.values()];
        const name = operation.args['instance'];
        const instance = rows.find(({ instance: { spec } }) => spec.name === name)?.instance;
        // One that was changed before it ever had a host starts with the change.
        if (instance === undefined || !after.assignments.has(instance.id)) break;
        this.#checkServes(operation, instance.id, after, sinceMs);
        break;
      }
      case 'remove': {
        const id = operation.args['instanceId'] as InstanceId;
        const owner = this.#hosts.find(({ claims }) => claims.some((one) => one.instance === id));
        if (owner !== undefined) throw untrue(operation, `${owner.name} answers for it`);
        if (after.instances.has(id)) throw untrue(operation, 'it is there still');
        break;
      }
      case 'drain': {
        const host = String(operation.args['host']);
        if ((this.#uncordonedMs.get(host) ?? -1) >= sinceMs) break;
        for (const held of after.assignments.values()) {
          if (held.host !== host) continue;
          const name = before.instances.get(held.instanceId)?.instance.spec.name;
          throw untrue(operation, `${name} is on ${host}`);
        }
        if (after.hosts.get(host)?.cordonReason !== null) break;
        throw untrue(operation, `${host} is not cordoned`);
      }
      case 'shed': {
        const source = this.#hosts.find(({ name }) => name === operation.args['source']);
        if (source === undefined || source.harmedMs >= sinceMs) break;
        const isThere = source.containers.has(operation.args['instance'] as InstanceName);
        if (isThere) throw untrue(operation, `${source.name} has it still`);
        break;
      }
      case 'failover':
      case 'rebalance':
      case 'rollout':
    }
  }

  // On the host that has its grant, with every address and the configuration that is stored.
  #checkServes(operation: Operation, id: InstanceId, tables: Tables, sinceMs: number): void {
    const instance = tables.instances.get(id)?.instance;
    const held = tables.assignments.get(id);
    const host = this.#hosts.find(({ name }) => name === held?.host);
    if (instance === undefined || host === undefined) throw untrue(operation, 'it has no place');
    // What was heard of it may be of the time before the fault.
    const servedMs = this.#servedMs.get(`${host.name}|${id}`) ?? 0;
    if (host.harmedMs >= Math.min(sinceMs, servedMs)) return;
    const answered = new Set(host.held.flatMap((one) => (one.instance === id ? one.address : [])));
    const silent = instance.addresses.find(({ address }) => !answered.has(address));
    if (silent !== undefined) {
      throw untrue(operation, `${host.name} does not answer for ${silent.address}`);
    }
    if (host.loaded.get(id) === instance.configHash) return;
    throw untrue(operation, `${host.name} does not run its configuration`);
  }
}

function untrue({ id, kind, objects }: Operation, what: string): Breach {
  return new Breach('done means done', `${kind} of ${objects.join(', ')} (${id}) is done: ${what}`);
}
