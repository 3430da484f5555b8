import { z } from 'zod';

/** One boot of a host, as far as it was watched; times are wall-clock milliseconds. */
export const bootView = z.object({
  host: z.string(),
  bootId: z.string(),
  startedMs: z.number(),
  /** When the host's agent was first heard in it: before that it was not watched. */
  firstSeenMs: z.number(),
  lastSeenMs: z.number(),
  /** Null while it is up, as far as is known. */
  ended: z.object({ atMs: z.number(), by: z.enum(['crash', 'planned', 'unknown']) }).nullable(),
  /** The report that ended it. */
  crashId: z.number().nullable(),
  /** Groups of the reports that came in it, with when each was first seen in it. */
  groups: z.array(z.object({ id: z.string(), atMs: z.number() })),
  /** What is known of the host in this boot: kernel, Docker, drivers of its NICs, zone and so on. */
  facts: z.record(z.string(), z.string()),
});
export type BootView = z.infer<typeof bootView>;
