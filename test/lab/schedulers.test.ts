// Several schedulers on one database: any of them takes any request, and one that dies is not missed.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { labPaths } from '../../src/lab/paths.ts';
import { hostView, instanceView } from '../../src/protocol/api.ts';
import { killedUp, remains } from './interrupted-up.ts';
import { bridgehead, eventually, exampleFile, LabUnderTest } from './lab-under-test.ts';

const port = 7190;
const several = ['--schedulers', '2'] as const;
const schedulers = z.object({
  schedulers: z.array(z.object({ name: z.string(), url: z.string(), state: z.string() })),
});

let lab: LabUnderTest;
before(async () => {
  lab = await LabUnderTest.named('s', port);
  const up = await lab.bringUp(...several);
  assert.equal(up.code, 0, up.stderr);
});
after(() => lab?.[Symbol.asyncDispose]());

async function states(): Promise<readonly string[]> {
  const text = await lab.lab('status', '-o', 'json');
  return schedulers.parse(JSON.parse(text)).schedulers.map(({ name, state }) => `${name} ${state}`);
}

/** A verb of the API, of the scheduler with that number alone. */
async function ask(number: number, ...args: readonly string[]): Promise<string> {
  const tokenFile = labPaths(lab.name).adminToken;
  const url = `http://127.0.0.1:${port + number - 1}`;
  const result = await bridgehead([...args, '--server', url, '--token-file', tokenFile]);
  assert.equal(result.code, 0, `scheduler-${number}: ${result.stderr}`);
  return result.stdout;
}

/** What each scheduler says the fleet is: who is there and who is where. */
async function fleetOf(number: number): Promise<unknown> {
  const list = async (kind: string) =>
    JSON.parse(await ask(number, 'get', kind, '-o', 'json')) as unknown;
  return {
    hosts: z
      .array(hostView)
      .parse(await list('hosts'))
      .map(({ name }) => name),
    instances: z
      .array(instanceView)
      .parse(await list('instances'))
      .map(({ name, id, host, epoch }) => ({ name, id, host, epoch })),
  };
}

async function bothServe(): Promise<void> {
  await eventually(async () => assert.deepEqual(await fleetOf(1), await fleetOf(2)));
  await lab.allServing();
}

test('both schedulers answer, with the same fleet and to the same token', async () => {
  assert.deepEqual(await states(), ['scheduler-1 running', 'scheduler-2 running']);
  await bothServe();
});

test('what one scheduler takes, the other shows and a host does', async () => {
  const text = await readFile(exampleFile, 'utf8');
  const { addresses } = await lab.instance('status-page');
  const address = addresses[0]?.address ?? '';
  for (const [number, words] of [
    [2, 'the second was asked'],
    [1, 'the first was asked'],
  ] as const) {
    const file = await lab.write(text.replace('all systems go', words));
    await ask(number, 'apply', '-f', file);
    assert.match(
      await ask(3 - number, 'get', 'instance', 'status-page', '-o', 'yaml'),
      RegExp(words),
    );
    await eventually(async () => assert.equal(await lab.fetch(address), words));
  }
});

test('a killed scheduler: reads, changes and traffic go on; lab up brings it back', async () => {
  const { addresses } = await lab.instance('shop-web');
  const loading = lab.load(addresses[0]?.address ?? '', 6);
  await lab.lab('kill', 'scheduler-1', '--signal', 'SIGKILL');
  assert.equal((await lab.hosts()).length, 3);
  assert.deepEqual(await states(), ['scheduler-1 dead', 'scheduler-2 running']);
  assert.equal((await lab.status()).hosts.length, 3);
  const cordoned = await lab.api('cordon', 'host-1', '--reason', 'while one scheduler is dead');
  assert.equal(cordoned.code, 0, cordoned.stderr);
  const load = await loading;
  assert.equal(load.failed, 0, JSON.stringify(load));
  const healed = await lab.bringUp();
  assert.equal(healed.code, 0, healed.stderr);
  assert.deepEqual(await states(), ['scheduler-1 running', 'scheduler-2 running']);
  assert.match(await ask(1, 'get', 'host', 'host-1', '-o', 'yaml'), /while one scheduler is dead/);
  await ask(1, 'uncordon', 'host-1');
  await bothServe();
});

test('all schedulers dead: the command says so, traffic goes on, and they come back', async () => {
  const { addresses } = await lab.instance('shop-web');
  for (const part of ['scheduler-1', 'scheduler-2']) await lab.lab('kill', part);
  const asked = await lab.api('get', 'hosts');
  assert.equal(asked.code, 5, asked.stderr);
  await lab.fetch(addresses[0]?.address ?? '');
  assert.equal((await lab.bringUp()).code, 0);
  await bothServe();
});

test('a killed database comes back, alone or with lab up where its keeper died too', async () => {
  await lab.lab('kill', 'postgres');
  await eventually(bothServe);
  for (const part of ['database', 'postgres']) await lab.lab('kill', part);
  const asked = await lab.api('get', 'hosts');
  assert.match(asked.stderr, /DATABASE_UNAVAILABLE/);
  assert.equal((await lab.bringUp()).code, 0);
  await bothServe();
});

test('the number of schedulers of a lab stays, and is one to three', async () => {
  const other = await lab.bringUp('--schedulers', '3');
  assert.equal(other.code, 4, other.stderr);
  assert.match(other.stderr, /was made with --schedulers 2/);
  assert.equal((await lab.bringUp('--schedulers', '4')).code, 2);
  assert.deepEqual(await states(), ['scheduler-1 running', 'scheduler-2 running']);
});

test('a down leaves nothing, not even the shared memory of the database', async () => {
  const { database } = labPaths(lab.name);
  const lines = readFileSync(join(database, 'postgres/data/postmaster.pid'), 'utf8').split('\n');
  const segment = lines[6]?.trim().split(/\s+/)[1] ?? '';
  assert.ok(sharedMemory().includes(segment), `segment ${segment}`);
  await lab.lab('down');
  assert.deepEqual(await remains(lab.name), []);
  assert.ok(!sharedMemory().includes(segment), `segment ${segment} is left`);
});

/** Ids of the System V segments that there are (proc(5)). */
function sharedMemory(): readonly string[] {
  const rows = readFileSync('/proc/sysvipc/shm', 'utf8').trim().split('\n').slice(1);
  return rows.flatMap((row) => row.trim().split(/\s+/)[1] ?? []);
}

test('an up that is killed halfway can be taken down, and can go on', async () => {
  const paths = labPaths(lab.name);
  const moments: readonly (readonly [string, () => boolean])[] = [
    ['the database is made', () => existsSync(join(paths.database, 'postgres/data'))],
    ['the second has the token', () => existsSync(paths.scheduler(2).adminToken)],
  ];
  for (const [moment, isFarEnough] of moments) {
    await killedUp(lab, isFarEnough, ...several);
    assert.notDeepEqual(await remains(lab.name), [], `${moment}: nothing had been made yet`);
    const down = await bridgehead(['lab', 'down', '--name', lab.name]);
    assert.equal(down.code, 0, `${moment}: ${down.stderr}`);
    assert.deepEqual(await remains(lab.name), [], moment);
  }
  await killedUp(lab, () => existsSync(paths.scheduler(2).apiSocket), ...several);
  const up = await lab.bringUp();
  assert.equal(up.code, 0, up.stderr);
  await bothServe();
});
