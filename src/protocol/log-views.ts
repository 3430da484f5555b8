import { z } from 'zod';

/** One message of a log; times in wall-clock milliseconds. */
export const logMessageView = z.object({
  id: z.number(),
  receivedMs: z.number(),
  /** By the clock of the host itself; null where the message has no time. */
  saidMs: z.number().nullable(),
  /** The enrolled host; empty where it is not known. */
  host: z.string(),
  source: z.string(),
  hostname: z.string(),
  app: z.string(),
  pid: z.string(),
  facility: z.number().nullable(),
  severity: z.number().nullable(),
  /** `raw`: nothing of it could be read but its text. */
  form: z.enum(['rfc5424', 'rfc3164', 'kernel', 'raw']),
  /** How many of the same came one after the other. */
  repeats: z.number(),
  text: z.string(),
  /** Id of the boot in which a kernel said it; empty where that is not known. */
  boot: z.string().default(''),
  /** Number of a kernel's record in its boot, by its agent; null where it came without. */
  sequence: z.number().nullable().default(null),
  /** The instance whose HAProxy said it; empty for none. */
  instance: z.string().default(''),
});
export type LogMessageView = z.infer<typeof logMessageView>;

/** What became of the messages that this scheduler has received since its start. */
export const intakeView = z.object({
  received: z.number(),
  stored: z.number(),
  waiting: z.number(),
  dropped: z.number(),
  unread: z.number(),
});

/** How much of the hosts' logs is kept; what was received is of the scheduler that answers. */
export const logStatusView = z.object({
  messages: z.number(),
  /** Of the rows themselves; `diskBytes` has the indexes too. */
  bytes: z.number(),
  diskBytes: z.number(),
  oldestMs: z.number().nullable(),
  limits: z.object({ days: z.number(), messages: z.number(), bytes: z.number() }),
  intake: intakeView,
  kernels: z.object({ received: z.number(), stored: z.number(), lostOnHosts: z.number() }),
});
export type LogStatusView = z.infer<typeof logStatusView>;

export const logsView = z.object({
  items: z.array(logMessageView),
  /** Cursor of what was said before; null where there is none, or where what follows an id was asked for. */
  next: z.string().nullable(),
  intake: intakeView,
});
export type LogsView = z.infer<typeof logsView>;
