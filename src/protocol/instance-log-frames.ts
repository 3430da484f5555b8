// What an instance's container has printed, on its way from the agent to one scheduler.

import { z } from 'zod';
import { kernelRecord, kernelRecordsMax } from './kernel-frames.ts';
import { instanceName } from './shapes.ts';

/** In a scheduler's heartbeat: it takes `instance-log` frames. */
export const takesInstanceLogs = 'instance-log';

/** Agent to one scheduler, the next only once `instance-log-took` has come. */
export const instanceLogFrame = z.object({
  type: z.literal('instance-log'),
  batch: z.int().min(1),
  instance: instanceName,
  /** The Engine's id of the container: lines of each have numbers of their own. */
  container: z.string().regex(/^[0-9a-f]{12,64}$/),
  records: z.array(kernelRecord).min(1).max(kernelRecordsMax),
});
export type InstanceLogFrame = z.infer<typeof instanceLogFrame>;

/** Scheduler to agent: that batch is in the store. */
export const instanceLogTookFrame = z.object({
  type: z.literal('instance-log-took'),
  batch: z.int().min(1),
});
