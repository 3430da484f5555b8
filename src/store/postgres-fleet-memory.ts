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
const remembered = [
  'hosts',
  'pools',
  'instances',
  'addresses',
  'assignments',
  'standbys',
  'leaving',
  'sheds',
  'observations',
] as const satisfies readonly (keyof Schema)[];
type Remembered = (typeof remembered)[number];

/** How many rows a table has, and how many of them were written since the last reading. */
interface Extent {
  readonly total: number;
  readonly written: number;
}

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
  const { xmin, extents } = await readExtents(db, memory.since);
  const recall = <Table extends Remembered, Value>(name: Table, how: Recall<Table, Value>) =>
    recallTable(db, name, memory.since, extents.get(name), how);
  // One connection, so one after the other.
  await recall('hosts', {
    ...{ table: memory.hosts, valueOf: hostOf },
    ...{ columns: ['name'], keyOf: ({ name }) => name, orderOf: ({ name }) => name },
  });
  await recall('pools', {
    ...{ table: memory.pools, valueOf: poolOf },
    ...{ columns: ['name'], keyOf: ({ name }) => name, orderOf: ({ name }) => name },
  });
  await recall('instances', {
    ...{ table: memory.instances, valueOf: withoutAddresses },
    ...{ columns: ['id'], keyOf: ({ id }) => id, orderOf: ({ name }) => name },
  });
  await recall('addresses', {
    table: memory.addresses,
    valueOf: (row) => ({
      ...{ instanceId: row.instance_id, position: row.position, address: addressOf(row) },
    }),
    ...{ columns: ['address'], keyOf: ({ address }) => address },
  });
  await recall('assignments', {
    ...{ table: memory.assignments, valueOf: assignmentOf },
    ...{ columns: ['instance_id'], keyOf: (row) => row.instance_id },
  });
  await recall('standbys', {
    ...{ table: memory.standbys, valueOf: standbyOf },
    ...{ columns: ['host', 'instance_id'], keyOf: placeOf },
  });
  await recall('leaving', {
    ...{ table: memory.leaving, valueOf: leavingOf },
    ...{ columns: ['address'], keyOf: ({ address }) => address },
  });
  await recall('sheds', {
    ...{ table: memory.sheds, valueOf: shedOf },
    ...{ columns: ['instance_id'], keyOf: (row) => row.instance_id },
  });
  await recall('observations', {
    ...{ table: memory.observations, valueOf: observationOf },
    ...{ columns: ['host', 'instance_id'], keyOf: placeOf },
  });
  const { ready, fenced } = await readHostSigns(db);
  memory.since = xmin;
  return {
    fleet: {
      hosts: memory.hostsIn((one) => stateOf(one, ready, fenced)),
      pools: memory.pools.values,
      instances: memory.withAddresses(),
      assignments: memory.assignments.values,
      standbys: memory.standbys.values,
      leaving: memory.leaving.values,
      sheds: memory.sheds.values,
    },
    observations: memory.observations.values,
  };
}

/** Asks of all tables at once, so that those where nothing was written are not asked any further. */
async function readExtents(db: Kysely<Schema>, since: string | null) {
  const each = remembered.map(
    (name) => sql`select ${sql.lit(name)} as name, count(*)::int as total,
      (count(*) filter (where ${writtenSince(since)}))::int as written from ${sql.table(name)}`,
  );
  const { rows } = await sql<Extent & { readonly name: Remembered; readonly xmin: string }>`
    select *, pg_snapshot_xmin(pg_current_snapshot())::xid::text as xmin
      from (${sql.join(each, sql` union all `)}) as tables`.execute(db);
  return { xmin: rows[0]?.xmin ?? null, extents: new Map(rows.map((row) => [row.name, row])) };
}

function writtenSince(since: string | null) {
  return since === null ? sql`true` : sql`age(xmin) <= age(${since}::text::xid)`;
}

interface Recall<Table extends Remembered, Value> {
  readonly table: TableMemory<Value>;
  readonly valueOf: (row: Selectable<Schema[Table]>) => Value;
  /** Of the primary key. */
  readonly columns: readonly (keyof Schema[Table] & string)[];
  readonly keyOf: (row: Selectable<Schema[Table]>) => string;
  /** By its key where it is left out. */
  readonly orderOf?: (row: Selectable<Schema[Table]>) => string;
}

async function recallTable<Table extends Remembered, Value>(
  db: Kysely<Schema>,
  name: Table,
  since: string | null,
  extent: Extent | undefined,
  { table, columns, keyOf, orderOf = keyOf, valueOf }: Recall<Table, Value>,
): Promise<void> {
  type Row = Selectable<Schema[Table]>;
  if (extent?.written !== 0) {
    const { rows } = await sql<Row & { readonly version: string }>`
      select *, xmin::text as version from ${sql.table(name)} where ${writtenSince(since)}`.execute(
      db,
    );
    for (const row of rows) {
      table.put(keyOf(row), { version: row.version, order: orderOf(row), value: valueOf(row) });
    }
  }
  if (extent?.total === table.size) return;
  const list = sql.join(columns.map((column) => sql.ref(column)));
  const left = await sql<Row>`select ${list} from ${sql.table(name)}`.execute(db);
  table.keepOnly(new Set(left.rows.map(keyOf)));
}

function placeOf(row: { readonly host: string; readonly instance_id: string }): string {
  return `${row.host}/${row.instance_id}`;
}

function withoutAddresses(row: Selectable<Schema['instances']>) {
  const { addresses: _, ...rest } = instanceOf(row, []);
  return rest;
}
