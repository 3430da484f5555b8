// The short structured form of a configuration, `services:` of an instance. What one part says of
// another is checked in rules.ts.

import { z } from 'zod';
import { namePattern } from '../../domain/ids.ts';
import { unitsMs } from '../../domain/time-units.ts';

/** HAProxy's longest time, milliseconds: a signed 32-bit number (configuration manual, 2.5). */
const durationMaxMs = 2 ** 31 - 1;

/** The milliseconds of a time such as `500ms`, `5s` or `1h`; null for anything else. */
export function durationMs(text: string): number | null {
  const [, count, unit = ''] = /^(\d{1,10})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (count === undefined) return null;
  const ms = Number(count) * (unitsMs[unit] ?? 0);
  return ms >= 1 && ms <= durationMaxMs ? ms : null;
}

const name = z
  .string()
  .regex(namePattern, 'must be lower-case letters, digits and dashes, 63 at most');
// A number alone would be milliseconds to HAProxy, and seconds to most who write it.
const duration = z
  .string()
  .refine(
    (text) => durationMs(text) !== null,
    'must be a time with its unit, such as 500ms, 5s or 1h',
  );
const port = z.int().min(1).max(65_535);
const count = z.int().min(1).max(2_000_000_000);
// In none of these a blank, a quote, a comment, an escape or a variable: HAProxy reads each as it is.
const file = z
  .string()
  .regex(/^[\w./@+=~-]{1,253}$/, 'must be the name of a file, of letters, digits and ./@+=~-');
const address = z
  .string()
  .regex(/^[0-9a-zA-Z_.:-]{1,253}$/, 'must be an IP address or a host name');
const host = z
  .string()
  .regex(
    /^(?:\*\.)?[a-zA-Z0-9_](?:[a-zA-Z0-9_.-]{0,250}[a-zA-Z0-9_])?$/,
    "must be a host name, or '*.' and one for all below it",
  );
const path = z
  .string()
  .regex(
    /^\/[\w./:@%+=,~!&()*;-]{0,252}$/,
    "must begin with '/' and have no blank, quote or query",
  );
const method = z.enum(['GET', 'HEAD', 'OPTIONS', 'POST']);
const mode = z.enum(['http', 'tcp']);

const listenerTlsSchema = z.strictObject({
  certificates: z.array(file).min(1).max(16),
  minVersion: z.enum(['TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
  http2: z.boolean().default(true),
  clientCa: file.optional(),
});

const routeSchema = z.strictObject({
  hosts: z.array(host).min(1).max(256).optional(),
  paths: z.array(path).min(1).max(256).optional(),
  backend: name,
});

const listenerSchema = z.strictObject({
  name,
  mode: mode.default('http'),
  address: address.optional(),
  port,
  tls: listenerTlsSchema.optional(),
  acceptProxy: z.boolean().default(false),
  redirectToTls: z.boolean().default(false),
  forwardedFor: z.boolean().default(true),
  maxConnections: count.optional(),
  timeouts: z
    .strictObject({
      client: duration.optional(),
      request: duration.optional(),
      keepAlive: duration.optional(),
    })
    .optional(),
  routes: z.array(routeSchema).max(1_024).default([]),
  backend: name.optional(),
});

const serverTlsSchema = z.strictObject({
  ca: file.optional(),
  verify: z.boolean().default(true),
  serverName: address.optional(),
});

const serverSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.:-]{1,63}$/, 'must be letters, digits, dots, colons and dashes, 63 at most')
    .optional(),
  address,
  port,
  weight: z.int().min(0).max(256).optional(),
  backup: z.boolean().default(false),
  maxConnections: count.optional(),
  tls: serverTlsSchema.optional(),
  sendProxy: z.enum(['v1', 'v2']).optional(),
});

const healthCheckSchema = z.strictObject({
  type: z.enum(['tcp', 'http', 'none']).default('tcp'),
  method: method.default('GET'),
  path: path.default('/'),
  host: host.optional(),
  status: z
    .string()
    .regex(
      /^[1-5]\d\d(?:-[1-5]\d\d)?(?:,[1-5]\d\d(?:-[1-5]\d\d)?){0,15}$/,
      'must be statuses such as 200 or 200-399',
    )
    .default('200-399'),
  interval: duration.default('2s'),
  timeout: duration.optional(),
  fall: z.int().min(1).max(100).default(3),
  rise: z.int().min(1).max(100).default(2),
  port: port.optional(),
});

const stickinessSchema = z.strictObject({
  by: z.enum(['cookie', 'source']),
  cookie: z
    .string()
    .regex(/^\w[\w-]{0,62}$/, 'must be letters, digits and dashes, 63 at most')
    .optional(),
  entries: z.int().min(100).max(100_000_000).optional(),
  expire: duration.optional(),
});

const backendSchema = z.strictObject({
  name,
  mode: mode.default('http'),
  balance: z
    .enum(['roundrobin', 'static-rr', 'leastconn', 'first', 'source', 'uri', 'random'])
    .default('roundrobin'),
  healthCheck: healthCheckSchema.prefault({}),
  stickiness: stickinessSchema.optional(),
  timeouts: z
    .strictObject({
      connect: duration.optional(),
      server: duration.optional(),
      queue: duration.optional(),
      tunnel: duration.optional(),
    })
    .optional(),
  retries: z.int().min(0).max(100).optional(),
  servers: z.array(serverSchema).min(1).max(1_024),
});

const timeoutsSchema = z.strictObject({
  connect: duration.default('5s'),
  client: duration.default('50s'),
  server: duration.default('50s'),
  request: duration.default('10s'),
  keepAlive: duration.optional(),
  queue: duration.optional(),
  tunnel: duration.optional(),
});

/** `services:` of an instance. */
export const servicesSchema = z.strictObject({
  timeouts: timeoutsSchema.prefault({}),
  nameservers: z.array(address).min(1).max(16).optional(),
  listeners: z.array(listenerSchema).min(1).max(256),
  backends: z.array(backendSchema).max(1_024).default([]),
});

export type Services = z.infer<typeof servicesSchema>;
export type Listener = Services['listeners'][number];
export type Backend = Services['backends'][number];
export type Server = Backend['servers'][number];
