import { z } from 'zod';
import { hostName, instanceName } from './shapes.ts';

/** A process, frontend, backend or server: counts by the second, levels as they are. */
export const ratesView = z.object({
  kind: z.enum(['process', 'frontend', 'backend', 'server']),
  proxy: z.string(),
  server: z.string(),
  /** As HAProxy has it, in small letters; empty for the process. */
  status: z.string(),
  perSecond: z.record(z.string(), z.number()),
  levels: z.record(z.string(), z.number()),
});
export type RatesView = z.infer<typeof ratesView>;

/** The course of an instance's numbers. */
export const numbersView = z.object({
  instance: instanceName,
  /** Where it was counted last; null where this scheduler has not heard of it for two minutes. */
  host: hostName.nullable(),
  /** Things that were left out, for their number. */
  omitted: z.int(),
  /** From one point to the next. */
  stepMs: z.number(),
  points: z.array(
    z.object({
      /** Its end, wall-clock milliseconds. */
      atMs: z.number(),
      /** What of the time before it was counted. */
      spanMs: z.number(),
      rows: z.array(ratesView),
    }),
  ),
});
export type NumbersView = z.infer<typeof numbersView>;

/** What each instance does, by what it said last. */
export const topView = z.object({
  items: z.array(
    z.object({
      instance: instanceName,
      host: hostName,
      tier: z.int().min(0).max(3),
      atMs: z.number(),
      sessions: z.number(),
      requests: z.number(),
      bytesIn: z.number(),
      bytesOut: z.number(),
      http4xx: z.number(),
      http5xx: z.number(),
      errors: z.number(),
      openSessions: z.number(),
      queue: z.number(),
      responseMs: z.number(),
      totalMs: z.number(),
      serversUp: z.int(),
      servers: z.int(),
    }),
  ),
});
export type TopView = z.infer<typeof topView>;
