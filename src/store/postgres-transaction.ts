import { sql } from 'kysely';
import { BridgeheadError } from '../domain/errors.ts';
import type { Epoch, HostName, InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
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
} from '../domain/model.ts';
import { PostgresFencing } from './postgres-fencing.ts';
import { readHostSigns } from './postgres-host-signs.ts';
import {
  assignmentOf,
  canonical,
  hostOf,
  instanceOf,
  leavingOf,
  poolOf,
  shedOf,
  standbyOf,
  stateOf,
} from './postgres-rows.ts';
import type { FleetState, JoinToken, Transaction } from './store.ts';

/** Events beyond the newest so many are let go. */
export const eventsMax = 100_000;
/** How often, in events, the old ones are looked for. */
const trimEvery = 1_000;
/** Any number will do: who holds this lock gives out the next ids of events. */
const eventsLock = 7_215_303;

/** One PostgreSQL transaction in the scheduler's words. */
export class PostgresTransaction extends PostgresFencing implements Transaction {
  async fleet(): Promise<FleetState> {
    const db = this.db;
    // One connection, so one after the other.
    const hosts = await db.selectFrom('hosts').selectAll().orderBy('name').execute();
    const pools = await db.selectFrom('pools').selectAll().orderBy('name').execute();
    const instances = await db.selectFrom('instances').selectAll().orderBy('name').execute();
    const addresses = await db
      .selectFrom('addresses')
      .selectAll()
      .orderBy('instance_id')
      .orderBy('position')
      .execute();
    const assignments = await db.selectFrom('assignments').selectAll().execute();
    const standbys = await db.selectFrom('standbys').selectAll().execute();
    const leaving = await db.selectFrom('leaving').selectAll().execute();
    const sheds = await db.selectFrom('sheds').selectAll().execute();
    const { ready, fenced } = await readHostSigns(db);
    const held = Map.groupBy(addresses, (row) => row.instance_id);
    return {
      hosts: hosts.map((row): Host => ({ ...hostOf(row), state: stateOf(row, ready, fenced) })),
      pools: pools.map(poolOf),
      instances: instances.map((row) => instanceOf(row, held.get(row.id) ?? [])),
      assignments: assignments.map(assignmentOf),
      standbys: standbys.map(standbyOf),
      leaving: leaving.map(leavingOf),
      sheds: sheds.map(shedOf),
    };
  }

  async putPool(pool: Pool): Promise<void> {
    const { name, range, ...rest } = pool;
    const values = { ...rest, range_from: range?.from ?? null, range_to: range?.to ?? null };
    await this.db
      .insertInto('pools')
      .values({ name, ...values })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
      .execute();
  }

  async deletePool(name: PoolName): Promise<void> {
    const user = await this.db
      .selectFrom('addresses')
      .innerJoin('instances', 'instances.id', 'addresses.instance_id')
      .where('addresses.pool', '=', name)
      .select('instances.name')
      .executeTakeFirst();
    if (user !== undefined) {
      throw new BridgeheadError(
        'IN_USE',
        `pool ${name} cannot be deleted: instance ${user.name} has an address from it`,
        'Delete the instance, or give it addresses from another pool, first.',
      );
    }
    await this.db.deleteFrom('pools').where('name', '=', name).execute();
  }

  async putHost(host: Pick<Host, 'name' | 'zone' | 'rack' | 'labels' | 'capacity'>): Promise<void> {
    const values = {
      zone: host.zone,
      rack: host.rack,
      labels: JSON.stringify(host.labels),
      capacity: host.capacity === null ? null : JSON.stringify(host.capacity),
    };
    await this.db
      .insertInto('hosts')
      .values({ name: host.name, ...values })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
      .execute();
  }

  async deleteHost(name: HostName): Promise<void> {
    const user = await this.db
      .selectFrom('assignments')
      .innerJoin('instances', 'instances.id', 'assignments.instance_id')
      .where('assignments.host', '=', name)
      .select('instances.name')
      .executeTakeFirst();
    if (user !== undefined) {
      throw new BridgeheadError(
        'IN_USE',
        `host ${name} cannot be deleted: instance ${user.name} runs on it`,
        `Migrate it away first: bridgehead migrate ${user.name} --to HOST`,
      );
    }
    await this.db.deleteFrom('hosts').where('name', '=', name).execute();
  }

  async setCordon(name: HostName, reason: string | null): Promise<void> {
    await this.db
      .updateTable('hosts')
      .set({ cordon_reason: reason })
      .where('name', '=', name)
      .execute();
  }

  async setHostFacts(name: HostName, facts: HostFacts, atMs: number): Promise<void> {
    await this.db
      .updateTable('hosts')
      .set({ facts: JSON.stringify(facts), last_seen_ms: atMs })
      .where('name', '=', name)
      .execute();
  }

