// The HTTP API: thin routes over the scheduler, described once by the schemas of src/protocol.

import swagger from '@fastify/swagger';
import { type FastifyInstance, fastify } from 'fastify';
import {
  createJsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { Audit } from '../access/audit.ts';
import type { AccessDesk } from '../access/desk.ts';
import type { ProviderDesk } from '../access/provider-desk.ts';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import type { KnownIssue } from '../known-issues/entry.ts';
import type { CertificateDesk } from '../scheduler/certificate-desk.ts';
import type { CrashGroupsBook } from '../scheduler/crash-groups.ts';
import type { FleetFeed } from '../scheduler/fleet-feed.ts';
import type { KernelCounts } from '../scheduler/kernel-intake.ts';
import type { IntakeCounts, LogLimits } from '../scheduler/log-intake.ts';
import type { NumberIntake } from '../scheduler/number-intake.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { CrashStore } from '../store/crash-store.ts';
import type { LogStore } from '../store/log-store.ts';
import type { NumberStore } from '../store/number-store.ts';
import type { Store } from '../store/store.ts';
import { accessRoutes } from './access-routes.ts';
import { applyRoutes } from './apply-routes.ts';
import { bootRoutes } from './boot-routes.ts';
import { certificateRoutes } from './certificate-routes.ts';
import { addConditions } from './conditions.ts';
import { configRoutes } from './config-routes.ts';
import { crashGroupRoutes } from './crash-group-routes.ts';
import { crashPrecursorRoutes } from './crash-precursor-routes.ts';
import { crashRoutes } from './crash-routes.ts';
import { docsRoutes, documentOf } from './docs-routes.ts';
import { failoverRoutes } from './failover-routes.ts';
import { fleetRoutes } from './fleet-routes.ts';
import { addGate } from './gate.ts';
import { hostRoutes } from './host-routes.ts';
import { bodyBytesMax, type HttpLimits, httpOptions, refuseUnread } from './http-limits.ts';
import { incidentRoutes } from './incident-routes.ts';
import { liveRoutes } from './live-routes.ts';
import { logRoutes } from './log-routes.ts';
import { numberRoutes } from './number-routes.ts';
import { operationRoutes } from './operation-routes.ts';
import { ownView } from './own.ts';
import { pageRoutes } from './page-routes.ts';
import { errorOf, sendProblem } from './problem.ts';
import { providerRoutes } from './provider-routes.ts';
import { rolloutRoutes } from './rollout-routes.ts';
import { schemaNames } from './schema-names.ts';
import { addSecurityHeaders } from './security-headers.ts';
import { sessionRoutes } from './session-routes.ts';
import { addStorableCheck } from './storable.ts';
import { watchRoutes } from './watch-routes.ts';

/** The id of a crash group has what it was split by in it, at most 500 characters. */
const paramLengthMax = 600;

/** What the routes work with. */
export interface ApiParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly storeKind: 'embedded' | 'external';
  readonly scheduler: Scheduler;
  readonly version: string;
  readonly crashes: CrashStore;
  readonly crashGroups: CrashGroupsBook;
  /** Crash reports kept since the start, by kind. */
  readonly crashesKept: () => ReadonlyMap<string, number>;
  /** Known issues that crash reports of incidents are held against. */
  readonly issues: readonly KnownIssue[];
  readonly logs: {
    readonly store: LogStore;
    readonly limits: LogLimits;
    readonly counts: () => IntakeCounts;
    readonly kernelCounts: () => KernelCounts;
  };
  /** The fleet as those see it who watch. */
  readonly feed: FleetFeed;
  readonly numbers: { readonly store: NumberStore; readonly intake: NumberIntake };
  readonly access: AccessDesk;
  readonly audit: Audit;
  /** By which people come in beside passwords; null for none. */
  readonly provider: ProviderDesk | null;
  readonly certificates: CertificateDesk;
  /** Seals all secrets with a new key. @returns how many there are */
  readonly rotateSecrets: (who: string) => Promise<number>;
  /** Takes back a host's certificates; its stream ends. */
  readonly revokeHost: (host: HostName, reason: string, who: string) => Promise<void>;
  readonly newJoinToken: (
    host: string,
    ttlS: number,
    who: string,
  ) => Promise<{ readonly token: string; readonly expiresMs: number }>;
  readonly log: (message: string, details: Readonly<Record<string, unknown>>) => void;
  /** Other limits of connections than those of the product. */
  readonly limits?: Partial<HttpLimits>;
}

/** A Fastify instance whose handlers are typed by their zod schemas. */
export type Api = FastifyInstance & { withTypeProvider: FastifyInstance['withTypeProvider'] };

/** Makes the server with all its routes; the caller makes it listen. */
export async function createApi(parts: ApiParts): Promise<FastifyInstance> {
  const api = fastify({
    ...{ bodyLimit: bodyBytesMax, forceCloseConnections: true },
    routerOptions: { maxParamLength: paramLengthMax },
    ...{
      http: httpOptions(parts.limits),
      requestTimeout: httpOptions(parts.limits).requestTimeout,
    },
    clientErrorHandler: refuseUnread,
    frameworkErrors: (error, _, reply) => {
      void sendProblem(reply, errorOf(error));
    },
  });
  addSecurityHeaders(api);
  addGate(api, { desk: parts.access, audit: parts.audit, store: parts.store });
  addStorableCheck(api);
  api.setValidatorCompiler(validatorCompiler);
  api.setSerializerCompiler(serializerCompiler);
  api.setErrorHandler((error, request, reply) => {
    const known = errorOf(error);
    request.failure = known.code;
    if (known.code === 'INTERNAL') {
      parts.log('a request failed', {
        method: request.method,
        url: request.url,
        error: String(error),
      });
    }
    return sendProblem(reply, known);
  });
  api.setNotFoundHandler((request, reply) => {
    const known = new BridgeheadError(
      'NOT_FOUND',
      `there is no ${request.method} ${request.url}`,
      'See the paths there are: GET /openapi.json, or /docs in a browser.',
    );
    return sendProblem(reply, known);
  });
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Bridgehead',
        description: 'Control plane for a fleet of HAProxy load balancers on bare metal.',
        version: parts.version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: createJsonSchemaTransform({ schemaRegistry: schemaNames }),
    transformObject: documentOf,
  });
  await api.register(async (guarded) => {
    const routes = guarded.withTypeProvider<ZodTypeProvider>();
    addConditions(guarded, async ({ principal }) =>
      ownView(await parts.scheduler.viewSource(), principal.owners),
    );
    sessionRoutes(routes, parts);
    providerRoutes(guarded, routes, parts);
    accessRoutes(routes, parts);
    applyRoutes(routes, parts);
    configRoutes(routes, parts);
    rolloutRoutes(routes, parts);
    fleetRoutes(routes, parts);
    hostRoutes(routes, parts);
    failoverRoutes(routes, parts);
    logRoutes(routes, parts);
    crashRoutes(routes, parts);
    crashGroupRoutes(routes, parts);
    bootRoutes(routes, parts);
    incidentRoutes(routes, parts);
    crashPrecursorRoutes(routes, parts);
    operationRoutes(routes, parts);
    numberRoutes(routes, parts);
    liveRoutes(routes, parts);
    watchRoutes(routes, parts);
    certificateRoutes(routes, parts);
  });
  docsRoutes(api);
  pageRoutes(api);
  return api;
}
