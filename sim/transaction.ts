import { BridgeheadError } from '../src/domain/errors.ts';
import type { Epoch, HostName, InstanceId, InstanceName, PoolName } from '../src/domain/ids.ts';
import type {
  Assignment,
  FleetEvent,
  Host,
  HostFacts,
  Instance,
  LeavingAddress,
  ObservedInstance,
  Pool,
  Standby,
} from '../src/domain/model.ts';
import type { Lock, Operation, Session } from '../src/domain/operation.ts';
import { stateOf } from '../src/store/postgres-rows.ts';
import type {
  FleetState,
  JoinToken,
  KeptAnswer,
  OperationFilter,
  Transaction,
} from '../src/store/store.ts';
import { SimFencingTransaction } from './fencing-transaction.ts';

/** One transaction on a simulated database: statements on a draft that is taken over or dropped. */
export class SimTransaction extends SimFencingTransaction implements Transaction {
  async fleet(): Promise<FleetState> {
    await this.around.pass();
    const { hosts, pools, instances, assignments, standbys, leaving, sheds } = this.draft.tables;
    const alive = new Set((await this.sessions()).flatMap((one) => (one.isAlive ? one.id : [])));
    const fenced = new Set(this.draft.tables.fences.keys());
    const heard = new Set<string>(
      [...this.draft.tables.connections.values()]
        .filter(({ session }) => alive.has(session))
        .map(({ host }) => host),
    );
    return {
      hosts: byName([...hosts.values()]).map(
        (row): Host => ({
          ...row,
          state: stateOf(row, heard, fenced),
        }),
      ),
      pools: byName([...pools.values()]),
      instances: [...instances.values()]
        .map(({ instance }) => instance)
        .toSorted((a, b) => (a.spec.name < b.spec.name ? -1 : 1)),
      assignments: [...assignments.values()],
      standbys: [...standbys.values()],
      leaving: [...leaving.values()],
      sheds: [...sheds.values()],
    };
  }

  async putPool(pool: Pool): Promise<void> {
    await this.around.pass();
    this.draft.put('pools', pool.name, pool);
  }

  async deletePool(name: PoolName): Promise<void> {
    await this.around.pass();
    const users = [...this.draft.tables.instances.values()].filter(({ instance }) =>
      instance.addresses.some(({ pool }) => pool === name),
    );
    if (users.length > 0) throw inUse(`pool ${name}`);
    this.draft.delete('pools', name);
  }

  async putHost(host: Pick<Host, 'name' | 'zone' | 'rack' | 'labels' | 'capacity'>): Promise<void> {
    await this.around.pass();
    const before = this.draft.tables.hosts.get(host.name);
    const { cordonReason = null, facts = null, lastSeenMs = null } = before ?? {};
    this.draft.put('hosts', host.name, { ...host, cordonReason, facts, lastSeenMs });
  }

  async deleteHost(name: HostName): Promise<void> {
    await this.around.pass();
    const isUsed = [...this.draft.tables.assignments.values()].some(({ host }) => host === name);
    if (isUsed) throw inUse(`host ${name}`);
    this.draft.delete('hosts', name);
  }

  async setCordon(name: HostName, reason: string | null): Promise<void> {
    await this.around.pass();
    const before = this.draft.tables.hosts.get(name);
    if (before !== undefined) this.draft.put('hosts', name, { ...before, cordonReason: reason });
  }

  async setHostFacts(name: HostName, facts: HostFacts, atMs: number): Promise<void> {
    await this.around.pass();
    const before = this.draft.tables.hosts.get(name);
    if (before !== undefined) this.draft.put('hosts', name, { ...before, facts, lastSeenMs: atMs });
  }

  async putInstance(instance: Instance): Promise<void> {
    await this.around.pass();
    const { instances, leaving } = this.draft.tables;
    const wanted = new Set(instance.addresses.map(({ address }) => address));
    for (const { address } of instance.addresses) {
      if (leaving.get(address)?.instanceId === instance.id) this.draft.delete('leaving', address);
    }
    for (const { instance: other } of instances.values()) {
      const left = [...leaving.values()].filter(({ instanceId }) => instanceId === other.id);
      const taken = [...other.addresses, ...left].find(({ address }) => wanted.has(address));
      if (other.id === instance.id || taken === undefined) continue;
      throw new BridgeheadError(
        'ADDRESS_TAKEN',
        `instance ${instance.spec.name}: address ${taken.address} belongs to instance ${other.spec.name}`,
        'Choose another address, or leave the choice to the pool.',
      );
    }
    const { lastEpoch = 0 } = instances.get(instance.id) ?? {};
    this.draft.put('instances', instance.id, { instance, lastEpoch });
  }

