import { z } from 'zod';
import { configVersionsMax, headOf } from '../domain/config-version.ts';
import { applyAnswer } from '../protocol/api.ts';
import {
  configDiffView,
  configVersionHead,
  configVersionView,
  rollbackRequest,
} from '../protocol/config-views.ts';
import { instanceName } from '../protocol/shapes.ts';
import { ConfigDesk } from '../scheduler/config-desk.ts';
import { rollback } from '../scheduler/config-rollback.ts';
import { pageQuery, pageView, sliceOf } from './pages.ts';
import { failures, keyed, keyOf, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const named = z.object({ name: instanceName });
const number = z.coerce.number().int().min(1).max(2_147_483_647);

/** Versions of instances' configurations: looking at them, comparing them, going back to one. */
export function configRoutes(routes: Routes, { scheduler, store }: ApiParts): void {
  const desk = new ConfigDesk(store);
  routes.route({
    method: 'GET',
    url: '/v1/instances/:name/versions',
    schema: {
      summary: "The versions of an instance's configuration, the newest first",
      params: named,
      querystring: pageQuery(configVersionsMax, configVersionsMax),
      response: { 200: pageView(configVersionHead), ...failures },
    },
    handler: async ({ params: { name }, query }) =>
      sliceOf('versions', await desk.history(name), query, ({ version }) => [version], 'down'),
  });
  routes.route({
    method: 'GET',
    url: '/v1/instances/:name/versions/:version',
    schema: {
      summary: "One version of an instance's configuration",
      params: named.extend({ version: z.union([z.literal('newest'), number]) }),
      response: { 200: configVersionView, ...failures },
    },
    handler: async ({ params: { name, version } }) => {
      const { content, ...rest } = await desk.show(name, version === 'newest' ? null : version);
      return { ...rest, ...content };
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/instances/:name/diff',
    schema: {
      summary: "What differs between two versions of an instance's configuration",
      params: named,
      querystring: z.object({
        from: number.optional(),
        to: number.optional(),
        rendered: z.stringbool().default(false),
      }),
      response: { 200: configDiffView, ...failures },
    },
    handler: async ({ params: { name }, query: { from, to, rendered: isRendered } }) => {
      const found = await desk.diff(name, { from: from ?? null, to: to ?? null, isRendered });
      const images = { from: found.from.content.image, to: found.to.content.image };
      return { from: headOf(found.from), to: headOf(found.to), images, diff: found.diff };
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/instances/:name/rollback',
    schema: {
      summary: 'Give an instance a configuration again that it had, as a new version',
      headers: keyed,
      params: named,
      body: rollbackRequest,
      response: { 200: applyAnswer, ...failures },
    },
    handler: async ({ params: { name }, body: { to = null, reason }, headers, principal }) =>
      rollback(
        name,
        { to, reason, who: principal.name, key: keyOf(headers) },
        { scheduler, store },
      ),
  });
}
