// The domain's words as schemas: what a peer sent is checked here, once, at the edge.

import { z } from 'zod';
import type { Timings } from '../detection/timings.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import { errorCodes } from '../domain/errors.ts';
import type { Epoch, HostName, InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
import { namePattern } from '../domain/ids.ts';
import { overridesMax } from '../domain/live.ts';
import type { HostFacts, ObservedInstance, Resources, ServiceAddress } from '../domain/model.ts';
import { override } from './override-shapes.ts';

const name = z.string().regex(namePattern);

export const hostName = name as unknown as z.ZodType<HostName, string>;
export const instanceName = name as unknown as z.ZodType<InstanceName, string>;
export const poolName = name as unknown as z.ZodType<PoolName, string>;
export const instanceId = z.uuid() as unknown as z.ZodType<InstanceId, string>;
export const epoch = z.int().min(0) as unknown as z.ZodType<Epoch, number>;

export const hostFacts: z.ZodType<HostFacts> = z.object({
  agentVersion: z.string(),
  kernel: z.string(),
  docker: z.string(),
  cpus: z.int(),
  memoryMib: z.int(),
  bootId: z.string(),
  uptimeS: z.number(),
  nics: z.array(z.object({ name: z.string(), driver: z.string() })),
  bridges: z.array(
    z.object({ name: z.string(), addresses: z.array(z.string()), vlanAware: z.boolean() }),
  ),
  images: z.array(z.object({ reference: z.string(), haproxy: z.string() })),
  // Facts that were kept before hosts told of it have none.
  gateways: z
    .array(z.object({ bridge: z.string(), address: z.string(), answers: z.boolean() }))
    .default([]),
});

export const resources: z.ZodType<Resources> = z.object({
  memoryMib: z.int().min(32),
  cpus: z.number().min(0.1),
  maxConnections: z.int().min(10),
});

export const serviceAddress: z.ZodType<ServiceAddress> = z.object({
  address: z.string(),
  family: z.union([z.literal(4), z.literal(6)]),
  pool: poolName,
  prefix: z.int(),
  gateway: z.string().nullable(),
  bridge: z.string(),
  vlan: z.int().nullable(),
});

export const desiredInstance: z.ZodType<DesiredInstance> = z.object({
  id: instanceId,
  name: instanceName,
  role: z.enum(['active', 'standby']),
  epoch,
  released: z.boolean(),
  waitMs: z.number().min(0),
  image: z.string(),
  resources,
  mac: z.string(),
  addresses: z.array(serviceAddress),
  config: z.string(),
  configHash: z.string(),
  overrides: z.array(override).max(overridesMax).optional(),
});

export const observedInstance: z.ZodType<ObservedInstance> = z.object({
  id: instanceId,
  name: instanceName,
  phase: z.enum(['preparing', 'standby', 'serving', 'failed']),
  epoch,
  containerRunning: z.boolean(),
  linkUp: z.boolean(),
  mac: z.string(),
  addresses: z.array(z.string()),
  configHash: z.string().nullable(),
  problem: z.object({ code: z.string(), message: z.string() }).nullable(),
  oldWorkers: z.object({ count: z.int().min(1), sinceMs: z.number() }).optional(),
});

export const finding = z.object({
  line: z.int(),
  column: z.int(),
  message: z.string(),
  object: z.string().optional(),
});

export const errorBody = z.object({
  code: z.enum(errorCodes as [string, ...string[]]) as unknown as z.ZodType<
    (typeof errorCodes)[number],
    string
  >,
  message: z.string(),
  next: z.string(),
  findings: z.array(finding).optional(),
});

/** Of src/detection/timings.ts. */
export const timings: z.ZodType<Timings> = z.object({
  probePeriodMs: z.number().min(1),
  silentMs: z.number().min(1),
  agentSilentMs: z.number().min(1),
  leaseMs: z.number().min(1),
  marginMs: z.number().min(0),
  awayMs: z.number().min(1),
  heartbeatPeriodMs: z.number().min(1),
  reportPeriodMs: z.number().min(1),
  hurryPeriodMs: z.number().min(1),
  hurryForMs: z.number().min(1),
  hurrySilentMs: z.number().min(1),
});
