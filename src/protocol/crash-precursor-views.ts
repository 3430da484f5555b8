import { z } from 'zod';

/** Lines before crashes, held against what healthy hosts said at the same time. */
export const crashPrecursorsView = z.object({
  /** Crashes that were looked at, and how many hosts' windows they were held against. */
  crashes: z.number(),
  healthyWindows: z.number(),
  windowMs: z.number(),
  /** Templates that were asked about; those of the very same windows are one question. */
  questions: z.number(),
  /** The least p, of all asked, that these windows could have given to anything. */
  leastP: z.number(),
  /** Lines that were left out: too many of one host, or too many templates. */
  leftOut: z.number(),
  /** Why nothing can be said; null where something can. */
  lack: z.string().nullable(),
  /** What comes before crashes first, noise last. */
  items: z.array(
    z.object({
      /** The program that says it; `kernel` for the kernel, '' where it is not said. */
      app: z.string(),
      template: z.string(),
      example: z.string(),
      crashed: z.number(),
      crashedAll: z.number(),
      healthy: z.number(),
      healthyAll: z.number(),
      linesCrashed: z.number(),
      linesHealthy: z.number(),
      /** Null where no healthy host said it. */
      lift: z.number().nullable(),
      p: z.number(),
      adjusted: z.number(),
      verdict: z.enum(['before-crashes', 'noise', 'undecided']),
    }),
  ),
});
export type CrashPrecursorsView = z.infer<typeof crashPrecursorsView>;
