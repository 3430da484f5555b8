import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareDebian, compareRpm, compareUpstream, isOfBranch } from './version.ts';

function inOrder(compare: (a: string, b: string) => number, versions: readonly string[]): void {
  for (const [at, version] of versions.entries()) {
    assert.equal(compare(version, version), 0, version);
    for (const later of versions.slice(at + 1)) {
      assert.ok(compare(version, later) < 0, `${version} < ${later}`);
      assert.ok(compare(later, version) > 0, `${later} > ${version}`);
    }
  }
}

test('Debian and Ubuntu versions are ordered as dpkg orders them', () => {
  inOrder(compareDebian, [
    '3.16~rc6-1~exp1',
    '3.16.7-ckt7-1~bpo70+1',
    '3.16.7-ckt7-1',
    '3.16.7-ckt20-1+deb8u3',
    '3.16.36-1',
    '3.16.36-1+deb8u2',
    '4.9.168-1+deb9u3',
    '4.9.189-3',
    '1:1.0-1',
  ]);
  inOrder(compareDebian, [
    '4.15.0-60.67',
    '4.15.0-62.69',
    '4.15.0-101.102',
    '5.4.0-26.30~18.04.1',
    '5.4.0-26.30',
  ]);
});

test('RPM versions are ordered as rpm orders them', () => {
  inOrder(compareRpm, [
    '2.6.32-220.4.2.el6',
    '2.6.32-504.23.4.el6',
    '2.6.32-573.1.1.el6',
    '3.10.0-957.35.1.el7',
    '3.10.0-1062.el7',
    '3.10.0-1062.4.1.el7',
    '3.10.0-1075.el7',
    '4.12.14-95.3',
    '4.12.14-122.37',
    '4.14.123-111.109.amzn2',
  ]);
});

test('releases of kernel.org are ordered, candidates before their release', () => {
  inOrder(compareUpstream, [
    '2.6.32',
    '2.6.32.50',
    '3.2',
    '3.16.7',
    '3.18-rc4',
    '3.18',
    '4.4.70',
    '5.2-rc6',
    '5.2',
    '5.10.4',
  ]);
});

test('a branch is a whole number of the release', () => {
  assert.ok(isOfBranch('4.4.70', '4.4'));
  assert.ok(isOfBranch('3.10.0-957.el7', '3.10.0'));
  assert.ok(isOfBranch('4.12.14-122.37', '4.12.14-122'));
  assert.ok(!isOfBranch('4.14.1', '4.1'));
});
