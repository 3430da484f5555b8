// What travels on the stream between an agent and a scheduler: one JSON object a WebSocket text
// frame, checked by these schemas on both ends.

import { z } from 'zod';
import type { DesiredInstance } from '../domain/desired.ts';
import type { HostFacts, ObservedInstance } from '../domain/model.ts';
import { certificatesFrame } from './certificate-views.ts';
import { instanceLogFrame, instanceLogTookFrame } from './instance-log-frames.ts';
import { kernelFrame, kernelTookFrame } from './kernel-frames.ts';
import { liveSet, liveShow } from './live-frames.ts';
import { numbersFrame } from './number-frames.ts';
import {
  hurryFrame,
  promiseFrame,
  pulseFrame,
  pulseTookFrame,
  resumeFrame,
  witnessFrame,
} from './pulse-frames.ts';
import { relayClose, relayOpen, relayRead, relayWrite } from './relay-frames.ts';
import {
  desiredInstance,
  epoch,
  errorBody,
  hostFacts,
  instanceId,
  observedInstance,
  serviceAddress,
} from './shapes.ts';

/** Version of the stream. A peer that speaks another one is refused with both numbers named. */
export const protocolVersion = 8;

/** How often each side says that it is there, milliseconds. */
export const heartbeatPeriodMs = 1_000;

/** Silence after which a side takes the stream for dead and drops it, milliseconds. */
export const streamSilenceMs = 5_000;

/** Largest frame either side takes, bytes: 1,000 instances with 32 KiB of configuration each. */
export const frameBytesMax = 32 * 1024 * 1024;

/** Longest message of an event, characters. */
export const eventMessageMax = 4_096;

/** A question that the scheduler puts to an agent. */
export const agentRequest = z.discriminatedUnion('kind', [
  /** Does the image's own HAProxy accept this configuration? */
  z.object({ kind: z.literal('validate'), image: z.string(), config: z.string() }),
  /** Who answers for the address, and does a TCP connection to each port open? */
  z.object({
    kind: z.literal('probe'),
    address: serviceAddress,
    ports: z.array(z.int().min(1).max(65_535)).max(16),
    timeoutMs: z.int().min(1).max(10_000),
  }),
  /** What does the agent see of the instance now? */
  z.object({ kind: z.literal('look'), instance: instanceId }),
  /**
   * Let no new connection in and wait, at most `limitMs`, until the open ones have ended. Refused
   * with EPOCH_STALE unless `epoch` is that of the host's grant for the instance.
   */
  z.object({
    kind: z.literal('quiesce'),
    instance: instanceId,
    epoch,
    limitMs: z.int().max(60_000),
  }),
  relayOpen,
  relayRead,
  relayWrite,
  relayClose,
  liveShow,
  liveSet,
]);
export type AgentRequest = z.infer<typeof agentRequest>;

/** What a `validate` request found. Lines count in the text that was sent. */
export const validateResult = z.object({
  valid: z.boolean(),
  findings: z.array(
    z.object({
      severity: z.enum(['alert', 'warning']),
      line: z.int().nullable(),
      message: z.string(),
    }),
  ),
});
export type ValidateResult = z.infer<typeof validateResult>;

/** What a `probe` saw: the MAC that answered, null for nobody, and the ports that opened. */
export const probeResult = z.object({
  mac: z.string().nullable(),
  openPorts: z.array(z.int()),
});
export type ProbeResult = z.infer<typeof probeResult>;

/** What a `look` saw; null where the host has nothing of the instance. */
export const lookResult = z.object({ instance: observedInstance.nullable() });

/** How a `quiesce` ended: connections still open, and how long it took. */
export const quiesceResult = z.object({ openConnections: z.int(), tookMs: z.number() });
export type QuiesceResult = z.infer<typeof quiesceResult>;

/** Number of a `hello` or `observed` frame: the agent's later word has the higher one. */
const seq = z.int().min(1);

export const agentFrame = z.discriminatedUnion('type', [
  /** All that the agent sees. `seq` grows with each frame that has one while the agent lives. */
  z.object({
    type: z.literal('hello'),
    seq,
    protocol: z.int(),
    facts: hostFacts,
    instances: z.array(observedInstance),
  }),
  z.object({ type: z.literal('facts'), facts: hostFacts }),
  /** What has changed since. */
  z.object({
    type: z.literal('observed'),
    seq,
    instances: z.array(observedInstance),
    removed: z.array(instanceId),
  }),
  /** What the host keeps to now, whoever told it: said to all when it changes, or was to be changed. */
  z.object({ type: z.literal('took'), revision: z.int().min(0), digest: z.string().max(64) }),
  z.object({ type: z.literal('heartbeat') }),
  witnessFrame,
  pulseTookFrame,
  numbersFrame,
  kernelFrame,
  instanceLogFrame,
  /** `object` is such as `instance/web`, or `host` for the host that the agent is on. */
  z.object({
    type: z.literal('event'),
    kind: z.string().max(64),
    object: z.string().max(128),
    message: z.string().max(eventMessageMax),
  }),
  z.object({ type: z.literal('reply'), id: z.int(), result: z.unknown() }),
  z.object({ type: z.literal('refusal'), id: z.int(), error: errorBody }),
]);
export type AgentFrame =
  | {
      readonly type: 'hello';
      readonly seq: number;
      readonly protocol: number;
      readonly facts: HostFacts;
      readonly instances: readonly ObservedInstance[];
    }
  | Exclude<z.infer<typeof agentFrame>, { type: 'hello' }>;

export const schedulerFrame = z.discriminatedUnion('type', [
  /**
   * All that the host is to do. `revision` is the store's: it grows with each change, whichever
   * scheduler sends it, and a frame with a lower one than the agent has taken is void.
   */
  z.object({
    type: z.literal('desired'),
    revision: z.int().min(0),
    /** Of `instances`, made by the scheduler; the agent says it again as what it took. */
    digest: z.string().max(64),
    instances: z.array(desiredInstance),
  }),
  /** `takes`: kinds of frames that this scheduler takes beside those of the protocol's version. */
  z.object({
    type: z.literal('heartbeat'),
    takes: z.array(z.string().max(32)).max(16).optional(),
  }),
  kernelTookFrame,
  instanceLogTookFrame,
  pulseFrame,
  promiseFrame,
  resumeFrame,
  hurryFrame,
  certificatesFrame,
  z.object({ type: z.literal('request'), id: z.int(), timeoutMs: z.int(), body: agentRequest }),
]);
export type SchedulerFrame =
  | {
      readonly type: 'desired';
      readonly revision: number;
      readonly digest: string;
      readonly instances: readonly DesiredInstance[];
    }
  | Exclude<z.infer<typeof schedulerFrame>, { type: 'desired' }>;
