import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mountsBelow, parseMountinfo } from './mounts.ts';

const text = `22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw
35 24 0:30 / /sys/fs/cgroup/memory rw,nosuid shared:12 master:3 - cgroup cgroup rw,memory
61 28 0:45 / /var/lib/bridgehead-lab/lab/host-1/docker/overlay2/abc/merged rw - overlay overlay rw,lowerdir=/a:/b
62 28 0:46 / /var/lib/bridgehead-lab/lab/host-1/run/docker/netns/default rw - nsfs nsfs rw
63 28 0:47 / /var/lib/bridgehead-lab/lab-2/host-1/run rw - tmpfs tmpfs rw
64 28 0:48 / /srv/with\\040blank\\134slash rw - ext4 /dev/sda1 rw
`;

test('path and type are read whatever optional fields stand between them', () => {
  const mounts = parseMountinfo(text);
  assert.equal(mounts.length, 6);
  assert.deepEqual(mounts[0], { path: '/sys', type: 'sysfs' });
  assert.deepEqual(mounts[1], { path: '/sys/fs/cgroup/memory', type: 'cgroup' });
});

test('octal escapes are undone', () => {
  assert.equal(parseMountinfo(text).at(-1)?.path, '/srv/with blank\\slash');
});

test('an empty text and an empty line hold no mount', () => {
  assert.deepEqual(parseMountinfo(''), []);
  assert.deepEqual(parseMountinfo('\n\n'), []);
});

test("mounts below a lab's folder are its own only, the last made first", () => {
  const below = mountsBelow(parseMountinfo(text), '/var/lib/bridgehead-lab/lab');
  assert.deepEqual(below, [
    '/var/lib/bridgehead-lab/lab/host-1/run/docker/netns/default',
    '/var/lib/bridgehead-lab/lab/host-1/docker/overlay2/abc/merged',
  ]);
  assert.deepEqual(mountsBelow(parseMountinfo(text), '/sys/fs/cgroup/memory'), [
    '/sys/fs/cgroup/memory',
  ]);
});
