import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KernelRelease, parseRelease } from './release.ts';

const cases: readonly (readonly [
  release: string,
  banner: string,
  expected: Partial<KernelRelease>,
])[] = [
  [
    '3.16.0-4-amd64',
    '#1 SMP Debian 3.16.7-ckt20-1+deb8u3 (2016-01-17)',
    { vendor: 'debian', base: '3.16', packageVersion: '3.16.7-ckt20-1+deb8u3', upstream: null },
  ],
  ['3.16.0-4-amd64', '#1 SMP Debian 3.16.43-2+deb8u5', { vendor: 'debian', upstream: '3.16.43' }],
  [
    '3.16.0-0.bpo.4-amd64',
    '',
    { vendor: 'debian', base: '3.16', packageVersion: null, upstream: null },
  ],
  [
    '5.10.0-0.deb10.16-amd64',
    '#1 SMP Debian 5.10.127-2~bpo10+1',
    { vendor: 'debian', upstream: '5.10.127' },
  ],
  [
    '6.1.0-18-cloud-amd64',
    '#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)',
    { vendor: 'debian', upstream: '6.1.76' },
  ],
  ['6.12.41+deb13-amd64', '', { vendor: 'debian', upstream: '6.12.41', base: '6.12' }],
  [
    '4.15.0-60-generic',
    '#67-Ubuntu SMP Thu Aug 22 16:55:30 UTC 2019',
    { vendor: 'ubuntu', packageVersion: '4.15.0-60.67', upstream: null },
  ],
  [
    '5.15.0-91-generic',
    '',
    { vendor: 'ubuntu', packageVersion: '5.15.0-91', base: '5.15', flavour: 'generic' },
  ],
  [
    '5.15.0-71-generic',
    '#78~20.04.1-Ubuntu SMP',
    { vendor: 'ubuntu', packageVersion: '5.15.0-71.78' },
  ],
  ['5.4.0-1029-aws', '', { vendor: 'ubuntu', flavour: 'aws' }],
  [
    '4.18.0-305.el8.x86_64',
    '',
    { vendor: 'rhel', packageVersion: '4.18.0-305.el8', flavour: 'el8' },
  ],
  ['3.10.0-1062.4.1.el7.x86_64', '', { vendor: 'rhel', packageVersion: '3.10.0-1062.4.1.el7' }],
  ['5.4.17-2136.307.3.el8uek.x86_64', '', { vendor: 'other' }],
  ['5.16.7-200.fc35.x86_64', '', { vendor: 'other', upstream: '5.16.7' }],
  [
    '4.12.14-122.37-default',
    '',
    { vendor: 'sles', packageVersion: '4.12.14-122.37', flavour: 'default' },
  ],
  ['3.12.53-60.30-default', '', { vendor: 'sles', base: '3.12' }],
  [
    '5.10.75-79.358.amzn2.x86_64',
    '',
    { vendor: 'amazon', upstream: '5.10.75', packageVersion: '5.10.75-79.358.amzn2' },
  ],
  ['6.1.115', '', { vendor: 'kernel.org', upstream: '6.1.115', base: '6.1' }],
  ['5.10.84-flatcar', '', { vendor: 'kernel.org', upstream: '5.10.84' }],
  ['2.6.32.60', '', { vendor: 'kernel.org', base: '2.6.32', upstream: '2.6.32.60' }],
  ['5.2.0-rc6+', '', { vendor: 'kernel.org', upstream: '5.2.0-rc6' }],
  ['4.4.59-custom', '', { vendor: 'other', upstream: '4.4.59' }],
];

for (const [release, banner, expected] of cases) {
  test(`takes apart ${release} ${banner}`, () => {
    const parsed = parseRelease(release, banner);
    assert.ok(parsed !== null);
    for (const [key, value] of Object.entries(expected))
      assert.equal(parsed[key as keyof KernelRelease], value, key);
  });
}

test('what is no release is none', () => {
  for (const text of ['', 'unknown', 'x86_64', '#1', '('.repeat(5000)])
    assert.equal(parseRelease(text), null, text.slice(0, 20));
});
