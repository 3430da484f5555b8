import { z } from 'zod';
import { incidentStates } from '../incidents/incident.ts';
import type { KnownIssue } from '../known-issues/entry.ts';
import { findKnown } from '../known-issues/find.ts';
import { queriesOf } from '../known-issues/queries.ts';
import {
  type IncidentView,
  incidentItem,
  incidentNoteRequest,
  incidentResolveRequest,
  incidentView,
  viewItem,
} from '../protocol/incident-views.ts';
import type { CrashStore } from '../store/crash-store.ts';
import { beforeOf, pageOf, pageQuery, pageView } from './pages.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const limitMax = 500;
const nameMax = 255;
const sourcesMax = 5;
const params = z.object({ id: z.coerce.number().int().min(1) });
const file = { params, response: { 200: incidentView, ...failures } };

/** Incidents: what belongs to each crash or death of a host. */
export function incidentRoutes(routes: Routes, parts: ApiParts): void {
  const { incidents } = parts.scheduler;
  const view = (id: number) => viewFile(parts, id);
  routes.route({
    method: 'GET',
    url: '/v1/incidents',
    schema: {
      summary: 'Incidents, the newest first',
      querystring: pageQuery(limitMax, 100).extend({
        host: z.string().max(nameMax).optional(),
        state: z.enum(incidentStates).optional(),
        fingerprint: z.string().max(nameMax).optional(),
      }),
      response: { 200: pageView(incidentItem), ...failures },
    },
    handler: async ({ query }) => {
      const { host, state, fingerprint, limit } = query;
      const before = beforeOf('incidents', query);
      const found = await incidents.list({
        ...(host === undefined ? {} : { host }),
        ...(state === undefined ? {} : { state }),
        ...(fingerprint === undefined ? {} : { fingerprint }),
        ...(before === null ? {} : { beforeId: before }),
        limit: limit + 1,
      });
      const { items, next } = pageOf('incidents', found, limit, ({ id }) => [id]);
      return { items: items.map(viewItem), next };
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/incidents/:id',
    schema: { summary: 'One incident with all that belongs to it', ...file },
    handler: ({ params: { id } }) => view(id),
  });
  routes.route({
    method: 'POST',
    url: '/v1/incidents/:id/notes',
    schema: { summary: 'Add a note to an incident', body: incidentNoteRequest, ...file },
    handler: async ({ params: { id }, body, principal }) => {
      await incidents.note(id, body.text, principal.name);
      return view(id);
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/incidents/:id/resolve',
    schema: { summary: 'Close an incident', body: incidentResolveRequest, ...file },
    handler: async ({ params: { id }, body, principal }) => {
      await incidents.resolve(id, body.note, principal.name);
      return view(id);
    },
  });
}

async function viewFile(
  { scheduler, crashes, issues }: ApiParts,
  id: number,
): Promise<IncidentView> {
  const { incident, earlier, together } = await scheduler.incidents.file(id);
  const readings = await Promise.all(
    incident.story.reports.map((one) => readingOf(crashes, issues, one.id)),
  );
  return {
    ...(structuredClone(incident) as Pick<IncidentView, keyof typeof incident>),
    readings: readings.flatMap((one) => one ?? []),
    earlier: earlier.map(viewItem),
    together: together.map(viewItem),
  };
}

// Read anew each time: what is known of a crash of last year may be known since yesterday.
async function readingOf(
  crashes: CrashStore,
  issues: readonly KnownIssue[],
  crashId: number,
): Promise<IncidentView['readings'][number] | null> {
  const crash = await crashes.find(crashId);
  if (crash === null) return null;
  const { report } = crash;
  const entries = new Map(issues.map((issue) => [issue.id, issue]));
  const known = findKnown(issues, report).map((one) => {
    const entry = entries.get(one.id);
    const sources = entry?.sources.slice(0, sourcesMax).map(({ url }) => url) ?? [];
    const { because, conditions } = one;
    return {
      ...{ ...one, because: [...because], conditions: [...conditions] },
      ...{ advice: entry?.advice ?? '', sources },
    };
  });
  return { crashId, known, queries: [...queriesOf(report)], lines: [...report.lines] };
}
