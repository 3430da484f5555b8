// The one table of who may call what. A route that is not in it cannot be added to the server.

import type { Role } from '../domain/access.ts';

/**
 * How a route finds out whether what it is about belongs to the caller's owners.
 *
 * - `none`: it is about nothing that has an owner
 * - `own`: its handler shows, or takes, only what is theirs
 * - `instance`: the path names an instance
 * - `operation`: the path names an operation, and what that locks
 * - `fleet`: it is about hosts or the fleet as a whole: nobody whose view ends at owners
 */
export type Scope = 'none' | 'own' | 'instance' | 'operation' | 'fleet';

export interface Rule {
  /** The least role; null where nobody has to say who they are. */
  readonly role: Role | null;
  readonly scope: Scope;
}

const open: Rule = { role: null, scope: 'none' };
const can = (role: Role, scope: Scope): Rule => ({ role, scope });

/** By method and path, as the route is written. A HEAD goes by the rule of its GET. */
export const rules: Readonly<Record<string, Rule>> = {
  // The page's files say nothing of the fleet.
  'GET /': open,
  'GET /page/:version/*': open,
  'GET /v1/openapi.json': open,
  'GET /openapi.json': open,
  'GET /docs': open,
  'GET /docs/errors': open,
  'GET /docs/style.css': open,
  'POST /v1/session': open,
  'GET /v1/session/provider': open,
  'GET /v1/session/begin': open,
  'GET /v1/session/callback': open,
  'GET /v1/session': can('viewer', 'none'),
  'POST /v1/session/end': can('viewer', 'none'),
  'POST /v1/session/password': can('viewer', 'none'),

  'GET /v1/users': can('admin', 'fleet'),
  'POST /v1/users': can('admin', 'fleet'),
  'POST /v1/users/:name': can('admin', 'fleet'),
  'POST /v1/users/:name/invite': can('admin', 'fleet'),
  'POST /v1/users/:name/remove': can('admin', 'fleet'),
  'GET /v1/tokens': can('viewer', 'own'),
  'POST /v1/tokens': can('viewer', 'own'),
  'POST /v1/tokens/:name/revoke': can('viewer', 'own'),
  'GET /v1/audit': can('admin', 'fleet'),
  'POST /v1/join-tokens': can('admin', 'fleet'),
  'POST /v1/hosts/:name/revoke': can('admin', 'fleet'),

  'GET /v1/status': can('viewer', 'none'),
  'GET /v1/watch': can('viewer', 'own'),
  'POST /v1/apply': can('operator', 'own'),
  'GET /v1/pools': can('viewer', 'own'),
  'GET /v1/pools/:name': can('viewer', 'own'),
  'GET /v1/events': can('viewer', 'own'),
  'GET /v1/hosts': can('viewer', 'own'),
  'GET /v1/hosts/:name': can('viewer', 'own'),
  'POST /v1/hosts/:name/cordon': can('operator', 'fleet'),
  'POST /v1/hosts/:name/uncordon': can('operator', 'fleet'),
  'POST /v1/hosts/:name/drain': can('operator', 'fleet'),
  'POST /v1/hosts/:name/confirm-dead': can('operator', 'fleet'),
  'GET /v1/failover': can('viewer', 'fleet'),
  'POST /v1/failover/disarm': can('operator', 'fleet'),
  'POST /v1/failover/arm': can('operator', 'fleet'),
  'GET /v1/capacity': can('viewer', 'fleet'),
  'GET /v1/rebalance': can('viewer', 'fleet'),
  'POST /v1/rebalance': can('operator', 'fleet'),

  'GET /v1/instances': can('viewer', 'own'),
  'GET /v1/instances/:name': can('viewer', 'instance'),
  'GET /v1/instances/:name/explain': can('viewer', 'instance'),
  'GET /v1/instances/:name/numbers': can('viewer', 'instance'),
  'GET /v1/instances/:name/servers': can('viewer', 'instance'),
  'GET /v1/instances/:name/maps': can('viewer', 'instance'),
  'GET /v1/instances/:name/acls': can('viewer', 'instance'),
  'GET /v1/instances/:name/tables': can('viewer', 'instance'),
  'GET /v1/instances/:name/tables/:table': can('viewer', 'instance'),
  'GET /v1/instances/:name/overrides': can('viewer', 'instance'),
  'GET /v1/instances/:name/versions': can('viewer', 'instance'),
  'GET /v1/instances/:name/versions/:version': can('viewer', 'instance'),
  'GET /v1/instances/:name/diff': can('viewer', 'instance'),
  'POST /v1/instances/:name/rollback': can('operator', 'instance'),
  'POST /v1/instances/:name/migrate': can('operator', 'instance'),
  'POST /v1/instances/:name/servers/:backend/:server': can('operator', 'instance'),
  'POST /v1/instances/:name/maps': can('operator', 'instance'),
  'POST /v1/instances/:name/acls': can('operator', 'instance'),
  'POST /v1/instances/:name/tables/:table/clear': can('operator', 'instance'),
  'POST /v1/instances/:name/overrides/remove': can('operator', 'instance'),
  'GET /v1/numbers': can('viewer', 'own'),

  'GET /v1/certificates': can('viewer', 'own'),
  'GET /v1/certificates/:name': can('viewer', 'own'),
  'POST /v1/certificates/:name': can('operator', 'own'),
  'POST /v1/certificates/:name/remove': can('operator', 'own'),
  'POST /v1/secrets/rotate': can('admin', 'fleet'),
  'GET /v1/rollouts': can('viewer', 'own'),
  'GET /v1/rollouts/:id': can('viewer', 'operation'),
  'POST /v1/rollouts/:id/pause': can('operator', 'operation'),
  'POST /v1/rollouts/:id/resume': can('operator', 'operation'),
  'POST /v1/rollouts/:id/abort': can('operator', 'operation'),

  'GET /v1/operations': can('viewer', 'own'),
  'GET /v1/operations/:id': can('viewer', 'operation'),
  'POST /v1/operations/:id/cancel': can('operator', 'operation'),

  // What hosts say and how they die is about all who run on them.
  'GET /metrics': can('viewer', 'fleet'),
  'GET /v1/logs': can('viewer', 'fleet'),
  'GET /v1/log-status': can('viewer', 'fleet'),
  'GET /v1/logs/:id/around': can('viewer', 'fleet'),
  'GET /v1/boots': can('viewer', 'fleet'),
  'GET /v1/crashes': can('viewer', 'fleet'),
  'GET /v1/crashes/:id': can('viewer', 'fleet'),
  'GET /v1/crash-groups': can('viewer', 'fleet'),
  'GET /v1/crash-groups/:id': can('viewer', 'fleet'),
  'GET /v1/crash-precursors': can('viewer', 'fleet'),
  'GET /v1/crash-decisions': can('viewer', 'fleet'),
  'POST /v1/crash-decisions': can('operator', 'fleet'),
  'POST /v1/crash-decisions/:id/undo': can('operator', 'fleet'),
  'GET /v1/incidents': can('viewer', 'fleet'),
  'GET /v1/incidents/:id': can('viewer', 'fleet'),
  'POST /v1/incidents/:id/notes': can('operator', 'fleet'),
  'POST /v1/incidents/:id/resolve': can('operator', 'fleet'),
};

/**
 * The rule of a route.
 *
 * @throws Error for a route without one: such a server does not start
 */
export function ruleOf(method: string, path: string): Rule {
  const name = `${method === 'HEAD' ? 'GET' : method} ${path}`;
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule !== undefined) return rule;
  throw new Error(`nobody has said who may call ${name}: add it to src/access/rules.ts`);
}
