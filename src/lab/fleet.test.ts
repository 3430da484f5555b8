import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PoolName } from '../domain/ids.ts';
import { targetsOf } from './fleet.ts';

const addresses = ['198.18.10.10', '2001:db8:0:10::10'].map((address) => ({
  address,
  pool: 'public' as PoolName,
}));

const cases: readonly (readonly [string, number | null])[] = [
  ['frontend web\n  bind :80\n', 80],
  ['frontend web\n  bind *:8080 ssl crt /x.pem\n  bind :9090\n', 8080],
  ['frontend web\n  bind 198.18.10.10:443,:80\n', 443],
  ['frontend web\n  bind :::53\n', 53],
  ['frontend web\n  bind "${PORT}"\n', null],
  ['# bind :80\nbackend b\n', null],
];
for (const [config, port] of cases) {
  test(`what is asked of ${JSON.stringify(config)}`, () => {
    const expected = port === null ? [] : addresses.map(({ address }) => ({ address, port }));
    assert.deepEqual(targetsOf({ addresses, config }), expected);
  });
}
