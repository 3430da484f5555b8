import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KnownIssue } from './entry.ts';
import { parseRelease } from './release.ts';
import { type Affected, verdictOn } from './verdict.ts';

const issue: KnownIssue = {
  id: 'example',
  title: 'example',
  kind: 'bug',
  what: 'An example.',
  signatures: [{ functions: ['example'] }],
  releases: [
    { of: 'mainline', introduced: '3.2', fixed: '4.20' },
    { of: 'stable', branch: '4.4', fixed: '4.4.170' },
    { of: 'stable', branch: '4.19', introduced: '4.19.5', fixed: '4.19.77' },
    { of: 'stable', branch: '3.16', fixed: 'never' },
    { of: 'debian', branch: '3.16', fixed: 'never', upgrade: '4.9 from jessie-backports' },
    { of: 'ubuntu', branch: '4.15.0', introduced: '4.15.0-59', fixed: '4.15.0-62.69' },
    { of: 'rhel', branch: '3.10.0', fixed: '3.10.0-1075.el7', alsoFixed: ['3.10.0-957.35.1.el7'] },
    { of: 'rhel', branch: '4.18.0', fixed: 'unknown' },
    { of: 'sles', branch: '4.12.14-122', fixed: '4.12.14-122.37' },
    { of: 'amazon', branch: '4.14', fixed: '4.14.123-111.109.amzn2' },
  ],
  sources: [{ url: 'https://example.org/', says: 'x' }],
  advice: 'x',
  examples: [['x']],
};

const cases: readonly (readonly [release: string, affected: Affected, banner?: string])[] = [
  ['4.4.169', 'yes'],
  ['4.4.170', 'no'],
  ['4.4.302-custom', 'no'],
  ['4.19.4', 'no'],
  ['4.19.50', 'yes'],
  ['4.19.77', 'no'],
  ['4.20', 'no'],
  ['6.1.5', 'no'],
  ['3.0.101', 'no'],
  ['3.16.7', 'yes'],
  // No line speaks of 4.9: it may have been backported.
  ['4.9.200', 'unknown'],
  ['3.16.0-4-amd64', 'yes', 'Debian 3.16.7-ckt20-1+deb8u3'],
  ['3.16.0-4-amd64', 'yes'],
  ['4.19.0-6-amd64', 'likely', 'Debian 4.19.67-2'],
  ['4.19.0-6-amd64', 'no', 'Debian 4.19.98-1'],
  ['4.19.0-6-amd64', 'unknown'],
  ['6.1.0-18-amd64', 'no'],
  ['4.15.0-58-generic', 'no'],
  ['4.15.0-60-generic', 'yes', '#67-Ubuntu'],
  ['4.15.0-60-generic', 'yes'],
  ['4.15.0-62-generic', 'no'],
  ['4.15.0-62-generic', 'no', '#69-Ubuntu'],
  ['4.15.0-1048-aws', 'unknown'],
  ['5.4.0-42-generic', 'no'],
  ['3.10.0-1062.el7.x86_64', 'yes'],
  ['3.10.0-1075.el7.x86_64', 'no'],
  ['3.10.0-1160.el7.x86_64', 'no'],
  ['3.10.0-957.27.2.el7.x86_64', 'yes'],
  ['3.10.0-957.35.1.el7.x86_64', 'no'],
  ['4.18.0-305.el8.x86_64', 'unknown'],
  ['2.6.32-754.el6.x86_64', 'unknown'],
  ['4.12.14-122.26-default', 'yes'],
  ['4.12.14-122.46-default', 'no'],
  ['4.12.14-95.3-default', 'unknown'],
  ['4.14.121-109.96.amzn2.x86_64', 'yes'],
  ['4.14.133-113.105.amzn2.x86_64', 'no'],
];

for (const [release, affected, banner = ''] of cases) {
  test(`${release} ${banner}: ${affected}`, () => {
    const verdict = verdictOn(issue, parseRelease(release, banner));
    assert.equal(verdict.affected, affected, verdict.why);
  });
}

test('says the lowest fixed release of the branch, that there is none, and what to go to', () => {
  const onBranch = verdictOn(issue, parseRelease('4.4.100'));
  assert.equal(onBranch.fixedOnBranch, '4.4.170');
  assert.equal(onBranch.upgrade, 'stable 4.4 4.4.170 or later');
  assert.equal(onBranch.fixedInMainline, '4.20');
  const never = verdictOn(issue, parseRelease('3.16.0-4-amd64', 'Debian 3.16.43-2'));
  assert.equal(never.neverOnBranch, true);
  assert.equal(never.fixedOnBranch, null);
  assert.equal(never.upgrade, '4.9 from jessie-backports');
  assert.match(never.why, /never backported to Debian 3\.16/);
});

test('without a release nothing is decided, and noise is never a fault', () => {
  assert.equal(verdictOn(issue, null).affected, 'unknown');
  assert.equal(verdictOn({ ...issue, kind: 'noise' }, parseRelease('4.4.1')).affected, 'no');
});