  async putInstance(instance: Instance): Promise<void> {
    const { id, spec, addresses, rendered, configHash } = instance;
    const values = {
      name: spec.name,
      spec: JSON.stringify(spec),
      rendered,
      config_hash: configHash,
    };
    await this.db
      .insertInto('instances')
      .values({ id, ...values })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
      .execute();
    await this.db.deleteFrom('addresses').where('instance_id', '=', id).execute();
    if (addresses.length === 0) return;
    const texts = addresses.map(({ address }) => address);
    // What it was leaving, it may have back.
    await this.db
      .deleteFrom('leaving')
      .where('instance_id', '=', id)
      .where('address', 'in', texts)
      .execute();
    const taken =
      (await this.#holderOf('addresses', texts)) ?? (await this.#holderOf('leaving', texts));
    if (taken !== undefined) {
      throw new BridgeheadError(
        'ADDRESS_TAKEN',
        `instance ${spec.name}: address ${canonical(taken.address)} belongs to instance ${taken.name}`,
        'Choose another address, or leave the choice to the pool.',
      );
    }
    await this.db
      .insertInto('addresses')
      .values(
        addresses.map(({ address, pool, prefix, gateway, bridge, vlan }, position) => ({
          ...{ address, pool, prefix, gateway, bridge, vlan },
          instance_id: id,
          position,
        })),
      )
      .execute();
  }

  #holderOf(table: 'addresses' | 'leaving', addresses: readonly string[]) {
    return this.db
      .selectFrom(table)
      .innerJoin('instances', 'instances.id', `${table}.instance_id`)
      .where(`${table}.address`, 'in', addresses)
      .select([`${table}.address`, 'instances.name'])
      .executeTakeFirst();
  }

  async instanceNamed(name: InstanceName): Promise<Instance | null> {
    const row = await this.db
      .selectFrom('instances')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirst();
    if (row === undefined) return null;
    const addresses = await this.db
      .selectFrom('addresses')
      .selectAll()
      .where('instance_id', '=', row.id)
      .orderBy('position')
      .execute();
    return instanceOf(row, addresses);
  }

  async deleteInstance(id: InstanceId): Promise<void> {
    await this.db.deleteFrom('instances').where('id', '=', id).execute();
  }

  async putAssignment({ instanceId, host, epoch, granted }: Assignment): Promise<void> {
    const { numUpdatedRows } = await this.db
      .updateTable('instances')
      .set({ last_epoch: epoch })
      .where('id', '=', instanceId)
      .where('last_epoch', '<', epoch)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) throw staleEpoch(instanceId, epoch);
    const values = { host, epoch, granted };
    await this.db
      .insertInto('assignments')
      .values({ instance_id: instanceId, ...values })
      .onConflict((conflict) => conflict.column('instance_id').doUpdateSet(values))
      .execute();
  }

  async deleteAssignment(id: InstanceId): Promise<void> {
    await this.db.deleteFrom('assignments').where('instance_id', '=', id).execute();
  }

  async assignment(id: InstanceId): Promise<Assignment | null> {
    const row = await this.db
      .selectFrom('assignments')
      .selectAll()
      .where('instance_id', '=', id)
      .executeTakeFirst();
    return row === undefined ? null : assignmentOf(row);
  }

  async putLeaving({ instanceId, address, epoch }: LeavingAddress): Promise<void> {
    await this.db
      .insertInto('leaving')
      .values({ instance_id: instanceId, address, epoch })
      .onConflict((conflict) => conflict.column('address').doUpdateSet({ epoch }))
      .execute();
  }

  async deleteLeaving(id: InstanceId, epoch: Epoch, address?: string): Promise<void> {
    await this.db
      .deleteFrom('leaving')
      .where('instance_id', '=', id)
      .where('epoch', '<=', epoch)
      .$if(address !== undefined, (query) => query.where('address', '=', address ?? ''))
      .execute();
  }

  async putStandby({ instanceId, host }: Standby): Promise<void> {
    await this.db
      .insertInto('standbys')
      .values({ instance_id: instanceId, host })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async deleteStandby({ instanceId, host }: Standby): Promise<void> {
    await this.db
      .deleteFrom('standbys')
      .where('instance_id', '=', instanceId)
      .where('host', '=', host)
      .execute();
  }

  // One after the other to the commit: an id that is seen is higher than all that come later, so
  // that whoever follows the events by id misses none.
  async addEvent({ atMs, kind, object, message }: Omit<FleetEvent, 'id'>): Promise<void> {
    await sql`select pg_advisory_xact_lock(${sql.lit(eventsLock)})`.execute(this.db);
    const row = await this.db
      .insertInto('events')
      .values({ at_ms: atMs, kind, object, message })
      .returning('id')
      .executeTakeFirstOrThrow();
    const id = Number(row.id);
    if (id % trimEvery !== 0) return;
    await this.db
      .deleteFrom('events')
      .where('id', '<=', String(id - eventsMax))
      .execute();
  }

  async putJoinToken({ id, host, secretHash, expiresMs }: JoinToken): Promise<void> {
    const row = { id, host, secret_hash: secretHash, expires_ms: expiresMs };
    await this.db.insertInto('join_tokens').values(row).execute();
  }

  async takeJoinToken(id: string): Promise<JoinToken | null> {
    const row = await this.db
      .deleteFrom('join_tokens')
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return null;
    const { host, secret_hash: secretHash, expires_ms: expiresMs } = row;
    return { id, host: host as HostName, secretHash, expiresMs };
  }

  async observation(host: HostName, id: InstanceId): Promise<ObservedInstance | null> {
    const row = await this.db
      .selectFrom('observations')
      .select('seen')
      .where('host', '=', host)
      .where('instance_id', '=', id)
      .executeTakeFirst();
    return row?.seen ?? null;
  }

  async lastEpoch(id: InstanceId): Promise<Epoch> {
    const row = await this.db
      .selectFrom('instances')
      .select('last_epoch')
      .where('id', '=', id)
      .executeTakeFirst();
    return (row?.last_epoch ?? 0) as Epoch;
  }
}

function staleEpoch(id: InstanceId, epoch: Epoch): BridgeheadError {
  return new BridgeheadError(
    'EPOCH_STALE',
    `instance ${id}: epoch ${epoch} is not higher than the last one`,
    'Somebody else has assigned it meanwhile: look where it is, bridgehead get instances',
  );
}
