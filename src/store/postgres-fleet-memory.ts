// Reads the fleet anew, but only the rows that were written since the last reading.

import { type Kysely, type Selectable, sql } from 'kysely';
import type { FleetMemory, FleetMoment, TableMemory } from './fleet-memory.ts';
import { readHostSigns } from './postgres-host-signs.ts';
import {
  addressOf,
  assignmentOf,
  hostOf,
  instanceOf,
  leavingOf,
  observationOf,
  poolOf,
  shedOf,
  standbyOf,
  stateOf,
} from './postgres-rows.ts';
import type { Schema } from './schema.ts';

/** The tables that are read by what was written in them. */
type Remembered =
  | 'hosts'
  | 'pools'
  | 'instances'
  | 'addresses'
  | 'assignments'
  | 'standbys'
  | 'observations';

/**
 * The fleet of the transaction's moment; `db` is a transaction that sees one moment.
 *
 * A row's `xmin` is the number of the transaction that wrote it (PostgreSQL's manual, 5.6). Every
 * number below a snapshot's own xmin had ended when it was taken (9.27.9), so a row that is not in
 * the memory as it is now has one that is not below. Numbers wrap, which `age` reckons with. A row
 * that is gone shows by the count: after the written ones were taken, the memory has all that there
 * is, and what is gone.
 */
export async function readAgain(db: Kysely<Schema>, memory: FleetMemory): Promise<FleetMoment> {
  const now = await sql<{ xmin: string }>`
    select pg_snapshot_xmin(pg_current_snapshot())::xid::text as xmin`.execute(db);
  // One connection, so one after the other.
  const host = (row: { host: string; instance_id: string }) => `${row.host}/${row.instance_id}`;
  await recall(db, 'hosts', memory, {
    ...{ columns: ['name'], keyOf: ({ name }) => name, orderOf: ({ name }) => name },
    ...{ table: memory.hosts, valueOf: hostOf },
  });
  await recall(db, 'pools', memory, {
    ...{ columns: ['name'], keyOf: ({ name }) => name, orderOf: ({ name }) => name },
    ...{ table: memory.pools, valueOf: poolOf },
  });
  await recall(db, 'instances', memory, {
    ...{ columns: ['id'], keyOf: ({ id }) => id, orderOf: ({ name }) => name },
    ...{ table: memory.instances, valueOf: withoutAddresses },
  });
  await recall(db, 'addresses', memory, {
    ...{ columns: ['address'], keyOf: ({ address }) => address, orderOf: byKey },
    table: memory.addresses,
    valueOf: (row) => ({
      ...{ instanceId: row.instance_id, position: row.position, address: addressOf(row) },
    }),
  });
  await recall(db, 'assignments', memory, {
    ...{ columns: ['instance_id'], keyOf: (row) => row.instance_id, orderOf: byKey },
    ...{ table: memory.assignments, valueOf: assignmentOf },
  });
  await recall(db, 'standbys', memory, {
    ...{ columns: ['host', 'instance_id'], keyOf: host, orderOf: byKey },
    ...{ table: memory.standbys, valueOf: standbyOf },
  });
  await recall(db, 'observations', memory, {
    ...{ columns: ['host', 'instance_id'], keyOf: host, orderOf: byKey },
    ...{ table: memory.observations, valueOf: observationOf },
  });
  const leaving = await db.selectFrom('leaving').selectAll().execute();
  const sheds = await db.selectFrom('sheds').selectAll().execute();
  const { ready, fenced } = await readHostSigns(db);
  memory.since = now.rows[0]?.xmin ?? null;
  return {
    fleet: {
      hosts: memory.hostsIn((one) => stateOf(one, ready, fenced)),
      pools: memory.pools.values,
      instances: memory.withAddresses(),
      assignments: memory.assignments.values,
      standbys: memory.standbys.values,
      leaving: leaving.map(leavingOf),
      sheds: sheds.map(shedOf),
    },
    observations: memory.observations.values,
  };
}

interface Recall<Table extends Remembered, Value> {
  readonly table: TableMemory<Value>;
  /** Of the primary key. */
  readonly columns: readonly (keyof Schema[Table] & string)[];
  readonly keyOf: (row: Selectable<Schema[Table]>) => string;
  readonly orderOf: (row: Selectable<Schema[Table]>, key: string) => string;
  readonly valueOf: (row: Selectable<Schema[Table]>) => Value;
}

async function recall<Table extends Remembered, Value>(
  db: Kysely<Schema>,
  name: Table,
  { since }: FleetMemory,
  { table, columns, keyOf, orderOf, valueOf }: Recall<Table, Value>,
): Promise<void> {
  type Row = Selectable<Schema[Table]>;
  const written = since === null ? sql`` : sql`where age(xmin) <= age(${since}::text::xid)`;
  const { rows } = await sql<Row>`select * from ${sql.table(name)} ${written}`.execute(db);
  for (const row of rows) {
    const key = keyOf(row);
    table.put(key, orderOf(row, key), valueOf(row));
  }
  const counted = await sql<{ count: number }>`
    select count(*)::int as count from ${sql.table(name)}`.execute(db);
  if (counted.rows[0]?.count === table.size) return;
  const list = sql.join(columns.map((column) => sql.ref(column)));
  const left = await sql<Row>`select ${list} from ${sql.table(name)}`.execute(db);
  table.keepOnly(new Set(left.rows.map(keyOf)));
}

function byKey(_: unknown, key: string): string {
  return key;
}

function withoutAddresses(row: Selectable<Schema['instances']>) {
  const { addresses: _, ...rest } = instanceOf(row, []);
  return rest;
}
