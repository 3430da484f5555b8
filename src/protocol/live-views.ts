// Live control over the API: what is asked for, and what is shown.

import { z } from 'zod';
import { override, patternFile, patternWord, serverState } from './override-shapes.ts';

const order = {
  reason: z.string().max(1_024).default(''),
  /** Have every later load, failover and migration do it too. */
  keep: z.boolean().default(false),
};

export const serverRequest = z.object({
  state: serverState.optional(),
  weight: z.int().min(0).max(256).optional(),
  address: z.string().max(64).optional(),
  port: z.int().min(1).max(65_535).optional(),
  ...order,
});
export type ServerRequest = z.input<typeof serverRequest>;

export const entryRequest = z.object({
  file: patternFile,
  key: patternWord,
  /** Of a map; null deletes the entry. */
  value: patternWord.nullable().optional(),
  /** Of an ACL; false deletes the entry. */
  isPresent: z.boolean().optional(),
  ...order,
});
export type EntryRequest = z.input<typeof entryRequest>;

export const clearRequest = z.object({
  key: patternWord.nullable().default(null),
  reason: z.string().max(1_024).default(''),
});

export const forgetRequest = z.object({
  /** Such as `server api/s1` or `map FILE KEY`. */
  what: z.string().min(1).max(1_024),
  reason: z.string().max(1_024).default(''),
});

export const overrideView = z.object({
  /** Such as `server api/s1`: by this it is removed. */
  what: z.string(),
  /** What is wanted of it, in words. */
  text: z.string(),
  override,
  who: z.string(),
  reason: z.string(),
  atMs: z.number(),
});
export type OverrideView = z.infer<typeof overrideView>;

export const serversView = z.object({
  items: z.array(
    z.object({
      backend: z.string(),
      server: z.string(),
      state: serverState,
      /** False where its health checks have failed. */
      isUp: z.boolean(),
      weight: z.int(),
      configuredWeight: z.int(),
      address: z.string().nullable(),
      port: z.int(),
      sinceS: z.number(),
      /** What of it is kept, in words; null for nothing. */
      kept: z.string().nullable(),
    }),
  ),
});
export type ServersView = z.infer<typeof serversView>;

export const patternFilesView = z.object({
  items: z.array(z.object({ file: z.string(), entries: z.int() })),
});
export type PatternFilesView = z.infer<typeof patternFilesView>;

export const entriesView = z.object({
  /** True where there are more than are shown. */
  isCut: z.boolean(),
  items: z.array(z.object({ key: z.string(), value: z.string() })),
});
export type EntriesView = z.infer<typeof entriesView>;

export const tablesView = z.object({
  items: z.array(
    z.object({ name: z.string(), type: z.string(), size: z.number(), used: z.number() }),
  ),
});
export type TablesView = z.infer<typeof tablesView>;

export const tableView = z.object({
  isCut: z.boolean(),
  items: z.array(
    z.object({
      key: z.string(),
      use: z.number(),
      expiresMs: z.number(),
      data: z.record(z.string(), z.string()),
    }),
  ),
});
export type TableView = z.infer<typeof tableView>;
