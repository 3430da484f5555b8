// Hosts with room for one instance each: when one dies, what matters least makes room, and is back
// when the host is.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { ArpWitness } from './arp-witness.ts';
import { holdersOf } from './holders.ts';
import { eventually, exampleFile, LabUnderTest } from './lab-under-test.ts';

const vital = 'shop-web';
const other = 'shop-api';
const least = 'status-page';

let lab: LabUnderTest;
before(async () => {
  lab = await LabUnderTest.up('s', 7189);
  const text = await readFile(exampleFile, 'utf8');
  const small = '    capacity: { instances: 1, memoryMib: 1024, cpus: 4 }\n';
  const spec = text.replaceAll(/^ {4}rack: .*\n/gm, (line) => line + small);
  assert.equal(spec.split(small).length, 4);
  assert.equal((await lab.apply(spec, '--wait')).code, 0);
});
after(() => lab?.[Symbol.asyncDispose]());

async function addressOf(name: string): Promise<string> {
  return (await lab.instance(name)).addresses[0]?.address ?? '';
}

test('tier 3 gives its room to tier 0, whose host died, and comes back with that host', async () => {
  await lab.allServing();
  const before = await lab.instances();
  const hostOf = (name: string) => before.find((one) => one.name === name)?.host ?? '';
  assert.equal(new Set(before.map(({ host }) => host)).size, 3, 'each is on a host of its own');
  await using witness = await ArpWitness.start(lab.name, await addressOf(vital));
  const gone = await addressOf(least);

  await lab.lab('crash', hostOf(vital));
  await eventually(async () => {
    const now = await lab.instance(vital);
    assert.equal(now.phase, 'serving');
    assert.equal(now.host, hostOf(least));
    await lab.fetch(await addressOf(vital));
  }, 60_000);

  const shed = await lab.instance(least);
  assert.equal(shed.phase, 'shed');
  assert.equal(shed.shed?.instance, vital);
  assert.equal(shed.shed?.tier, 0);
  assert.equal(shed.addresses[0]?.address, gone, 'its address stays its own');
  await assert.rejects(lab.fetch(gone));
  assert.equal((await lab.instance(other)).host, hostOf(other), 'tier 1 has not moved');
  await lab.fetch(await addressOf(other));
  assert.match((await lab.api('get', 'instances')).stdout, /shed for shop-web, tier 0/);
  assert.match((await lab.api('explain', least)).stdout, /comes back when there is room again/);

  await lab.lab('heal', hostOf(vital));
  await lab.allServing(90_000);
  const back = await lab.instance(least);
  assert.equal(back.host, hostOf(vital), 'the room that came back is where it is now');
  assert.equal(back.shed, null);
  await lab.fetch(gone);
  assert.equal((await lab.instance(vital)).host, hostOf(least), 'nothing moves back by itself');
  const { containers } = await holdersOf(lab, back);
  assert.deepEqual(containers, [back.host]);
  const events = (await lab.api('get', 'events', `instance/${least}`)).stdout;
  assert.match(events, /instance\.shed .*needs its room/);
  assert.match(events, /instance\.restored /);
  assert.match(
    (await lab.api('ops', 'list', '--all')).stdout,
    /done .*shed status-page from host-/,
  );
  const seen = await witness.stop();
  assert.equal(seen.maxRepliesToOne, 1, JSON.stringify(seen.doubleAnswered));
});