  async deleteInstance(id: InstanceId): Promise<void> {
    await this.around.pass();
    this.draft.delete('instances', id);
    this.draft.delete('assignments', id);
    this.draft.delete('sheds', id);
    this.draft.delete('configVersions', id);
    for (const [key, { id: own }] of this.draft.tables.overrides) {
      if (own === id) this.draft.delete('overrides', key);
    }
    for (const [key, { instanceId }] of this.draft.tables.standbys) {
      if (instanceId === id) this.draft.delete('standbys', key);
    }
    for (const [key, { instanceId }] of this.draft.tables.leaving) {
      if (instanceId === id) this.draft.delete('leaving', key);
    }
  }

  async instanceNamed(name: InstanceName): Promise<Instance | null> {
    await this.around.pass();
    const rows = [...this.draft.tables.instances.values()];
    return rows.find(({ instance }) => instance.spec.name === name)?.instance ?? null;
  }

  async putLeaving(leaving: LeavingAddress): Promise<void> {
    await this.around.pass();
    this.draft.put('leaving', leaving.address, leaving);
  }

  async deleteLeaving(id: InstanceId, epoch: Epoch, address?: string): Promise<void> {
    await this.around.pass();
    for (const [key, one] of this.draft.tables.leaving) {
      const isMeant = one.instanceId === id && (address ?? key) === key;
      if (isMeant && one.epoch <= epoch) this.draft.delete('leaving', key);
    }
  }

  async putAssignment(assignment: Assignment): Promise<void> {
    await this.around.pass();
    const { instanceId, epoch } = assignment;
    const row = this.draft.tables.instances.get(instanceId);
    if (row === undefined || row.lastEpoch >= epoch) {
      throw new BridgeheadError('EPOCH_STALE', `instance ${instanceId}: epoch ${epoch}`, 'Look.');
    }
    this.draft.put('instances', instanceId, { ...row, lastEpoch: epoch });
    this.draft.put('assignments', instanceId, assignment);
  }

  async assignment(id: InstanceId): Promise<Assignment | null> {
    await this.around.pass();
    return this.draft.tables.assignments.get(id) ?? null;
  }

  async observation(host: HostName, id: InstanceId): Promise<ObservedInstance | null> {
    await this.around.pass();
    return this.draft.tables.observations.get(`${host}|${id}`)?.instance ?? null;
  }

  async lastEpoch(id: InstanceId): Promise<Epoch> {
    await this.around.pass();
    return (this.draft.tables.instances.get(id)?.lastEpoch ?? 0) as Epoch;
  }

  async deleteAssignment(id: InstanceId): Promise<void> {
    await this.around.pass();
    this.draft.delete('assignments', id);
  }

  async putStandby(standby: Standby): Promise<void> {
    await this.around.pass();
    this.draft.put('standbys', `${standby.instanceId}|${standby.host}`, standby);
  }

  async deleteStandby({ instanceId, host }: Standby): Promise<void> {
    await this.around.pass();
    this.draft.delete('standbys', `${instanceId}|${host}`);
  }

  async putOperation(operation: Operation): Promise<void> {
    await this.around.pass();
    const { operations } = this.draft.tables;
    const seq = operations.get(operation.id)?.seq ?? this.#count('operation');
    this.draft.put('operations', operation.id, { seq, operation });
  }

  async operation(id: string): Promise<Operation | null> {
    await this.around.pass();
    return this.draft.tables.operations.get(id)?.operation ?? null;
  }

  lockOperation(id: string): Promise<Operation | null> {
    return this.operation(id);
  }

  async openOperations(): Promise<readonly Operation[]> {
    const all = await this.operations({ isOpen: true, limit: Number.POSITIVE_INFINITY });
    return all.toReversed();
  }

  async operations(filter: OperationFilter): Promise<readonly Operation[]> {
    const { object, among, isOpen, kinds, sinceMs, beforeId, limit } = filter;
    const { operations } = this.draft.tables;
    const before = beforeId === undefined ? Infinity : (operations.get(beforeId)?.seq ?? 0);
    await this.around.pass();
    return [...operations.values()]
      .filter(({ seq }) => seq < before)
      .filter(({ operation }) => object === undefined || operation.objects.includes(object))
      .filter(
        ({ operation }) =>
          among === undefined || operation.objects.every((one) => among.includes(one)),
      )
      .filter(({ operation }) => isOpen === undefined || (operation.endedMs === null) === isOpen)
      .filter(({ operation }) => kinds === undefined || kinds.includes(operation.kind))
      .filter(({ operation }) => sinceMs === undefined || operation.requestedMs >= sinceMs)
      .toSorted((a, b) => b.seq - a.seq)
      .slice(0, limit)
      .map(({ operation }) => operation);
  }

