import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import type { InstanceName, PoolName } from '../domain/ids.ts';
import type { InstanceSpec } from '../domain/model.ts';
import { diffSpec } from './diff.ts';
import { parseSpec } from './parse.ts';
import type { Spec } from './spec.ts';

const path = `${import.meta.dirname}/../../examples/shop.yaml`;
const shop = parseSpec(readFileSync(path, 'utf8'), 'shop.yaml').spec as Spec;
const nothing: Spec = { pools: [], hosts: [], instances: [], rollout: null };
const keep = { prune: false };

const actions = (current: Spec, spec: Spec, prune: boolean) =>
  diffSpec(current, spec, { prune }).map(({ kind, name, action }) => `${action} ${kind} ${name}`);

const web = shop.instances[0] as InstanceSpec;

/** The fields that differ between the shop's first instance and the same with `changes`. */
const fieldsOf = (changes: Partial<InstanceSpec>) => {
  const spec = { ...nothing, instances: [{ ...web, ...changes }] };
  return diffSpec(shop, spec, keep)[0]?.fields;
};

test('all is created of nothing, and nothing is left to do then', () => {
  assert.deepEqual(actions(nothing, shop, true), [
    'create pool public-v4',
    'create pool public-v6',
    'create host host-1',
    'create host host-2',
    'create host host-3',
    'create instance shop-web',
    'create instance shop-api',
    'create instance status-page',
  ]);
  const again = diffSpec(shop, shop, { prune: true });
  assert.ok(again.every(({ action, fields }) => action === 'none' && fields.length === 0));
});

test('only with prune does what is not named go, instances first, and never hosts', () => {
  assert.deepEqual(actions(shop, nothing, false), []);
  assert.deepEqual(actions(shop, nothing, true), [
    'delete instance shop-web',
    'delete instance shop-api',
    'delete instance status-page',
    'delete pool public-v4',
    'delete pool public-v6',
  ]);
});

test('a wish for any address is met by the one that is held', () => {
  const pool = 'public-v4' as PoolName;
  const held = { ...web, addresses: [{ pool, address: '198.18.10.77' }] };
  const wanted = (...addresses: (string | null)[]) =>
    diffSpec(
      { ...nothing, instances: [held] },
      {
        ...nothing,
        instances: [{ ...web, addresses: addresses.map((address) => ({ pool, address })) }],
      },
      keep,
    )[0]?.fields;
  assert.deepEqual(wanted(null), []);
  assert.deepEqual(wanted('198.18.10.77'), []);
  assert.deepEqual(wanted('198.18.10.78'), [
    { field: 'addresses', before: 'public-v4 198.18.10.77', after: 'public-v4 198.18.10.78' },
  ]);
  assert.deepEqual(wanted(null, '198.18.10.77'), [
    {
      field: 'addresses',
      before: 'public-v4 198.18.10.77',
      after: 'public-v4 (any), public-v4 198.18.10.77',
    },
  ]);
});

test('fields show what was and what will be, in one order', () => {
  assert.deepEqual(
    fieldsOf({
      resources: { ...web.resources, cpus: 2 },
      owner: 'other',
      notes: '',
      config: web.config.replace('bind :80', 'bind :81'),
      placement: { zones: ['b', 'a'], racks: [], labels: { disk: 'ssd', x: '1, y=2' }, avoid: [] },
    }),
    [
      { field: 'owner', before: 'team-shop', after: 'other' },
      { field: 'notes', before: 'Front door of the shop.', after: '' },
      { field: 'resources.cpus', before: '0.5', after: '2' },
      { field: 'placement.zones', before: null, after: 'a, b' },
      { field: 'placement.labels', before: null, after: 'disk=ssd, x="1, y=2"' },
      {
        field: 'config',
        before: null,
        after: `@@ -5,7 +5,7 @@
   timeout server 30s
   option redispatch
 frontend web
-  bind :80
+  bind :81
   default_backend shop
 backend shop
   balance roundrobin`,
      },
    ],
  );
});

test('the order of lists and labels means nothing', () => {
  const rules = { zones: ['a', 'b'], racks: ['r'], labels: { a: '1', b: '2' }, avoid: [] };
  const turned = { ...rules, zones: ['b', 'a'], labels: { b: '2', a: '1' } };
  const name = 'x' as InstanceName;
  const of = (placement: typeof rules): Spec => ({
    ...nothing,
    instances: [{ ...web, name, placement }],
  });
  assert.deepEqual(diffSpec(of(rules), of(turned), keep)[0]?.action, 'none');
});

test('pools and hosts show their fields too', () => {
  const [pool] = shop.pools;
  const [host] = shop.hosts;
  assert.ok(pool && host);
  const capacity = { instances: 5, memoryMib: 1024, cpus: 2.5 };
  const spec = {
    ...nothing,
    pools: [{ ...pool, range: null, vlan: 7 }],
    hosts: [{ ...host, labels: { nic: 'mlx5' }, capacity }],
  };
  assert.deepEqual(
    diffSpec(shop, spec, keep).map(({ fields }) => fields),
    [
      [
        { field: 'range', before: '198.18.10.10-198.18.10.200', after: null },
        { field: 'vlan', before: null, after: '7' },
      ],
      [
        { field: 'labels', before: null, after: 'nic=mlx5' },
        { field: 'capacity.instances', before: null, after: '5' },
        { field: 'capacity.memoryMib', before: null, after: '1024' },
        { field: 'capacity.cpus', before: null, after: '2.5' },
      ],
    ],
  );
});
