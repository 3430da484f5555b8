// Courses of events that once broke a rule, set up by hand on the simulated fleet: each came out of
// a review after thousands of random seeds had not met it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceName } from '../../src/domain/ids.ts';
import { Course, request } from './course.ts';

test("an address that is taken off an instance of a silent host is nobody else's", async () => {
  const course = await Course.begin({ hosts: 2 });
  course.apply({ web: '198.18.10.5' });
  await course.run(8_000);
  const [home] = course.owners('198.18.10.5');
  course.cutOff(course.seat(home).host.name);
  await course.run(12_000);
  const changed = course.apply({ web: '198.18.10.6' });
  await course.run(75_000);
  assert.equal(changed.now, 'accepted');
  const second = course.apply({ web: '198.18.10.6', api: '198.18.10.5' });
  await course.run(20_000);
  assert.equal(second.now, 'ADDRESS_TAKEN');
  assert.deepEqual(course.owners('198.18.10.5'), [home]);
});

test('an address that its host has shown to be left is free for the next one', async () => {
  const course = await Course.begin({ hosts: 2 });
  course.apply({ web: '198.18.10.5' });
  await course.run(8_000);
  course.apply({ web: '198.18.10.6' });
  await course.run(8_000);
  const second = course.apply({ web: '198.18.10.6', api: '198.18.10.5' });
  await course.run(8_000);
  assert.equal(second.now, 'accepted');
  assert.equal(course.owners('198.18.10.5').length, 1);
});

test("what is being removed is not placed behind its operation's back", async () => {
  const course = await Course.begin({ hosts: 3 });
  await course.cordon('host-2', 'x');
  await course.cordon('host-3', 'x');
  course.apply({ yyy: '198.18.10.5' });
  await course.run(8_000);
  await course.cordon('host-1', 'x');
  course.apply({ yyy: '198.18.10.5', xxx: '198.18.10.6' });
  await course.run(9_000);
  course.seat('host-1').process?.pause(4_000);
  const pruned = course.apply({});
  await course.run(300);
  await course.cordon('host-2', null);
  await course.run(1_500);
  course.cutOff('host-2');
  await course.run(6_000);
  assert.equal(pruned.now, 'accepted');
  await course.cordon('host-2', 'x');
  await course.cordon('host-3', null);
  course.apply({ zzz: '198.18.10.6' });
  await course.run(15_000);
  assert.deepEqual(course.owners('198.18.10.6'), ['host-3']);
});

test('a removal that was cancelled while its host let go is undone', async () => {
  const course = await Course.begin({ hosts: 2 });
  course.apply({ yyy: '198.18.10.5', xxx: '198.18.10.6' });
  await course.run(9_000);
  course.seat('host-1').process?.pause(4_000);
  const pruned = course.apply({});
  await course.run(1_500);
  const removal = course.operations('remove').find(({ args }) => args['source'] === 'host-2');
  assert.ok(removal);
  void course.scheduler.engine.cancel(removal.id, 'boss');
  await course.run(12_000);
  assert.equal(pruned.now, 'CANCELLED');
  const states = course.operations('remove').map(({ state }) => state);
  assert.deepEqual(states, ['cancelled', 'cancelled']);
  assert.equal(course.owners('198.18.10.5').length + course.owners('198.18.10.6').length, 2);
});

test('nothing is moved to a target that died after it was prepared', async () => {
  const course = await Course.begin({ hosts: 3 });
  course.apply({ web: '198.18.10.5' });
  await course.run(9_000);
  const [home] = course.owners('198.18.10.5');
  const target = course.others(home)[0];
  assert.ok(target);
  void course.scheduler.migrate('web' as InstanceName, target.host.name, request);
  course.seat(home).host.disk.slowUntilMs = course.simulation.world.nowMs + 6_000;
  const isReleasing = () => course.operations('migrate')[0]?.steps.at(-1)?.name === 'release';
  for (let looks = 0; looks < 4_000 && !isReleasing(); looks += 1) await course.run(5);
  assert.ok(isReleasing());
  course.simulation.powerOff(target);
  target.process?.kill();
  await course.run(70_000);
  assert.equal(course.operations('migrate')[0]?.state, 'undone');
  assert.deepEqual(course.owners('198.18.10.5'), [home]);
});

test('a drain waits for what is on its way to its host, and moves it off again', async () => {
  const course = await Course.begin({ hosts: 2 });
  course.apply({ web: '198.18.10.5' });
  await course.run(9_000);
  const [home] = course.owners('198.18.10.5');
  const target = course.others(home)[0];
  assert.ok(target);
  target.host.disk.slowUntilMs = course.simulation.world.nowMs + 4_000;
  void course.scheduler.migrate('web' as InstanceName, target.host.name, request);
  await course.run(500);
  void course.scheduler.drain(target.host.name, request);
  await course.run(30_000);
  assert.equal(course.operations('drain')[0]?.state, 'done');
  assert.deepEqual(course.owners('198.18.10.5'), [home]);
});

test('what was applied cannot be cancelled into something else', async () => {
  const course = await Course.begin({ hosts: 2 });
  // The first host is the one that judges configurations: the other is to be paused.
  await course.cordon('host-1', 'x');
  course.apply({ web: '198.18.10.5' });
  await course.run(9_000);
  course.seat(course.owners('198.18.10.5')[0]).process?.pause(4_000);
  const changed = course.apply({ web: '198.18.10.7' });
  for (let looks = 0; looks < 60 && course.operations('configure').length === 0; looks += 1) {
    await course.run(50);
  }
  const [configure] = course.operations('configure');
  assert.equal(configure?.state, 'running', `the apply is ${changed.now}`);
  let refusal = '';
  course.scheduler.engine.cancel(configure.id, 'boss').catch((error: unknown) => {
    refusal = (error as { code: string }).code;
  });
  await course.run(9_000);
  assert.equal(refusal, 'NOT_CANCELLABLE');
  assert.equal(course.operations('configure')[0]?.state, 'done');
  assert.equal(course.owners('198.18.10.7').length, 1);
});

test('an apply that is sent again by its key while it removes something answers for both', async () => {
  const course = await Course.begin({ hosts: 2 });
  course.apply({ web: '198.18.10.5' });
  await course.run(9_000);
  course.seat(course.owners('198.18.10.5')[0]).process?.pause(3_000);
  const first = course.apply({}, { key: 'key-1' });
  await course.run(500);
  const second = course.apply({}, { key: 'key-1' });
  await course.run(10_000);
  assert.deepEqual([first.now, second.now], ['accepted', 'accepted']);
  assert.equal(course.operations('remove').length, 1);
});