  async locks(): Promise<readonly Lock[]> {
    await this.around.pass();
    return [...this.draft.tables.locks.values()].toSorted((a, b) => (a.object < b.object ? -1 : 1));
  }

  async putLock(lock: Lock): Promise<void> {
    await this.around.pass();
    const holder = this.draft.tables.locks.get(lock.object);
    if (holder === undefined) this.draft.put('locks', lock.object, lock);
    else if (holder.operationId !== lock.operationId) {
      throw new BridgeheadError('BUSY', `${lock.object} is held by ${holder.operationId}`, 'Wait.');
    }
  }

  async deleteLocks(operationId: string): Promise<void> {
    await this.around.pass();
    for (const [object, lock] of this.draft.tables.locks) {
      if (lock.operationId === operationId) this.draft.delete('locks', object);
    }
  }

  async nextToken(): Promise<number> {
    await this.around.pass();
    return this.around.nextToken();
  }

  async nextRevision(): Promise<number> {
    await this.around.pass();
    return this.#count('revision');
  }

  async sessions(): Promise<readonly Session[]> {
    await this.around.pass();
    const nowMs = this.around.nowMs();
    return [...this.draft.tables.sessions.values()]
      .map(({ endsMs, ...session }) => ({ ...session, isAlive: endsMs > nowMs }))
      .toSorted((a, b) => a.startedMs - b.startedMs);
  }

  async addSession(session: Omit<Session, 'isAlive'>, ttlMs: number): Promise<void> {
    await this.around.pass();
    this.draft.put('sessions', session.id, { ...session, endsMs: this.around.nowMs() + ttlMs });
  }

  async renewSession(id: string, ttlMs: number): Promise<boolean> {
    await this.around.pass();
    const session = this.draft.tables.sessions.get(id);
    if (session === undefined || session.endsMs <= this.around.nowMs()) return false;
    this.draft.put('sessions', id, { ...session, endsMs: this.around.nowMs() + ttlMs });
    return true;
  }

  async deleteSession(id: string): Promise<void> {
    await this.around.pass();
    this.draft.delete('sessions', id);
    for (const [key, { session }] of this.draft.tables.connections) {
      if (session === id) this.draft.delete('connections', key);
    }
  }

  async setConnected(session: string, host: HostName, isConnected: boolean): Promise<void> {
    await this.around.pass();
    const key = `${session}|${host}`;
    if (!isConnected) this.draft.delete('connections', key);
    else if (!this.draft.tables.sessions.has(session)) throw new Error('no such session');
    else this.draft.put('connections', key, { session, host });
  }

  async keptAnswer(key: string): Promise<KeptAnswer | null> {
    await this.around.pass();
    return this.draft.tables.answers.get(key) ?? null;
  }

  async keepAnswer(answer: KeptAnswer, dropBeforeMs: number): Promise<void> {
    await this.around.pass();
    for (const [key, { atMs }] of this.draft.tables.answers) {
      if (atMs < dropBeforeMs) this.draft.delete('answers', key);
    }
    if (this.draft.tables.answers.has(answer.key)) throw new Error('the key is there already');
    this.draft.put('answers', answer.key, answer);
  }

  async addEvent(event: Omit<FleetEvent, 'id'>): Promise<void> {
    await this.around.pass();
    const id = this.#count('event');
    this.draft.put('events', String(id), { ...event, id });
  }

  async putJoinToken(token: JoinToken): Promise<void> {
    await this.around.pass();
    this.draft.put('tokens', token.id, token);
  }

  async takeJoinToken(id: string): Promise<JoinToken | null> {
    await this.around.pass();
    const token = this.draft.tables.tokens.get(id) ?? null;
    this.draft.delete('tokens', id);
    return token;
  }

  async setting(name: string): Promise<string | null> {
    await this.around.pass();
    return this.draft.tables.settings.get(name) ?? null;
  }

  async putSetting(name: string, value: string): Promise<void> {
    await this.around.pass();
    this.draft.put('settings', name, value);
  }

  secret(name: string): Promise<string | null> {
    return this.setting(name);
  }

  putSecret(name: string, text: string): Promise<void> {
    return this.putSetting(name, text);
  }

  #count(name: 'operation' | 'event' | 'revision'): number {
    const next = (this.draft.tables.counters.get(name) ?? 0) + 1;
    this.draft.put('counters', name, next);
    return next;
  }
}

function byName<Row extends { readonly name: string }>(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function inUse(what: string): BridgeheadError {
  return new BridgeheadError('IN_USE', `${what} is in use`, 'Take away what uses it first.');
}
