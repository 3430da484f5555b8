// Courses of events around silent hosts that once broke a rule, set up by hand on the simulated
// fleet: each was found by a random seed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceName } from '../../src/domain/ids.ts';
import { Course, request } from './course.ts';

const web = '198.18.10.5';

test('a host that dies is failed over to its standby, and takes nothing back when it returns', async () => {
  const course = await Course.begin({ hosts: 3, isWitnessed: true });
  course.apply({ web }, { standbys: 1 });
  await course.run(8_000);
  const [home] = course.owners(web);
  const seat = course.seat(home);
  course.simulation.powerOff(seat);
  await course.run(4_000);
  const [heir, ...others] = course.owners(web);
  assert.notEqual(heir, home);
  assert.deepEqual(others, []);
  assert.ok(heir !== undefined && course.simulation.database.tables.fences.has(String(home)));
  course.simulation.powerOn(seat);
  await course.run(12_000);
  assert.deepEqual(course.owners(web), [heir]);
  assert.equal(course.simulation.unrest, null);
});

test('a host that is cut off stops answering before another one answers', async () => {
  const course = await Course.begin({ hosts: 3, isWitnessed: true });
  course.apply({ web }, { standbys: 1 });
  await course.run(8_000);
  const [home] = course.owners(web);
  course.cutOff(course.seat(home).host.name);
  await course.run(5_000);
  const [heir] = course.owners(web);
  assert.notEqual(heir, home);
  // Its agent still holds what it was told; only the kernel keeps it from answering.
  assert.equal(course.seat(home).host.held.length, 1);
  course.simulation.network.healAll();
  await course.run(20_000);
  assert.deepEqual(course.owners(web), [heir]);
  assert.equal(course.simulation.unrest, null);
});

test('a scheduler that slept through its lease fences nobody by what it heard before', async () => {
  const course = await Course.begin({ hosts: 3, schedulers: 2, isWitnessed: true });
  course.apply({ web });
  await course.run(8_000);
  const dead = course.seat(course.owners(web)[0]);
  course.simulation.powerOff(dead);
  await course.run(2_500);
  assert.ok(course.simulation.database.tables.fences.has(dead.host.name));
  // It hears of the death, and not of the return.
  course.simulation.schedulers[1]?.process?.pause(20_000);
  for (const { host } of course.simulation.hosts) {
    course.simulation.network.block(host.name, 'scheduler-2');
  }
  course.simulation.powerOn(dead);
  await course.run(17_000);
  assert.equal(course.simulation.database.tables.fences.size, 0);
  await course.run(5_000);
  course.simulation.network.healAll();
  await course.run(5_000);
  assert.equal(course.operations('failover').length, 1);
  assert.equal(course.simulation.unrest, null);
});

test('a migration to a host that is held for dead is undone with that', async () => {
  const course = await Course.begin({ hosts: 4, isWitnessed: true });
  course.apply({ web });
  await course.run(8_000);
  const [home] = course.owners(web);
  const target = course.others(home)[0];
  assert.ok(target);
  void course.scheduler.migrate('web' as InstanceName, target.host.name, request);
  const isReleasing = () => course.operations('migrate')[0]?.steps.at(-1)?.name === 'release';
  for (let looks = 0; looks < 4_000 && !isReleasing(); looks += 1) await course.run(5);
  assert.ok(isReleasing());
  // The source takes its time: when it has let go, the target is held for dead.
  course.seat(home).process?.pause(3_000);
  // Its witnesses hear nothing of it; its agent says on and on that it is ready.
  for (const { host } of course.others(target.host.name)) {
    course.simulation.network.block(target.host.name, host.name);
  }
  const isFenced = () => course.simulation.database.tables.fences.has(target.host.name);
  for (let looks = 0; looks < 4_000 && !isFenced(); looks += 1) await course.run(1);
  assert.equal(course.operations('migrate')[0]?.state, 'undone');
  await course.run(20_000);
  assert.deepEqual(course.owners(web), [home]);
});

test('a host that cannot say what it took is not taken back by an older word', async () => {
  const course = await Course.begin({ hosts: 3, isWitnessed: true });
  await course.cordon('host-1', 'x');
  await course.cordon('host-2', 'x');
  // Nothing is there yet, and host-3 has said that it holds nothing: its last word for now.
  for (const peer of ['scheduler-1', 'host-1', 'host-2']) {
    course.simulation.network.block('host-3', peer);
  }
  course.apply({ web });
  await course.run(700);
  assert.equal(course.seat('host-3').host.held.length, 1, 'it was told, and cannot say so');
  course.seat('host-3').process?.pause(4_000);
  const isFenced = () => course.simulation.database.tables.fences.has('host-3');
  for (let looks = 0; looks < 3_000 && !isFenced(); looks += 1) await course.run(1);
  // Its witnesses hear its kernel again, but nobody hears its agent.
  course.simulation.network.unblock('host-3', 'host-1');
  course.simulation.network.unblock('host-3', 'host-2');
  await course.run(2_000);
  assert.ok(isFenced());
  course.simulation.network.healAll();
  await course.cordon('host-1', null);
  await course.run(20_000);
  assert.equal(course.owners(web).length, 1);
});
