import { z } from 'zod';
import { type Incident, incidentStates, type Story } from '../incidents/incident.ts';
import type { Known } from '../known-issues/find.ts';

const tier = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]);

const reportBrief = z.object({
  id: z.number(),
  firstMs: z.number(),
  atMs: z.number(),
  kind: z.string() as unknown as z.ZodType<Story['reports'][number]['kind']>,
  title: z.string(),
  /** Its first line. */
  head: z.string(),
  release: z.string().nullable(),
  fingerprint: z.string(),
});

/** As src/incidents/incident.ts has it, which says what each field is. Times in milliseconds. */
const story = z.object({
  firstMs: z.number(),
  facts: z
    .object({
      kernel: z.string(),
      docker: z.string(),
      agent: z.string(),
      bootId: z.string(),
      uptimeS: z.number(),
      cpus: z.number(),
      memoryMib: z.number(),
      nics: z.array(z.string()),
      zone: z.string(),
      rack: z.string(),
      labels: z.record(z.string(), z.string()),
    })
    .nullable(),
  reports: z.array(reportBrief),
  lastWords: z.string().nullable(),
  verdict: z
    .object({
      operationId: z.string(),
      atMs: z.number(),
      lastHeardMs: z.number().nullable(),
      silencedMs: z.number().nullable(),
      reasons: z.array(z.string()),
    })
    .nullable(),
  moves: z.array(
    z.object({
      id: z.string(),
      instance: z.string(),
      tier: tier.nullable(),
      how: z.enum(['standby', 'placed', 'stays']),
      to: z.string().nullable(),
      servedMs: z.number().nullable(),
      isGone: z.boolean(),
    }),
  ),
  sheds: z.array(
    z.object({
      operationId: z.string(),
      id: z.string(),
      instance: z.string(),
      tier: tier.nullable(),
      role: z.enum(['active', 'standby']),
      from: z.string(),
      forInstance: z.string(),
      forTier: tier,
      state: z.string(),
      atMs: z.number(),
      to: z.string().nullable(),
      servedMs: z.number().nullable(),
    }),
  ),
  returnedMs: z.number().nullable(),
  servedMs: z.number().nullable(),
  timeLine: z.array(
    z.object({
      atMs: z.number(),
      from: z.enum(['kernel', 'witnesses', 'scheduler', 'operation', 'service', 'host']),
      text: z.string(),
    }),
  ),
});

const note = z.object({ atMs: z.number(), who: z.string(), text: z.string() });

/** An incident as lists have it. */
export const incidentItem = z.object({
  id: z.number(),
  host: z.string(),
  state: z.enum(incidentStates),
  firstMs: z.number(),
  /** When all that the host held was served again; null before that. */
  servedMs: z.number().nullable(),
  /** Whether the host was held for dead. */
  isDead: z.boolean(),
  /** How many instances it held, and how many gave way to them. */
  instances: z.number(),
  sheds: z.number(),
  /** Of its first crash report; null where it has none. */
  title: z.string().nullable(),
  release: z.string().nullable(),
  fingerprint: z.string().nullable(),
});
export type IncidentItem = z.infer<typeof incidentItem>;

/** As `crash explain -o json` has it; docs/known-issues.md says what each field is. */
const known = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.enum(['bug', 'symptom', 'noise']) satisfies z.ZodType<Known['kind']>,
  certainty: z.enum(['likely', 'possible']),
  because: z.array(z.string()),
  verdict: z.object({
    affected: z.enum(['yes', 'likely', 'no', 'unknown']),
    why: z.string(),
    fixedOnBranch: z.string().nullable(),
    neverOnBranch: z.boolean(),
    fixedInMainline: z.string().nullable(),
    upgrade: z.string().nullable(),
  }),
  conditions: z.array(z.object({ says: z.string(), holds: z.boolean().nullable() })),
  /** Of the entry. */
  advice: z.string(),
  sources: z.array(z.string()),
});

/** An incident with all that belongs to it. */
export const incidentView = z.object({
  id: z.number(),
  host: z.string(),
  state: z.enum(incidentStates),
  /** Whether what joins it is still looked for. */
  isFollowed: z.boolean(),
  openedMs: z.number(),
  failoverId: z.string().nullable(),
  resolved: note.nullable(),
  notes: z.array(note),
  story,
  /** Of the reports that are still kept. */
  readings: z.array(
    z.object({
      crashId: z.number(),
      known: z.array(known),
      /** Exact phrases to look it up with. */
      queries: z.array(z.string()),
      /** The report as the kernel printed it, without envelopes. */
      lines: z.array(z.string()),
    }),
  ),
  /** Those before it with a crash report of the same group. */
  earlier: z.array(incidentItem),
  /** Those of other hosts that began at the same time. */
  together: z.array(incidentItem),
});
export type IncidentView = z.infer<typeof incidentView>;

const textMax = 4_000;
export const incidentNoteRequest = z.object({ text: z.string().trim().min(1).max(textMax) });
export const incidentResolveRequest = z.object({
  note: z.string().trim().max(textMax).default(''),
});

/** An incident in brief. */
export function viewItem({ id, host, state, failoverId, story }: Incident): IncidentItem {
  const { firstMs, servedMs, moves, sheds, reports } = story;
  return {
    ...{ id, host, state, firstMs, servedMs, isDead: failoverId !== null },
    ...{ instances: moves.length, sheds: sheds.length },
    title: reports[0]?.title ?? null,
    release: reports[0]?.release ?? story.facts?.kernel ?? null,
    fingerprint: reports[0]?.fingerprint ?? null,
  };
}
