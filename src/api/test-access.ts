// For tests: who may what, on a store of their own.

import type { FastifyInstance } from 'fastify';
import { Audit } from '../access/audit.ts';
import { AccessDesk } from '../access/desk.ts';
import type { Principal } from '../domain/access.ts';
import type { Clock } from '../domain/clock.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { systemClock } from '../system/clock.ts';

/** The parts of an API whose administrator shows `token`. */
export function testAccess(
  store: PostgresStore,
  token: string,
  clock: Clock = systemClock,
): { readonly access: AccessDesk; readonly audit: Audit; readonly provider: null } {
  const log = () => undefined;
  return {
    access: new AccessDesk({ store: store.access, clock, isAdmin: (text) => text === token }),
    audit: new Audit({ store: store.audit, clock, log }),
    provider: null,
  };
}

/** Lets every request to routes without a gate be the administrator's. */
export function asAdministrator(api: FastifyInstance): void {
  const via = { via: 'file', user: null, credential: null } as const;
  const principal: Principal = { name: 'admin', role: 'admin', owners: null, ...via };
  api.decorateRequest('principal');
  api.addHook('onRequest', async (request) => {
    request.principal = principal;
  });
}
