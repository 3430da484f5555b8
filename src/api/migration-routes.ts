import { z } from 'zod';
import { BridgeheadError } from '../domain/errors.ts';
import { type MigrationView, migrateRequest, migrationView } from '../protocol/api.ts';
import { instanceName } from '../protocol/shapes.ts';
import { viewMigration } from '../scheduler/views.ts';
import { failures, type Routes } from './routes.ts';
import { type ApiParts, administrator } from './server.ts';

/** Beginning a migration, and looking at one. */
export function migrationRoutes(routes: Routes, { scheduler, store }: ApiParts): void {
  const view = async (id: string): Promise<MigrationView> => {
    const { migration, fleet } = await store.transact(async (tx) => ({
      migration: await tx.migration(id),
      fleet: await tx.fleet(),
    }));
    const found = migration === null ? null : viewMigration(migration, fleet);
    if (found !== null) return found;
    throw new BridgeheadError(
      'NOT_FOUND',
      `migration ${id} does not exist`,
      'See the migrations of an instance among its events: bridgehead events --object instance/NAME',
    );
  };
  routes.route({
    method: 'POST',
    url: '/v1/instances/:name/migrate',
    schema: {
      summary: 'Move an instance with its addresses to another host',
      params: z.object({ name: instanceName }),
      body: migrateRequest,
      response: { 202: migrationView, ...failures },
    },
    handler: async ({ params, body }, reply) => {
      const { record } = await scheduler.migrate(params.name, body.to, body.reason, administrator);
      return reply.status(202).send(await view(record.id));
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/migrations/:id',
    schema: {
      summary: 'One migration, step by step',
      params: z.object({ id: z.uuid() }),
      response: { 200: migrationView, ...failures },
    },
    handler: ({ params }) => view(params.id),
  });
}
