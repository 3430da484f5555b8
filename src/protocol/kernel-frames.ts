// What a host's kernel has said, on its way from the agent to one scheduler.

import { z } from 'zod';

/** In a scheduler's heartbeat: it takes `kernel` frames. One of an earlier version says nothing. */
export const takesKernel = 'kernel';

/** Records in one frame. */
export const kernelRecordsMax = 256;
/** Characters of one record; the kernel's own limit is 8 KiB (CONSOLE_EXT_LOG_MAX). */
export const kernelRecordMax = 16_384;

/** A record as the kernel gave it, unread: whoever receives it reads it. */
export const kernelRecord = z.object({
  /** Of the record in its source and boot, by which one that comes twice is known; null for none. */
  sequence: z.int().min(0).nullable(),
  /** When it was written by the host's clock, wall-clock milliseconds; null where that is not known. */
  saidMs: z.number().nullable(),
  text: z.string().max(kernelRecordMax),
  /** So many records from `sequence` on were overwritten before the agent could read them. */
  lost: z.int().min(1).optional(),
});
export type KernelRecord = z.infer<typeof kernelRecord>;

/** Agent to one scheduler, the next only once `kernel-took` has come. */
export const kernelFrame = z.object({
  type: z.literal('kernel'),
  batch: z.int().min(1),
  /** Id of the boot that said it; '' where that is not known. */
  boot: z.string().max(64),
  /** `kmsg`, or the dump in the host's pstore. */
  source: z.string().regex(/^(?:kmsg|pstore\/[\w.-]{1,64})$/),
  records: z.array(kernelRecord).min(1).max(kernelRecordsMax),
});
export type KernelFrame = z.infer<typeof kernelFrame>;

/** Scheduler to agent: that batch is in the store. */
export const kernelTookFrame = z.object({ type: z.literal('kernel-took'), batch: z.int().min(1) });
