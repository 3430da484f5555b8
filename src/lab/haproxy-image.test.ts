import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHaproxyVersion, parseLdd } from './haproxy-image.ts';

test("Debian's version is split into full, release and minor", () => {
  const text = 'HAProxy version 2.6.12-1+deb12u3 2025/10/03 - https://haproxy.org/\nStatus: x\n';
  assert.deepEqual(parseHaproxyVersion(text), {
    full: '2.6.12-1+deb12u3',
    release: '2.6.12',
    minor: '2.6',
  });
});

test('versions of other builds are read too', () => {
  assert.equal(parseHaproxyVersion('HA-Proxy version 2.2.9-2+deb11u6 2023/12/11')?.minor, '2.2');
  assert.equal(parseHaproxyVersion('HAProxy version 3.1.0 2024/11/26')?.full, '3.1.0');
  assert.equal(parseHaproxyVersion('HAProxy version 3.2-dev4-abc 2025/02/01')?.minor, '3.2');
});

test('what is no HAProxy has no version', () => {
  assert.equal(parseHaproxyVersion(''), null);
  assert.equal(parseHaproxyVersion('nginx version: nginx/1.22.1'), null);
});

test('ldd: libraries by path, the loader too, the vDSO not', () => {
  const text = `\tlinux-vdso.so.1 (0x00007ffd3a5f9000)
\tlibcrypt.so.1 => /lib/x86_64-linux-gnu/libcrypt.so.1 (0x00007f6b5b2a0000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f6b5a800000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f6b5b6b1000)
\tlibmissing.so.1 => not found
`;
  assert.deepEqual(parseLdd(text), [
    '/lib/x86_64-linux-gnu/libcrypt.so.1',
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ]);
});
