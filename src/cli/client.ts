// The HTTP API as functions: one request each, answers checked by the schemas of src/protocol.

import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError, type ErrorBody } from '../domain/errors.ts';
import {
  type ApplyAnswer,
  applyAnswer,
  type EventView,
  type ExplainView,
  eventView,
  explainView,
  type HostView,
  hostView,
  type InstanceView,
  instanceView,
  type JoinTokenView,
  joinTokenView,
  type MigrationView,
  migrationView,
  type PoolView,
  poolView,
  type StatusView,
  statusView,
} from '../protocol/api.ts';
import { finding } from '../protocol/shapes.ts';
import type { Access } from './context.ts';
import { type HttpAnswer, type HttpRequest, isNobodyThere, sendToFirst } from './http.ts';
import { printableValue } from './printable.ts';

const timeoutMs = 30_000;
/** Applying has HAProxy judge every configuration and waits for hosts to let go of addresses. */
const applyTimeoutMs = 300_000;
/** A first start, which makes the database, was measured at 2.1 s on two cores. */
const startMaxMs = 10_000;
const startPollMs = 200;

// A newer server may answer with a code that is not known here; BridgeheadError.from takes that.
const failure = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    next: z.string(),
    findings: z.array(finding).optional(),
  }),
});

export interface ClientOptions {
  readonly clock: Clock;
  /** Whether a GET waits for a server that does not listen yet. */
  readonly isWaiting: boolean;
  /** Whether a person will read what comes back, so that no control character may be in it. */
  readonly isShown: boolean;
}

export interface ApplyInput {
  readonly source: string;
  readonly text: string;
  readonly dryRun: boolean;
  readonly prune: boolean;
}

export interface EventsInput {
  readonly object?: string | undefined;
  /** Only events with a greater id. */
  readonly after?: number | undefined;
  readonly limit: number;
}

/** The API, typed. Every function rejects with BridgeheadError. */
export interface ApiClient {
  readonly apply: (input: ApplyInput) => Promise<ApplyAnswer>;
  readonly hosts: () => Promise<readonly HostView[]>;
  readonly host: (name: string) => Promise<HostView>;
  readonly pools: () => Promise<readonly PoolView[]>;
  readonly pool: (name: string) => Promise<PoolView>;
  readonly instances: () => Promise<readonly InstanceView[]>;
  readonly instance: (name: string) => Promise<InstanceView>;
  readonly explain: (instance: string) => Promise<ExplainView>;
  readonly migrate: (instance: string, to: string, reason: string) => Promise<MigrationView>;
  readonly migration: (id: string) => Promise<MigrationView>;
  readonly cordon: (host: string, reason: string) => Promise<HostView>;
  readonly uncordon: (host: string) => Promise<HostView>;
  readonly events: (input: EventsInput) => Promise<readonly EventView[]>;
  readonly newJoinToken: (host: string, ttlS: number) => Promise<JoinTokenView>;
  readonly status: () => Promise<StatusView>;
}

/**
 * A client of the server that `access` names.
 *
 * @throws BridgeheadError from each call: what the server answered; SERVER_UNREACHABLE where there is
 * no server, or none that speaks this API
 */
export function createClient(access: Access, options: ClientOptions): ApiClient {
  const { clock, isWaiting, isShown } = options;
  const send = async (request: HttpRequest): Promise<HttpAnswer> => {
    const deadlineMs = clock.monotonicMs() + startMaxMs;
    for (;;) {
      try {
        return await sendToFirst(access, request);
      } catch (error) {
        // A POST may have been heard before the connection went; it is never sent again.
        const isOver = request.method !== 'GET' || clock.monotonicMs() >= deadlineMs;
        if (!isWaiting || isOver || !isNobodyThere(error)) throw error;
      }
      await clock.sleep(startPollMs);
    }
  };
  const call = async <Answer>(
    method: 'GET' | 'POST',
    path: string,
    schema: z.ZodType<Answer>,
    body?: unknown,
    limitMs = timeoutMs,
  ): Promise<Answer> => {
    const { status, text } = await send({ method, path, body, timeoutMs: limitMs });
    const value = isShown ? printableValue(jsonOf(text)) : jsonOf(text);
    if (status < 200 || status > 299) {
      const known = failure.safeParse(value);
      if (known.success) throw BridgeheadError.from(known.data.error as ErrorBody);
      throw notOurs(access, `it answered ${method} ${path} with HTTP ${status}`);
    }
    const answer = schema.safeParse(value);
    if (answer.success) return answer.data;
    const { path: at = [], message = '' } = answer.error.issues[0] ?? {};
    throw notOurs(
      access,
      `its answer to ${method} ${path} is not of the known form (${at.join('.') || 'answer'}: ${message})`,
    );
  };
  const list = <Item>(path: string, item: z.ZodType<Item>): Promise<readonly Item[]> =>
    call('GET', path, z.object({ items: z.array(item) })).then(({ items }) => items);
  const part = encodeURIComponent;
  return {
    apply: (input) => call('POST', '/v1/apply', applyAnswer, input, applyTimeoutMs),
    hosts: () => list('/v1/hosts', hostView),
    host: (name) => call('GET', `/v1/hosts/${part(name)}`, hostView),
    pools: () => list('/v1/pools', poolView),
    pool: (name) => call('GET', `/v1/pools/${part(name)}`, poolView),
    instances: () => list('/v1/instances', instanceView),
    instance: (name) => call('GET', `/v1/instances/${part(name)}`, instanceView),
    explain: (name) => call('GET', `/v1/instances/${part(name)}/explain`, explainView),
    migrate: (name, to, reason) =>
      call('POST', `/v1/instances/${part(name)}/migrate`, migrationView, { to, reason }),
    migration: (id) => call('GET', `/v1/migrations/${part(id)}`, migrationView),
    cordon: (name, reason) => call('POST', `/v1/hosts/${part(name)}/cordon`, hostView, { reason }),
    uncordon: (name) => call('POST', `/v1/hosts/${part(name)}/uncordon`, hostView),
    events: ({ object, after, limit }) => {
      const query = new URLSearchParams({ limit: String(limit) });
      if (object !== undefined) query.set('object', object);
      if (after !== undefined) query.set('after', String(after));
      return list(`/v1/events?${query.toString()}`, eventView);
    },
    newJoinToken: (host, ttlS) => call('POST', '/v1/join-tokens', joinTokenView, { host, ttlS }),
    status: () => call('GET', '/v1/status', statusView),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notOurs(access: Access, why: string): BridgeheadError {
  return new BridgeheadError(
    'SERVER_UNREACHABLE',
    `${access.url} does not speak the API of this version: ${why}`,
    `Check the address (it came from ${access.from}) and that both sides are of one version: bridgehead --version`,
  );
}
