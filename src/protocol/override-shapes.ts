// What is changed in a running HAProxy without a reload, as schemas: whatever could be more than one
// word of one command of the runtime API is refused here already.

import { z } from 'zod';
import { canonicalAddress } from '../domain/address.ts';
import type { LiveChange, Override } from '../domain/live.ts';
import {
  patternFilePattern,
  patternWordPattern,
  proxyNamePattern,
} from '../haproxy/live-commands.ts';

export const proxyName = z.string().regex(proxyNamePattern, 'no name of a proxy, server or table');
export const patternFile = z.string().regex(patternFilePattern, 'no file of a map or ACL');
export const patternWord = z
  .string()
  .regex(patternWordPattern, 'only visible ASCII without spaces, quotes, backslashes, ; and <');
const address = z
  .string()
  .refine((text) => canonicalAddress(text) === text, 'no canonical address');

export const serverState = z.enum(['ready', 'drain', 'maint']);
export const serverChange = z.object({
  kind: z.literal('server'),
  backend: proxyName,
  server: proxyName,
  state: serverState.nullable(),
  weight: z.int().min(0).max(256).nullable(),
  address: address.nullable(),
  port: z.int().min(1).max(65_535).nullable(),
});
const mapChange = z.object({
  ...{ kind: z.literal('map'), file: patternFile, key: patternWord, value: patternWord.nullable() },
});
const aclChange = z.object({
  ...{ kind: z.literal('acl'), file: patternFile, key: patternWord, isPresent: z.boolean() },
});
const tableChange = z.object({
  ...{ kind: z.literal('table'), table: proxyName, key: patternWord.nullable() },
});

export const override: z.ZodType<Override> = z.discriminatedUnion('kind', [
  serverChange,
  mapChange,
  aclChange,
]);
export const liveChange: z.ZodType<LiveChange> = z.discriminatedUnion('kind', [
  serverChange,
  mapChange,
  aclChange,
  tableChange,
]);
