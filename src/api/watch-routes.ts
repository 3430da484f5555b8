import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AccessDesk } from '../access/desk.ts';
import { isWithin } from '../domain/access.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { type WatchKind, watchKinds } from '../protocol/watch-views.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';
import { beatPeriodMs, type WatchScope, WatchStream } from './watch-stream.ts';

const watchersMax = 100;
const resumeMax = 128;

const kindWord = watchKinds.join('|');

/** Following the fleet. */
export function watchRoutes(routes: Routes, { feed, clock, access }: ApiParts): void {
  const open = new Set<() => void>();
  routes.addHook('preClose', async () => {
    for (const end of open) end();
  });
  routes.route({
    method: 'GET',
    url: '/v1/watch',
    schema: {
      summary: 'Follow the fleet: what there is, and then each change, as server-sent events',
      headers: z.looseObject({ 'last-event-id': z.string().max(resumeMax).optional() }),
      querystring: z.object({
        /** Kinds with commas between; all where it is left out. */
        kinds: z
          .string()
          .regex(new RegExp(`^(${kindWord})(,(${kindWord})){0,${watchKinds.length}}$`))
          .optional(),
      }),
      // What is sent is a stream of text.
      response: { 200: z.unknown(), ...failures },
    },
    handler: async (request, reply) => {
      if (open.size >= watchersMax) throw full();
      const { kinds } = request.query;
      const stream = new WatchStream(feed, clock, {
        kinds: kinds === undefined ? null : new Set(kinds.split(',') as WatchKind[]),
        lastId: request.headers['last-event-id'] ?? null,
        scope: () => scopeOf(access, request),
      });
      const { seen, leave } = feed.follow(() => stream.news());
      const stopBeat = clock.every(beatPeriodMs, () => {
        if (stream.isStuck) reply.raw.destroy();
        else stream.beat();
      });
      const end = () => {
        leave();
        stopBeat();
        stream.end();
        open.delete(end);
      };
      open.add(end);
      reply.raw.once('close', end);
      try {
        await seen;
      } catch (error) {
        end();
        throw error;
      }
      return reply
        .type('text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(Readable.from(stream.pieces(), { highWaterMark: 1 }));
    },
  });
}

/** What the caller may see of what is watched, as of now; rejects where they are nobody any more. */
async function scopeOf(access: AccessDesk, { word }: FastifyRequest): Promise<WatchScope> {
  const { owners } = (await access.identify(word ?? '')).principal;
  if (owners === null) return () => true;
  return (about) => about.owners.length > 0 && about.owners.every((one) => isWithin(owners, one));
}

function full(): BridgeheadError {
  return new BridgeheadError(
    'WATCH_FULL',
    `${watchersMax} are watching already`,
    'Close a page, or ask another scheduler of the fleet.',
  );
}
