// What a scheduler tells an agent about witnesses, and what the agent tells back: who grants this
// host its lease, whom this host probes, and what was heard. docs/decisions/0014 is the design.

import { z } from 'zod';
import { hostName } from './shapes.ts';

/** Most witnesses of one host: it bounds what is sent to it, whatever the fleet's size. */
export const witnessesMax = 5;

/** Most hosts that one host witnesses; five on average, more by the luck of hashing. */
export const targetsMax = 32;

/** Shared by a witness and its host, never on the wire: `pair-keys.ts` derives what is. */
const pairSecret = z.string().regex(/^[0-9a-f]{64}$/);

/** The times everything rests upon. One set for a fleet: both ends of a pair have to agree. */
export const pulseTimes = z.object({
  probeIntervalMs: z.int().min(5).max(1_000),
  /** How long a witness's grant lasts in the kernel of the host that got it. */
  leaseMs: z.int().min(20).max(10_000),
  /** A witness grants while the newest probe that was answered was sent at most so long ago. */
  hearingMs: z.int().min(10).max(10_000),
  /** So many probes in a row without an answer are reported as silence. */
  silentProbes: z.int().min(2).max(100),
  heartbeatIntervalMs: z.int().min(100).max(10_000),
  /** How long a port passes traffic after the agent's last renewal. */
  portMs: z.int().min(500).max(60_000),
  portRenewMs: z.int().min(50).max(10_000),
});
export type PulseTimes = z.infer<typeof pulseTimes>;

export const pulseTimesDefault: PulseTimes = {
  probeIntervalMs: 25,
  leaseMs: 150,
  hearingMs: 100,
  silentProbes: 4,
  heartbeatIntervalMs: 500,
  portMs: 4_000,
  portRenewMs: 500,
};

/**
 * Scheduler to agent: all that is true from now on; replaces the assignment before it. Two secrets
 * of a witness while they change: the host takes both first, then the witness the new one.
 */
export const pulseAssignment = z.object({
  kind: z.literal('pulse'),
  revision: z.int().min(0),
  times: pulseTimes,
  /** Grants that have to hold at once for traffic to pass; 0 exactly where there are no witnesses. */
  quorum: z.int().min(0).max(witnessesMax),
  witnesses: z
    .array(z.object({ host: hostName, secrets: z.array(pairSecret).min(1).max(2) }))
    .max(witnessesMax),
  targets: z
    .array(
      z.object({
        host: hostName,
        /** On its bridge. */
        address: z.ipv4(),
        /** Where its agent answers heartbeats; null to send none. */
        heartbeatPort: z.int().min(1).max(65_535).nullable(),
        secret: pairSecret,
        /** False while its services are being taken over, or have been. */
        mayGrant: z.boolean(),
      }),
    )
    .max(targetsMax),
});
export type PulseAssignment = z.infer<typeof pulseAssignment>;

/** Ages are of the moment the report was made: no two hosts' clocks are compared. */
export const targetReport = z.object({
  host: hostName,
  /** `unknown`: not one answer yet, and too few probes to speak of silence. */
  state: z.enum(['unknown', 'heard', 'silent']),
  /** Since the newest answered probe was *sent*; null where none was answered yet. */
  answeredAgeMs: z.number().min(0).nullable(),
  /** Since the first of the probes now unanswered in a row was sent; null where none is. */
  unansweredForMs: z.number().min(0).nullable(),
  /** Probes in a row whose answer would have been read by now, and was not there. */
  unanswered: z.int().min(0),
  /** Share of probes unanswered in time, 0 to 1, averaged exponentially over 10 s. Of the time before the silence, while silent. */
  lossShare: z.number().min(0).max(1),
  /** Whether the next probe would carry a grant. */
  isGranting: z.boolean(),
  /** Told to stop: no grant has left since `grantAgeMs`, and none will until told otherwise. */
  isStopped: z.boolean(),
  /** Since the last grant was handed to the kernel; null where none ever was by this process. */
  grantAgeMs: z.number().min(0).nullable(),
  /** The same of its agent's main loop; null ages where it never answered. */
  heartbeatAgeMs: z.number().min(0).nullable(),
  heartbeatUnanswered: z.int().min(0),
});
export type TargetReport = z.infer<typeof targetReport>;

/** Agent to scheduler, at every change of a state and every second. */
export const witnessReport = z.object({
  kind: z.literal('witness'),
  /** Of the assignment that the prober has taken. */
  revision: z.int().min(0),
  /** Longest that a probe left late within the last second: the witness's own trouble. */
  lagMs: z.number().min(0),
  targets: z.array(targetReport).max(targetsMax),
});
export type WitnessReport = z.infer<typeof witnessReport>;
