// What a migration does about stick tables, over model agents.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestDatabases } from '../store/test-database.ts';
import { Fleet, spec } from './test-fleet.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

const counting = `${spec('one').trimEnd()}
        stick-table type ip size 1k expire 1m peers tables
      peers tables
        bind :1024
        server web
`;

async function serving(): Promise<Fleet> {
  const fleet = await Fleet.start(await databases.fresh());
  await fleet.apply(counting);
  await fleet.until(async () => fleet.owners().length === 1);
  await fleet.quiet();
  return fleet;
}

test('tables go over before the source quiesces, and the way is closed before anyone looks', async () => {
  await using fleet = await serving();
  const { source, target } = fleet.places();
  const record = await fleet.migrate(target.host);
  assert.equal(record.state, 'done', record.error?.message ?? '');
  assert.deepEqual(
    record.steps.map(({ name }) => name),
    ['prepare', 'sync', 'quiesce', 'release', 'switch', 'verify', 'remove'],
  );
  const note = record.steps.find(({ name }) => name === 'sync')?.note ?? '';
  assert.match(note, new RegExp(`^${target.host} has the stick tables of tables after \\d+ ms$`));
  assert.ok(source.asked.indexOf('relay-open') < source.asked.indexOf('quiesce'));
  assert.ok(source.asked.lastIndexOf('relay-read') > source.asked.indexOf('quiesce'));
  for (const { asked } of [source, target]) {
    assert.equal(asked.filter((kind) => kind === 'relay-close').length, 1);
  }
});

test('a migration is not failed by its tables', async () => {
  await using fleet = await serving();
  const { source, target } = fleet.places();
  target.fault = 'refuse-relay';
  const record = await fleet.migrate(target.host);
  assert.equal(record.state, 'done', record.error?.message ?? '');
  const note = record.steps.find(({ name }) => name === 'sync')?.note;
  assert.equal(note, 'not brought along: tables: not here');
  assert.deepEqual(fleet.owners(), [target.host]);
  assert.ok(source.asked.includes('relay-close'));
});

test('what is undone after its tables went over leaves no relay behind', async () => {
  await using fleet = await serving();
  const { source, target } = fleet.places();
  source.fault = 'refuse-quiesce';
  const record = await fleet.migrate(target.host);
  assert.equal(record.state, 'undone');
  await fleet.until(async () => target.asked.includes('relay-close'));
  assert.ok(source.asked.includes('relay-close'));
  assert.deepEqual(fleet.owners(), [source.host]);
});
