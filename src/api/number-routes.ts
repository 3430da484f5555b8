import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { isWithin } from '../domain/access.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import { countedOf, keyOf } from '../numbers/counted.ts';
import { exposition, expositionType } from '../numbers/exposition.ts';
import { ratesOf, summaryOf } from '../numbers/rates.ts';
import { numbersView, topView } from '../protocol/number-views.ts';
import { instanceName } from '../protocol/shapes.ts';
import { metricFamilies } from '../scheduler/metrics.ts';
import { history, latest } from '../scheduler/number-history.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const dayMs = 86_400_000;

const numbersQuery = z.object({
  /** Wall-clock milliseconds; left out for the last point alone. */
  since: z.coerce.number().min(0).optional(),
  until: z.coerce.number().min(0).optional(),
  /** Seconds from one point to the next; left out for what suits the time. */
  step: z.coerce.number().int().min(5).max(86_400).optional(),
  /** Only this thing: `process`, `frontend/NAME`, `backend/NAME`, `server/BACKEND/NAME`. */
  of: z.string().min(1).max(600).optional(),
});

/** What the instances' HAProxys count. */
export function numberRoutes(routes: Routes, parts: ApiParts): void {
  const { scheduler, store, numbers, clock } = parts;
  const find = async (name: InstanceName) => {
    const { instances } = await store.transact((tx) => tx.fleet(), 'snapshot');
    const instance = instances.find(({ spec }) => spec.name === name);
    if (instance !== undefined) return instance;
    throw new BridgeheadError(
      'NOT_FOUND',
      `instance ${name} does not exist`,
      'See what there is: bridgehead get instances',
    );
  };
  routes.route({
    method: 'GET',
    url: '/v1/instances/:name/numbers',
    schema: {
      summary: 'What an instance counts: rates, sessions, queues, errors, times, health',
      params: z.object({ name: instanceName }),
      querystring: numbersQuery,
      response: { 200: numbersView, ...failures },
    },
    handler: async ({ params: { name }, query: { since, until, step, of: key = null } }) => {
      if (key !== null && countedOf(key) === null) throw noThing(key);
      const { id } = await find(name);
      const nowMs = clock.wallMs();
      const heard = numbers.intake.all.get(id) ?? null;
      const untilMs = until ?? nowMs;
      const sinceMs = Math.max(since ?? untilMs, untilMs - 366 * dayMs);
      const stepMs = step === undefined ? null : step * 1_000;
      const tail = numbers.intake.tail(id);
      const course =
        since === undefined
          ? await latest(numbers.store, heard?.point ?? null, id, untilMs)
          : await history(numbers.store, tail, { instance: id, sinceMs, untilMs, stepMs, key });
      return {
        instance: name,
        host: heard?.host ?? null,
        omitted: heard?.omitted ?? 0,
        stepMs: course.stepMs,
        points: course.points.map((point) => ({
          atMs: point.atMs,
          spanMs: point.spanMs,
          rows: ratesOf(point)
            .filter((row) => key === null || keyOf(row) === key)
            .map((row) => ({ ...row, perSecond: { ...row.perSecond }, levels: { ...row.levels } })),
        })),
      };
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/numbers',
    schema: {
      summary: 'What every instance does now, as far as this scheduler hears of it',
      response: { 200: topView, ...failures },
    },
    handler: async ({ principal: { owners } }) => {
      const { instances } = await store.transact((tx) => tx.fleet(), 'snapshot');
      const own = instances.filter(({ spec }) => isWithin(owners, spec.owner));
      return {
        items: own.flatMap(({ id, spec: { name, tier } }) => {
          const heard = numbers.intake.all.get(id);
          if (heard === undefined) return [];
          const { host, point } = heard;
          return [{ instance: name, host, tier, atMs: point.atMs, ...summaryOf(point) }];
        }),
      };
    },
  });
  routes.route({
    method: 'GET',
    url: '/metrics',
    schema: {
      summary: 'Metrics of the fleet and its instances, in the text form of Prometheus',
      // What is sent is a stream of text, which has no schema.
      response: { 200: z.unknown(), ...failures },
    },
    handler: async (_, reply) => {
      const [views, disarmed, certificates] = await Promise.all([
        scheduler.viewSource(),
        scheduler.detection.disarmed(),
        parts.certificates.list(),
      ]);
      const families = metricFamilies({
        ...{ version: parts.version, uptimeS: scheduler.uptimeS, nowMs: clock.wallMs(), views },
        ...{ isArmed: disarmed === null, connectedHosts: scheduler.agents.connected.length },
        ...{ outcomes: scheduler.outcomes, logs: parts.logs.counts() },
        ...{ crashes: parts.crashesKept(), numbers: numbers.intake, certificates },
      });
      const text = Readable.from(paced(exposition(families)));
      return reply.type(expositionType).send(text);
    },
  });
}

function noThing(key: string): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    `${key} names nothing that is counted`,
    'Write it as process, frontend/NAME, backend/NAME or server/BACKEND/NAME.',
  );
}

// A fleet's metrics are long: grants and observations have their turn between the pieces.
async function* paced(pieces: Iterable<string>): AsyncGenerator<string> {
  for (const piece of pieces) {
    yield piece;
    await nextTurn();
  }
}
