// Whatever the short form takes, HAProxy takes: services made at random, and every field once. More
// of them: SERVICES_SAMPLES=2000 node --test test/unit/services-haproxy.test.ts

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import type { PoolName } from '../../src/domain/ids.ts';
import type { ServiceAddress } from '../../src/domain/model.ts';
import { parseCheckOutput } from '../../src/haproxy/check-output.ts';
import { locateFinding } from '../../src/haproxy/locate.ts';
import { renderConfig } from '../../src/haproxy/render.ts';
import { configFindings } from '../../src/spec/config-origin.ts';
import { parseSpec } from '../../src/spec/parse.ts';
import { specWith, wide } from '../../src/spec/services/services.samples.ts';
import { runCommand } from '../../src/system/command.ts';
import { createAuthority } from '../../src/trust/authority.ts';

const samples = Number(process.env['SERVICES_SAMPLES'] ?? 16);
const seed = Number(process.env['SERVICES_SEED'] ?? 1);
const skip = await runCommand(['haproxy', '-v']).then(
  () => false,
  () => 'no haproxy here',
);
let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridgehead-services-'));
  const { certificate, key } = await createAuthority(new Date());
  await writeFile(join(folder, 'site.pem'), `${certificate}\n${key}\n`);
});

after(() => rm(folder, { recursive: true }));

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?$/);
const duration = fc.oneof(
  fc.integer({ min: 1, max: 100_000 }).map((ms) => `${ms}ms`),
  fc.constantFrom('1s', '90m', '24d', '2147483647ms'),
);
const port = fc.integer({ min: 1, max: 65_535 });
const count = fc.constantFrom(1, 2, 1_000, 2_000_000_000);
const host = fc.constantFrom(
  'a.example.com',
  '*.example.com',
  'A-1.Example.COM',
  '_x._tcp.example.com',
);
const path = fc.stringMatching(/^\/[\w./:@%+=,~!&()*;-]{0,40}$/);
const address = fc.constantFrom(
  '10.0.0.1',
  '192.0.2.255',
  '2001:db8::1',
  '::ffff:10.0.0.1',
  '127.0.0.1',
);
const file = fc.constant('site.pem').map((base) => join(folder, base));
const some = <Value>(values: fc.Arbitrary<Value>, maxLength = 3) =>
  fc.array(values, { minLength: 1, maxLength });
/** Fields that are there or not. */
const optional = <Fields>(fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> }) =>
  fc.record(fields, { requiredKeys: [] });

const server = fc
  .tuple(
    fc.record({ address: fc.oneof(address, fc.constant('localhost')), port }),
    optional({
      name: fc.stringMatching(/^[\w.:-]{1,20}$/),
      weight: fc.integer({ min: 0, max: 256 }),
      backup: fc.boolean(),
      maxConnections: count,
      tls: fc
        .tuple(
          fc.constantFrom('ca', 'none'),
          optional({ serverName: fc.constantFrom('a.example.com', '10.0.0.1') }),
        )
        .chain(
          ([by, rest]): fc.Arbitrary<object> =>
            by === 'none'
              ? fc.constant({ verify: false, ...rest })
              : file.map((ca) => ({ ca, ...rest })),
        ),
      sendProxy: fc.constantFrom('v1', 'v2'),
    }),
  )
  .map(([required, rest]) => ({ ...required, ...rest }));

const healthCheck = optional({
  type: fc.constantFrom('tcp', 'http', 'none'),
  method: fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'POST'),
  path,
  status: fc.constantFrom('200', '100-599', '200,204,300-399'),
  interval: duration,
  timeout: duration,
  fall: fc.integer({ min: 1, max: 100 }),
  rise: fc.integer({ min: 1, max: 100 }),
  port,
});

const backend = (mode: 'http' | 'tcp') =>
  fc
    .tuple(
      optional({
        balance: fc.constantFrom(
          ...['roundrobin', 'static-rr', 'leastconn', 'first', 'source', 'random'],
          ...(mode === 'http' ? ['uri'] : []),
        ),
        healthCheck,
        retries: fc.integer({ min: 0, max: 100 }),
        timeouts: optional({
          connect: duration,
          server: duration,
          queue: duration,
          tunnel: duration,
        }),
        stickiness: fc.oneof(
          fc.record({
            by: fc.constant('source'),
            entries: fc.constantFrom(100, 100_000),
            expire: duration,
          }),
          fc.constant(mode === 'http' ? { by: 'cookie', cookie: 'A-_1' } : { by: 'source' }),
        ),
      }),
      fc.uniqueArray(server, {
        minLength: 1,
        maxLength: 4,
        selector: (one) => one.name ?? `${one.address}:${one.port}`,
      }),
    )
    .map(([rest, servers]) => ({ name: `${mode}-b`, mode, ...rest, servers }));

