// Versions of configurations over the API.

import { z } from 'zod';
import { operationStates } from '../domain/operation.ts';

export const configVersionHead = z.object({
  version: z.int(),
  atMs: z.number(),
  /** Empty where nobody knows. */
  who: z.string(),
  reason: z.string(),
  /** SHA-256 of image, text and what is attached: equal for versions that are. */
  hash: z.string(),
});
export type ConfigVersionHeadView = z.infer<typeof configVersionHead>;

export const configVersionView = configVersionHead.extend({
  image: z.string(),
  /** As its owner wrote it. */
  config: z.string(),
  /** What HAProxy reads of it, with the addresses and resources that the instance has now. */
  rendered: z.string(),
});
export type ConfigVersionView = z.infer<typeof configVersionView>;

export const configDiffView = z.object({
  from: configVersionHead,
  to: configVersionHead,
  images: z.object({ from: z.string(), to: z.string() }),
  /** Unified diff of the texts; empty where they are equal. */
  diff: z.string(),
});
export type ConfigDiffView = z.infer<typeof configDiffView>;

export const rollbackRequest = z.object({
  /** Left out for the newest version that is not equal to the present one. */
  to: z.int().min(1).max(2_147_483_647).optional(),
  reason: z.string().max(1_024).default(''),
});
export type RollbackRequest = z.input<typeof rollbackRequest>;

export const rolloutView = z.object({
  /** That of its operation too, which has its steps. */
  id: z.string(),
  owner: z.string(),
  service: z.string(),
  settings: z.object({
    canaries: z.int(),
    batchSize: z.int(),
    watchS: z.number(),
    errorPercent: z.number(),
  }),
  state: z.enum(operationStates),
  who: z.string(),
  reason: z.string(),
  requestedMs: z.number(),
  endedMs: z.number().nullable(),
  /** Why it went back; null where it did not. */
  breach: z.string().nullable(),
  pause: z.object({ who: z.string(), reason: z.string(), atMs: z.number() }).nullable(),
  targets: z.array(
    z.object({
      name: z.string(),
      /** From 0 on; 0 has the canaries. */
      batch: z.int(),
      phase: z.enum(['waiting', 'loading', 'changed', 'back', 'left']),
      fromVersion: z.int(),
      toVersion: z.int().nullable(),
      /** Null unless its phase is `left`. */
      leftBecause: z.string().nullable(),
    }),
  ),
});
export type RolloutView = z.infer<typeof rolloutView>;
