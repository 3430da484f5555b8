// Whatever state a lab is in, taking it down leaves nothing of it.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { labPaths } from '../../src/lab/paths.ts';
import { killedUp, remains } from './interrupted-up.ts';
import { bridgehead, LabUnderTest } from './lab-under-test.ts';

test('an up that is killed at any moment leaves nothing after down, and up can go on', async () => {
  await using lab = await LabUnderTest.named('k', 7185);
  const paths = labPaths(lab.name);
  const moments: readonly (readonly [string, () => boolean])[] = [
    ['journal begun', () => existsSync(paths.journal)],
    ['a Docker Engine is there', () => existsSync(paths.host('host-2').dockerSocket)],
    ['the scheduler is there', () => existsSync(paths.adminToken)],
    ['an agent has joined', () => existsSync(join(paths.host('host-1').agent, 'identity.json'))],
  ];
  for (const [moment, isFarEnough] of moments) {
    await killedUp(lab, isFarEnough);
    assert.notDeepEqual(await remains(lab.name), [], `${moment}: nothing had been made yet`);
    const down = await bridgehead(['lab', 'down', '--name', lab.name]);
    assert.equal(down.code, 0, `${moment}: ${down.stderr}`);
    assert.deepEqual(await remains(lab.name), [], moment);
  }
  await killedUp(lab, () => existsSync(paths.adminToken));
  const up = await lab.bringUp();
  assert.equal(up.code, 0, up.stderr);
  await lab.allServing();
});

test('a down with nothing there says so and is no failure', async () => {
  const down = await bridgehead(['lab', 'down', '--name', 'nothere']);
  assert.equal(down.code, 0, down.stderr);
});

test('a lab with a crashed, a hung and a partitioned host goes without remains', async () => {
  const lab = await LabUnderTest.up('b', 7186);
  await lab.lab('crash', 'host-1');
  await lab.lab('hang', 'host-2');
  await lab.lab('partition', 'host-3');
  await lab[Symbol.asyncDispose]();
  assert.deepEqual(await remains(lab.name), []);
});