const listener = fc.constantFrom('http', 'tcp', 'redirect').chain((kind): fc.Arbitrary<object> => {
  const mode = kind === 'tcp' ? 'tcp' : 'http';
  const target = fc.constant(`${mode}-b`);
  const base = {
    acceptProxy: fc.boolean(),
    maxConnections: count,
    address: fc.constantFrom('198.18.10.7', '2001:DB8:10::7'),
  };
  if (kind === 'redirect')
    return optional(base).map((rest) => ({ mode, redirectToTls: true, ...rest }));
  const route = (fields: object) => fc.record({ ...fields, backend: target });
  const routes =
    mode === 'tcp'
      ? fc.array(route({ hosts: some(host) }), { maxLength: 3 })
      : fc.array(
          fc.oneof(
            route({ hosts: some(host) }),
            route({ paths: some(path) }),
            route({ hosts: some(host), paths: some(path) }),
          ),
          { maxLength: 3 },
        );
  return fc
    .tuple(
      fc.record({ routes, backend: target }),
      optional({
        ...base,
        forwardedFor: fc.boolean(),
        tls: fc
          .tuple(
            some(file),
            optional({
              minVersion: fc.constantFrom('TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'),
              http2: fc.boolean(),
              clientCa: file,
            }),
          )
          .map(([certificates, rest]) => ({ certificates, ...rest })),
        timeouts:
          mode === 'tcp'
            ? optional({ client: duration })
            : optional({ client: duration, request: duration, keepAlive: duration }),
      }),
    )
    .map(([required, rest]) => ({ mode, ...required, ...rest }));
});

const services = fc
  .tuple(
    optional({
      timeouts: optional({
        connect: duration,
        client: duration,
        server: duration,
        request: duration,
        keepAlive: duration,
        queue: duration,
        tunnel: duration,
      }),
    }),
    fc.uniqueArray(fc.tuple(name, port), {
      minLength: 1,
      maxLength: 3,
      comparator: (a, b) => a[0] === b[0] || a[1] === b[1],
    }),
    fc.array(listener, { minLength: 3, maxLength: 3 }),
    backend('http'),
    backend('tcp'),
  )
  .map(([rest, places, listeners, ...backends]) => ({
    ...rest,
    nameservers: ['192.0.2.53'],
    listeners: places.map(([listenerName, listenerPort], index) => ({
      name: listenerName,
      port: listenerPort,
      ...listeners[index],
    })),
    backends,
  }));

test(`${samples} services made at random are taken by HAProxy`, { skip }, async () => {
  await fc.assert(
    fc.asyncProperty(services, async (value) => {
      assert.deepEqual(await refusals(specWith(stringify(value, { lineWidth: 0 }))), []);
    }),
    { numRuns: samples, seed },
  );
});

test('so is every field at once', { skip }, async () => {
  // A name that needs no DNS: where there is none, each look takes seconds.
  assert.deepEqual(await refusals(specWith(wide.replaceAll('app.internal', 'localhost'))), []);
});

const segment = { gateway: null, bridge: 'br0', vlan: null } as const;
const addresses: readonly ServiceAddress[] = [
  { ...segment, pool: 'p4' as PoolName, family: 4, address: '198.18.10.7', prefix: 24 },
  { ...segment, pool: 'p6' as PoolName, family: 6, address: '2001:db8:10::7', prefix: 64 },
];

test("what HAProxy itself has against services stands at the spec's own fields", {
  skip,
}, async () => {
  const text = specWith(`listeners:
  - { name: web, port: 443, tls: { certificates: [/nonexistent/site.pem] }, backend: b }
backends:
  - name: b
    servers:
      - { address: 10.0.0.1, port: 443, tls: { ca: /nonexistent/ca.pem } }
`);
  const parsed = parseSpec(text, 'spec');
  const [instance] = parsed.spec?.instances ?? [];
  assert.ok(instance !== undefined);
  // On one address: of two, HAProxy says the same twice.
  const rendered = renderConfig({ ...instance, addresses: addresses.slice(0, 1) });
  const place = join(folder, 'haproxy.cfg');
  await writeFile(place, rendered.text);
  const { stdout, stderr } = await runCommand(['haproxy', '-c', '-f', place]);
  const located = parseCheckOutput(stderr + stdout, place)
    .filter(({ line }) => line !== null)
    .map((finding) => locateFinding(finding, rendered, instance.config));
  const places = configFindings(parsed, instance.name, located).map(
    ({ line, column, message }) => ({
      at: (text.split('\n')[line - 1] ?? '').slice(column - 1),
      file: /\/nonexistent\/\w+\.pem/.exec(message)?.[0],
    }),
  );
  assert.deepEqual(
    places.filter(({ file }) => file !== undefined),
    [
      {
        at: '{ certificates: [/nonexistent/site.pem] }, backend: b }',
        file: '/nonexistent/site.pem',
      },
      {
        at: '{ address: 10.0.0.1, port: 443, tls: { ca: /nonexistent/ca.pem } }',
        file: '/nonexistent/ca.pem',
      },
    ],
  );
});

/** What the spec's rules, the rendering or HAProxy have against it, warnings too. */
async function refusals(text: string): Promise<readonly string[]> {
  const { spec, findings } = parseSpec(text, 'spec');
  const [instance] = spec?.instances ?? [];
  if (instance === undefined) return findings.map(({ line, message }) => `${line}: ${message}`);
  const rendered = renderConfig({ ...instance, addresses });
  const place = join(folder, 'haproxy.cfg');
  await writeFile(place, rendered.text);
  const { code, stdout, stderr } = await runCommand(['haproxy', '-c', '-f', place], {
    env: { PATH: process.env['PATH'] },
  });
  return [
    ...rendered.findings.map(({ message }) => message),
    ...(code === 0 ? [] : [`haproxy ended with ${code}`]),
    ...parseCheckOutput(stderr + stdout, place).map(({ message }) => message),
  ];
}
