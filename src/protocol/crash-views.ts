import { z } from 'zod';
import type { CrashReport } from '../crash/report.ts';

const frame = z.object({
  symbol: z.string(),
  function: z.string(),
  offset: z.number().nullable(),
  size: z.number().nullable(),
  module: z.string().nullable(),
  isReliable: z.boolean(),
  isInlined: z.boolean(),
  source: z.string().nullable(),
});

/** As `crash parse -o json` has it; docs/crash-reports.md says what each field is. */
const crashReport = z.object({
  kind: z.string() as unknown as z.ZodType<CrashReport['kind']>,
  title: z.string(),
  function: z.string().nullable(),
  module: z.string().nullable(),
  frames: z.array(frame),
  registers: z.record(z.string(), z.string()),
  process: z.string().nullable(),
  pid: z.number().nullable(),
  cpu: z.number().nullable(),
  taint: z.string().nullable(),
  release: z.string().nullable(),
  hardware: z.string().nullable(),
  architecture: z.string().nullable(),
  uptimeSeconds: z.number().nullable(),
  host: z.string().nullable(),
  corrupted: z.boolean(),
  doubts: z.array(z.string()),
  firstInBoot: z.boolean(),
  fingerprint: z.object({ version: z.number(), id: z.string(), parts: z.array(z.string()) }),
  lines: z.array(z.string()),
  line: z.number(),
});

/** A crash report that was cut out of a host's log. */
export const crashView = z.object({
  id: z.number(),
  /** When its last line was received, wall-clock milliseconds. */
  atMs: z.number(),
  /** The enrolled host, else what its messages call it, else the address they came from. */
  host: z.string(),
  source: z.string(),
  /** Id of the boot; empty where it is not known. */
  boot: z.string().default(''),
  report: crashReport,
});
export type CrashView = z.infer<typeof crashView>;
