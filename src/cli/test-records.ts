// Records as the API answers them, for tests.

import type { ErrorCode } from '../domain/errors.ts';
import type {
  EventView,
  HostView,
  InstanceView,
  OperationView,
  PoolView,
} from '../protocol/api.ts';
import { nowMs } from './test-terminal.ts';

export const hosts = [
  {
    name: 'host-1',
    state: 'ready',
    zone: 'north',
    rack: 'r1',
    labels: { disk: 'nvme' },
    cordonReason: null,
    capacity: { instances: 10, memoryMib: 2048, cpus: 4 },
    facts: {
      agentVersion: '0.1.0',
      kernel: '6.12.9-amd64',
      docker: '20.10.24',
      cpus: 4,
      memoryMib: 8192,
      bootId: 'b1',
      uptimeS: 90_000,
      nics: [{ name: 'eth0', driver: 'ixgbe' }],
      bridges: [{ name: 'br0', addresses: ['198.18.0.11/16'], vlanAware: true }],
      images: [{ reference: 'bridgehead/haproxy:2.6', haproxy: '2.6.12' }],
      gateways: [],
    },
    lastSeenMs: nowMs - 400,
    verdict: { state: 'alive', reasons: ['host-2 hears it: kernel 3 ms ago, agent 120 ms ago'] },
    instances: [
      { name: 'shop-api', role: 'standby' },
      { name: 'shop-web', role: 'active' },
    ],
  },
  {
    name: 'host-2',
    state: 'joining',
    zone: '',
    rack: '',
    labels: {},
    cordonReason: 'kernel upgrade',
    capacity: null,
    facts: null,
    lastSeenMs: null,
    verdict: { state: 'unwitnessed', reasons: ['it has no witnesses'] },
    instances: [],
  },
] as unknown as readonly HostView[];

export const pools = [
  {
    name: 'public-v4',
    cidr: '198.18.10.0/24',
    range: { from: '198.18.10.10', to: '198.18.10.200' },
    prefix: 16,
    gateway: '198.18.0.1',
    bridge: 'br0',
    vlan: null,
    used: [{ address: '198.18.10.10', instance: 'shop-web' }],
  },
] as unknown as readonly PoolView[];

export const instances = [
  {
    id: '0b6f4f3a-58d5-4cbe-9e0e-1d1f3a2b4c5d',
    name: 'shop-web',
    owner: 'team-shop',
    service: 'shop',
    tier: 0,
    contact: 'shop-oncall@example.com',
    notes: 'Front door.',
    image: 'bridgehead/haproxy:2.6',
    resources: { memoryMib: 128, cpus: 0.5, maxConnections: 2000 },
    addresses: [
      { address: '198.18.10.10', pool: 'public-v4' },
      { address: '2001:db8:0:10::10', pool: 'public-v6' },
    ],
    mac: '02:bb:0b:6f:4f:3a',
    config: 'frontend web\n  bind :80\n',
    attachments: [
      {
        name: 'hosts.map',
        sha256: 'cafe'.repeat(16),
        sizeBytes: 12,
        path: '/etc/haproxy/hosts.map',
      },
    ],
    configHash: 'aaaaaaaaaaaaaaaaaaaa',
    loadedHash: 'bbbbbbbbbbbbbbbbbbbb',
    oldWorkers: null,
    host: 'host-1',
    epoch: 7,
    standbys: [],
    phase: 'serving',
    shed: null,
    problem: { code: 'CONFIG_REFUSED', message: 'HAProxy refuses the configuration' },
    kept: ['server api/s1: drain'],
    operation: null,
  },
] as unknown as readonly InstanceView[];

export const events: readonly EventView[] = [
  {
    id: 41,
    atMs: nowMs - 60_000,
    kind: 'instance.created',
    object: 'instance/shop-web',
    message: 'created by admin',
  },
  {
    id: 42,
    atMs: nowMs - 30_000,
    kind: 'instance.migration-done',
    object: 'instance/shop-web',
    message: 'migrated from host-2 to host-1',
  },
];

export const operationId = '5f0c1a52-2f0e-4a53-8f39-6f3a0a3b7c11';

/** An error as an operation carries it. */
export function errorOf(code: ErrorCode, message: string, next: string): OperationView['error'] {
  return { code, message, next };
}

/** The migration of shop-web from host-1 to host-2, running, with what is changed in it. */
export function operation(changes: Partial<OperationView> = {}): OperationView {
  return {
    id: operationId,
    kind: 'migrate',
    title: 'migrate shop-web from host-1 to host-2',
    objects: ['instance/shop-web'],
    args: { instance: 'shop-web', source: 'host-1', target: 'host-2' },
    who: 'admin',
    reason: 'new disk',
    state: 'running',
    observed: { host: 'host-1', epoch: 7 },
    steps: [],
    isForward: false,
    holder: 'scheduler-1',
    token: 3,
    cancelledBy: null,
    parentId: null,
    requestedMs: nowMs - 50,
    startedMs: nowMs,
    endedMs: null,
    error: null,
    ...changes,
  };
}

/** The same after so many of its three steps; an end is 1.25 s after its beginning. */
export function migrationAfter(
  steps: number,
  state: OperationView['state'] = 'running',
): OperationView {
  const isEnded = state !== 'running' && state !== 'queued';
  return operation({
    state,
    holder: isEnded ? null : 'scheduler-1',
    endedMs: isEnded ? nowMs + 1_250 : null,
    steps: ['prepare', 'release', 'switch'].slice(0, steps + 1).map((name, index) => ({
      name,
      startedMs: nowMs + index * 100,
      endedMs: index < steps ? nowMs + index * 100 + 40 : null,
      note: index < steps ? `${name} is done` : '',
    })),
    error:
      state === 'undone'
        ? errorOf(
            'OPERATION_FAILED',
            'host-2 did not get a standby ready',
            'See what is wrong there: bridgehead describe host host-2',
          )
        : null,
  });
}
