// The spec's documents as schemas. They check one object at a time, so that a fault in one leaves
// the others to be checked against each other.

import { z } from 'zod';
import { namePattern } from '../domain/ids.ts';
import { rolloutDefaults } from '../domain/rollout.ts';
import { servicesSchema } from './services/schema.ts';

/** The version of the format that this code reads. */
export const apiVersion = 'bridgehead/v1';

/** Longest HAProxy configuration of one instance, characters. */
export const configLengthMax = 1024 * 1024;

const name = z
  .string()
  .regex(namePattern, 'must be lower-case letters, digits and dashes, 63 at most');
const line = z.string().min(1).max(253);
const word = z
  .string()
  .max(253)
  .regex(/^[^\s\p{Cc}]+$/u, 'must be one word');
const labels = z.record(line, z.string().max(253));

export const poolSchema = z.strictObject({
  name,
  cidr: word,
  range: line.optional(),
  prefix: z.int().min(1).max(128).optional(),
  gateway: word.optional(),
  // 15 characters are the kernel's limit for an interface (IFNAMSIZ, linux/if.h).
  bridge: z
    .string()
    .regex(/^(?!\.{1,2}$)[^\s/:\p{Cc}]{1,15}$/u, 'must be the name of an interface, 15 at most')
    .default('br0'),
  vlan: z.int().min(1).max(4094).optional(),
});

export const hostSchema = z.strictObject({
  name,
  zone: line.default('default'),
  rack: line.default('default'),
  labels: labels.default({}),
  capacity: z
    .strictObject({
      instances: z.int().min(0).max(100_000),
      memoryMib: z.int().min(0).max(1_073_741_824),
      cpus: z.number().min(0).max(65_536),
    })
    .optional(),
});

const resourcesSchema = z.strictObject({
  memoryMib: z.int().min(32).max(1_073_741_824).default(128),
  cpus: z.number().min(0.1).max(4_096).default(1),
  maxConnections: z.int().min(10).max(100_000_000).default(2_000),
});

const placementSchema = z.strictObject({
  zones: z.array(line).max(256).default([]),
  racks: z.array(line).max(256).default([]),
  labels: labels.default({}),
  avoid: z.array(name).max(256).default([]),
});

// Which of its sources an attachment has, and its name, are checked where they are read.
const attachmentSchema = z.strictObject({
  file: z.string().min(1).max(4_096).optional(),
  text: z.string().optional(),
  base64: z.string().optional(),
  path: z
    .string()
    .max(255)
    .regex(/^[A-Za-z0-9_./-]+$/, "must be a path of letters, digits, '.', '/', '-' and '_'")
    .optional(),
  include: z.boolean().default(false),
});

export const instanceSchema = z.strictObject({
  name,
  owner: line,
  service: line,
  tier: z.int().min(0).max(3).default(2),
  standbys: z.int().min(0).max(2).default(0),
  contact: z.string().max(1_024).default(''),
  notes: z.string().max(16_384).default(''),
  image: word,
  addresses: z
    .array(z.strictObject({ pool: name, address: word.optional() }))
    .min(1)
    .max(64),
  resources: resourcesSchema.prefault({}),
  placement: placementSchema.prefault({}),
  services: servicesSchema.optional(),
  config: z.string().min(1).max(configLengthMax).optional(),
  attachments: z.record(z.string(), attachmentSchema).optional(),
});

const list = z.array(z.unknown()).nullish();

const rolloutSchema = z.strictObject({
  canaries: z.int().min(1).max(1_000).default(rolloutDefaults.canaries),
  batchSize: z.int().min(1).max(1_000).default(rolloutDefaults.batchSize),
  watchS: z.int().min(10).max(86_400).default(rolloutDefaults.watchS),
  errorPercent: z.number().min(0).max(100).default(rolloutDefaults.errorPercent),
});

export const documentSchema = z.strictObject({
  apiVersion: z.literal(apiVersion),
  pools: list,
  hosts: list,
  instances: list,
  rollout: rolloutSchema.optional(),
});

export type PoolFields = z.infer<typeof poolSchema>;
export type HostFields = z.infer<typeof hostSchema>;
export type InstanceFields = z.infer<typeof instanceSchema>;
