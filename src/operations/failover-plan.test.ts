import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostName, PoolName } from '../domain/ids.ts';
import type { GatewayFact, Host } from '../domain/model.ts';
import { facts, fleet, host, instance } from '../placement/test-fleets.ts';
import { planFailover } from './failover-plan.ts';
import { gatewayEvidence } from './gateway-evidence.ts';

const address = '198.18.0.1';

function withGateway(name: string, answers: boolean): Host {
  const gateways: readonly GatewayFact[] = [{ bridge: 'br0', address, answers }];
  return { ...host(name), facts: { ...facts, gateways } };
}

function planned(hosts: readonly Host[], gateway: string | null): string | undefined {
  const web = instance('web');
  const place = { pool: 'public' as PoolName, prefix: 16, bridge: 'br0', vlan: null };
  const addresses = [{ address: '198.18.10.1', family: 4 as const, gateway, ...place }];
  const input = fleet({
    hosts,
    instances: [{ ...web, addresses }],
    assigned: [['web', 'h1']],
    standbys: [
      ['web', 'h2'],
      ['web', 'h3'],
    ],
  });
  const state = { ...input, leaving: [], sheds: [] };
  return planFailover(state, [], 'h1' as HostName).promotions[0]?.to;
}

test('a standby whose gateway does not answer takes over only where no other is', () => {
  const cordoned = { ...withGateway('h3', true), cordonReason: 'disk' };
  assert.equal(
    planned([host('h1'), withGateway('h2', false), withGateway('h3', true)], address),
    'h3',
  );
  assert.equal(planned([host('h1'), withGateway('h2', false), cordoned], address), 'h3');
  assert.equal(planned([host('h1'), withGateway('h2', true), cordoned], address), 'h2');
  assert.equal(planned([host('h1'), withGateway('h2', false)], address), 'h2');
  assert.equal(
    planned([host('h1'), withGateway('h2', false), withGateway('h3', true)], null),
    'h2',
  );
});

test('the evidence says whom a gateway answers', () => {
  const hosts = [withGateway('h1', true), withGateway('h2', false), withGateway('h3', true)];
  assert.deepEqual(gatewayEvidence(hosts, 'h1' as HostName), [
    'gateway 198.18.0.1 answered it when it last said, answers h3, does not answer h2',
  ]);
  assert.deepEqual(gatewayEvidence([host('h1'), withGateway('h2', true)], 'h1' as HostName), []);
});
