// What agents and schedulers tell one another about who hears whom.

import { z } from 'zod';
import { hostName, timings } from './shapes.ts';

/** Shared by a witness and its host, never on the wire; 32 bytes in hexadecimal. */
const secret = z.string().regex(/^[0-9a-f]{64}$/);

/** Names the scheduler that sent it, for as long as it lives. */
const session = z.string().max(64);

/** Scheduler to agent: who witnesses this host, and whom it witnesses. All of it each time. */
export const pulseFrame = z.object({
  type: z.literal('pulse'),
  session,
  timings,
  /** Of the set below; to be confirmed. */
  version: z.int().min(0),
  /** Without any, nobody's grants are asked for. */
  witnesses: z.array(z.object({ host: hostName, secret })).max(8),
  quorum: z.int().min(0),
  targets: z
    .array(
      z.object({
        host: hostName,
        /** On its bridge. */
        address: z.string(),
        secret,
        /** Held for dead: it is probed, and granted nothing. */
        isFenced: z.boolean(),
      }),
    )
    .max(1_000),
});
export type PulseFrame = z.infer<typeof pulseFrame>;

/**
 * Scheduler to agent: too few witnesses hear the host. Where it is silent to this one as well, it is to
 * grant nothing more until it is told to go on, and to report that it has promised so.
 */
export const promiseFrame = z.object({
  type: z.literal('promise'),
  session,
  host: hostName,
  /** Which silence is meant: the host's count in the report that this answers. */
  silences: z.int().min(0),
});

/** Scheduler to agent: these sessions do not count any more on the host's silence. */
export const resumeFrame = z.object({
  type: z.literal('resume'),
  host: hostName,
  /** Which silence is meant: the host's count in the report that this answers. */
  silences: z.int().min(0),
  sessions: z.array(session).max(64),
});

/** Scheduler to agent: the host's kernel is said to have panicked; probe fast, grant nothing. */
export const hurryFrame = z.object({ type: z.literal('hurry'), host: hostName });

/** Agent to scheduler: what it makes of the hosts that it witnesses. Ages in milliseconds. */
export const witnessFrame = z.object({
  type: z.literal('witness'),
  reports: z
    .array(
      z.object({
        host: hostName,
        state: z.enum(['hears', 'silent', 'unknown']),
        heardAgeMs: z.number().nullable(),
        agentAgeMs: z.number().nullable(),
        /** Until the last grant runs out, negative once it has; null where none ever left. */
        grantLeftMs: z.number().nullable(),
        loss: z.number().min(0).max(1),
        /** How often the host has fallen silent. */
        silences: z.int().min(0),
        /** Sessions that were promised no more grants, and have not said to go on. */
        promised: z.array(session).max(64),
      }),
    )
    .max(1_000),
});
export type WitnessFrame = z.infer<typeof witnessFrame>;

/** Agent to scheduler: the set of witnesses that its kernel goes by now. */
export const pulseTookFrame = z.object({ type: z.literal('pulse-took'), version: z.int().min(0) });
