import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import { labContextPath, labPaths } from './paths.ts';

/** sun_path of unix(7) without its closing zero. */
const socketPathMax = 107;

test('the state is below /var/lib unless BRIDGEHEAD_LAB_DIR says otherwise', () => {
  assert.equal(labPaths('lab', {}).folder, '/var/lib/bridgehead-lab/lab');
  assert.equal(labPaths('b', { BRIDGEHEAD_LAB_DIR: '/srv/l' }).folder, '/srv/l/b');
  assert.equal(labContextPath('b', { BRIDGEHEAD_LAB_DIR: '/srv/l' }), '/srv/l/b/context.json');
});

test('a name that could leave the folder, or is no name, is refused', () => {
  for (const name of ['', '..', 'a/b', 'A', 'a b', '-a']) {
    assert.throws(
      () => labPaths(name, {}),
      (error) => error instanceof BridgeheadError && error.code === 'REQUEST_INVALID',
      name,
    );
  }
});

test('whatever name is taken, the longest unix socket below it is short enough', () => {
  const accepted: string[] = [];
  for (let length = 1; length <= 40; length += 1) {
    const name = 'x'.repeat(length);
    try {
      const host = labPaths(name, {}).host('host-10');
      const socket = `${host.run}/docker/libnetwork/000000000000.sock`;
      assert.ok(Buffer.byteLength(socket) <= socketPathMax, socket);
      assert.ok(Buffer.byteLength(host.dockerSocket) <= socketPathMax);
      accepted.push(name);
    } catch (error) {
      if (!(error instanceof BridgeheadError)) throw error;
    }
  }
  assert.ok(accepted.includes('xxx'), 'a short name has to be taken');
  assert.ok(accepted.length < 40, 'a long one must be refused');
});

test('two hosts share no folder', () => {
  const paths = labPaths('lab', {});
  const [one, ten] = [paths.host('host-1'), paths.host('host-10')];
  assert.notEqual(one.folder, ten.folder);
  assert.ok(!`${ten.folder}/`.startsWith(`${one.folder}/`));
});
