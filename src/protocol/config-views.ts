// Versions of configurations over the API.

import { z } from 'zod';

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
