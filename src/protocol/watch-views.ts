// What `GET /v1/watch` sends: the data of its events, each one line of JSON.

import { z } from 'zod';
import { eventView, hostView, instanceView, operationView, poolView } from './api.ts';
import { incidentItem } from './incident-views.ts';

export const watchKinds = ['host', 'pool', 'instance', 'operation', 'incident', 'event'] as const;
export type WatchKind = (typeof watchKinds)[number];

/** An instance without its configuration, which is long: GET /v1/instances/NAME has it. */
export const watchedInstance = instanceView.omit({ config: true });
export type WatchedInstance = z.infer<typeof watchedInstance>;

/** Data of `reset`: drop all that was heard before; what there is follows, and then `synced`. */
export const watchReset = z.object({ why: z.string() });

const put = <Kind extends WatchKind, View extends z.ZodType>(kind: Kind, object: View) =>
  z.object({ kind: z.literal(kind), name: z.string(), object });

/** Data of `put`: something is new, or is so from now on. */
export const watchPut = z.discriminatedUnion('kind', [
  put('host', hostView),
  put('pool', poolView),
  put('instance', watchedInstance),
  put('operation', operationView),
  put('incident', incidentItem),
  put('event', eventView),
]);
export type WatchPut = z.infer<typeof watchPut>;

/** Data of `delete`: a host, pool or instance is gone. */
export const watchDelete = z.object({ kind: z.enum(watchKinds), name: z.string() });
export type WatchDelete = z.infer<typeof watchDelete>;

/** Data of `beat` and `synced`. */
export const watchBeat = z.object({
  /** The scheduler's wall clock. */
  atMs: z.number(),
  /** When it last saw that nothing else had changed; long ago where its store does not answer. */
  seenMs: z.number(),
});
export type WatchBeat = z.infer<typeof watchBeat>;
