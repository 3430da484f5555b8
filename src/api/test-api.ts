// For tests: the API over a scheduler, with nothing beside it that has to be started.

import type { FastifyInstance } from 'fastify';
import { CrashGroupsBook } from '../scheduler/crash-groups.ts';
import { FleetFeed } from '../scheduler/fleet-feed.ts';
import { NumberIntake } from '../scheduler/number-intake.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { testDesk } from '../scheduler/test-desk.ts';
import { Fleet } from '../scheduler/test-fleet.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { type ApiParts, createApi } from './server.ts';
import { testAccess } from './test-access.ts';

/** What a request of the administrator carries. */
export const authorization = 'Bearer right';

/** An API that is ready for `inject`, and that may be made to listen. */
export async function testApi(
  store: PostgresStore,
  scheduler: Scheduler,
  different: Partial<ApiParts> = {},
): Promise<FastifyInstance> {
  const clock = systemClock;
  const log = () => undefined;
  const api = await createApi({
    ...{ store, clock, scheduler, log, storeKind: 'embedded', version: '0.0.0', issues: [] },
    crashes: store.crashes,
    crashGroups: new CrashGroupsBook({ store, clock }),
    crashesKept: () => new Map(),
    feed: new FleetFeed({ store, marks: store.changes, scheduler, clock, run: 'run', log }),
    numbers: {
      store: store.numbers,
      intake: new NumberIntake({ store: store.numbers, clock, log }),
    },
    logs: {
      store: store.logs,
      counts: () => ({ received: 0, stored: 0, waiting: 0, dropped: 0, unread: 0 }),
      limits: { days: 1, messages: 1_000, bytes: 1e9 },
      kernelCounts: () => ({ received: 0, stored: 0, lostOnHosts: 0 }),
    },
    ...testAccess(store, 'right'),
    ...testDesk(store, scheduler),
    revokeHost: async () => undefined,
    newJoinToken: async () => ({ token: 'ticket', expiresMs: 1 }),
    ...different,
  });
  await api.ready();
  return api;
}

/** A fleet in a database of its own, with its API. */
export interface ApiScene extends AsyncDisposable {
  readonly store: PostgresStore;
  readonly fleet: Fleet;
  readonly api: FastifyInstance;
}

/** What was made before something fails is taken down. @param start the fleet; one that serves unless told */
export async function apiScene(
  start: (store: PostgresStore) => Promise<Fleet> = (store) => Fleet.serving(store),
  differentOn: (store: PostgresStore, fleet: Fleet) => Partial<ApiParts> = () => ({}),
): Promise<ApiScene> {
  await using made = new AsyncDisposableStack();
  const databases = made.use(await TestDatabases.start());
  const store = await databases.fresh();
  const fleet = made.use(await start(store));
  const api = await testApi(store, fleet.scheduler, differentOn(store, fleet));
  made.defer(() => api.close());
  const all = made.move();
  return { store, fleet, api, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
