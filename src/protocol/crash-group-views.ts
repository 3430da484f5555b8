import { z } from 'zod';
import { splitKeys } from '../crash/split-keys.ts';
import { crashView } from './crash-views.ts';

const counted = z.array(z.object({ name: z.string(), reports: z.number() }));

/** Crash reports of one cause, over hosts and boots. */
export const crashGroupView = z.object({
  /** The fingerprint's, or that with what the group was split by behind a slash. */
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  reports: z.number(),
  firstSeenMs: z.number(),
  lastSeenMs: z.number(),
  /** Reports by host, the most first. */
  hosts: counted,
  /** Boots in which it was seen, as far as they are known. */
  boots: z.number(),
  /** Reports by release of the kernel; '' where it is not said. */
  releases: counted,
  /** Reports a day since it was first seen, and in the last 30 days. */
  perDay: z.number(),
  lastPerDay: z.number(),
  /** The parts of the fingerprint, then what people decided. */
  because: z.array(z.string()),
  /** Its newest report, of whose lines only the first and those of a panic are there. */
  latest: crashView,
});
export type CrashGroupView = z.infer<typeof crashGroupView>;

/** What a person decided about groups. */
export const crashDecisionView = z.object({
  id: z.number(),
  atMs: z.number(),
  who: z.string(),
  reason: z.string(),
  kind: z.enum(['merge', 'split', 'assign']),
  /** The group; for `assign` the number of the report. */
  subject: z.string(),
  /** The group that it goes to; for `split` what it is split by. */
  target: z.string(),
  /** Null while it stands. */
  undone: z.object({ atMs: z.number(), who: z.string(), reason: z.string() }).nullable(),
});
export type CrashDecisionView = z.infer<typeof crashDecisionView>;

/** One group with all that makes it what it is. */
export const crashGroupDetail = crashGroupView.extend({
  /** The newest first, a hundred at most. */
  members: z.array(
    z.object({
      id: z.number(),
      atMs: z.number(),
      host: z.string(),
      /** Null where it is not known which. */
      boot: z.string().nullable(),
      release: z.string().nullable(),
      process: z.string().nullable(),
      because: z.string(),
    }),
  ),
  /** Groups that may be the same. */
  alike: z.array(z.object({ id: z.string(), title: z.string(), why: z.string() })),
  /** Those that stand and speak of it. */
  decisions: z.array(crashDecisionView),
});
export type CrashGroupDetail = z.infer<typeof crashGroupDetail>;

const reason = z.string().min(1).max(1_000);
const group = z.string().min(1).max(500);

/** A request for a decision. */
export const crashDecisionRequest = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('merge'), group, into: group, reason }),
  z.object({ kind: z.literal('split'), group, by: z.enum(splitKeys), reason }),
  z.object({ kind: z.literal('assign'), report: z.int().min(1), into: group, reason }),
]);
export type CrashDecisionRequest = z.infer<typeof crashDecisionRequest>;

export const crashUndoRequest = z.object({ reason });
