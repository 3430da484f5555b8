import assert from 'node:assert/strict';
import test from 'node:test';
import type { InstanceName } from '../../domain/ids.ts';
import { parseSpec } from '../parse.ts';
import { durationMs } from './schema.ts';
import { specWith, wide } from './services.samples.ts';

const rendered = `# services.timeouts
defaults
    timeout connect 3s
    timeout client 1m
    timeout server 2m
    timeout http-request 5s
    timeout http-keep-alive 10s
    timeout queue 500ms
    timeout tunnel 1h
    option redispatch

# services.nameservers
resolvers services
    nameserver dns-1 192.0.2.53:53
    nameserver dns-2 [2001:db8::53]:53

# services.listeners: plain
frontend plain
    mode http
    bind :80
    http-request redirect scheme https code 301

# services.listeners: web
frontend web
    mode http
    bind 198.18.10.7:8080 accept-proxy
    maxconn 500
    timeout client 30s
    timeout http-request 3s
    timeout http-keep-alive 1s
    option forwardfor
    http-request set-header X-Forwarded-Proto http
    acl route-1-host req.hdr(host),host_only -i shop.example.com
    acl route-1-host req.hdr(host),host_only -i -m end .shop.example.com
    acl route-1-path path /api
    acl route-1-path path_beg /api/
    acl route-1-path path_beg /v2/
    use_backend api if route-1-host route-1-path
    acl route-2-path path_beg /
    use_backend web if route-2-path
    default_backend web

# services.listeners: quiet
frontend quiet
    mode http
    bind :8081
    default_backend web

# services.listeners: passed-on
frontend passed-on
    mode tcp
    bind :8443
    tcp-request inspect-delay 5s
    tcp-request content accept if { req.ssl_hello_type 1 }
    acl route-1-host req.ssl_sni -i a.example.com
    use_backend db if route-1-host

# services.listeners: db
frontend db
    mode tcp
    bind :5432
    timeout client 1h
    default_backend db

# services.backends: web
backend web
    mode http
    balance leastconn
    retries 0
    timeout connect 1s
    timeout server 10s
    timeout queue 2s
    timeout tunnel 30m
    cookie SHOP insert indirect nocache httponly
    timeout check 800ms
    option httpchk
    http-check send meth HEAD uri /health ver HTTP/1.1 hdr Host shop.example.com
    http-check expect status 200,204
    default-server check inter 1s fall 2 rise 1 port 9000
    server 10.0.0.1:8080 10.0.0.1:8080 weight 10 maxconn 100 cookie 10.0.0.1:8080
    server spare app.internal:8443 cookie spare ssl verify none sni str(app.internal) check-sni app.internal send-proxy-v2 resolvers services init-addr libc,none backup

# services.backends: api
backend api
    mode http
    balance roundrobin
    stick-table type ipv6 size 1000 expire 5m
    stick on src
    server 2001:db8::1:80 [2001:db8::1]:80

# services.backends: db
backend db
    mode tcp
    balance roundrobin
    default-server check inter 2s fall 3 rise 2
    server db-1 10.0.0.9:5432 send-proxy
`;

const configOf = (text: string) => {
  const { spec, findings } = parseSpec(text, 'spec');
  assert.deepEqual(findings, []);
  return spec?.instances[0]?.config ?? '';
};

/** `line:column message` of each finding, the line counted from that of `services:`. */
const told = (services: string) => {
  const before = specWith('').indexOf('    services:');
  const offset = specWith('').slice(0, before).split('\n').length;
  return parseSpec(specWith(services), 'spec').findings.map(
    ({ line, column, message }) => `${line - offset}:${column} ${message}`,
  );
};

test('services become native text, the same each time', () => {
  assert.equal(configOf(specWith(wide)), rendered);
});

test('TLS, on the listener and to servers', () => {
  const text = configOf(
    specWith(`listeners:
  - { name: web, port: 443, tls: { certificates: [a.pem, b.pem], clientCa: ca.pem }, backend: b }
  - { name: old, port: 444, tls: { certificates: [a.pem], minVersion: TLSv1.3, http2: false }, backend: b }
  - { name: tcp, mode: tcp, port: 445, tls: { certificates: [a.pem] }, routes: [{ hosts: [x.example.com], backend: c }] }
backends:
  - { name: b, servers: [{ address: 10.0.0.1, port: 1, tls: { ca: ca.pem, serverName: x.example.com } }] }
  - { name: c, mode: tcp, servers: [{ address: 10.0.0.1, port: 1, tls: { ca: ca.pem } }] }
`),
  );
  const lines = text.split('\n').map((line) => line.trim());
  for (const line of [
    'bind :443 ssl crt a.pem crt b.pem ssl-min-ver TLSv1.2 alpn h2,http/1.1 ca-file ca.pem verify required',
    'bind :444 ssl crt a.pem ssl-min-ver TLSv1.3',
    'bind :445 ssl crt a.pem ssl-min-ver TLSv1.2',
    'http-request set-header X-Forwarded-Proto https',
    'acl route-1-host ssl_fc_sni -i x.example.com',
    'server 10.0.0.1:1 10.0.0.1:1 ssl verify required ca-file ca.pem verifyhost x.example.com sni str(x.example.com) check-sni x.example.com',
    'server 10.0.0.1:1 10.0.0.1:1 ssl verify required ca-file ca.pem',
  ]) {
    assert.ok(lines.includes(line), `${line}\nin\n${text}`);
  }
});

test('the native configuration may stand beside the services, and comes after them', () => {
  const services = 'listeners: [{ name: web, port: 80, redirectToTls: true }]\n';
  const native = 'listen own\n    bind :81\n';
  const text = configOf(specWith(services, native));
  assert.ok(text.endsWith(`code 301\n\n# config\n${native}`), text);
});

test('a line of either is found again in the spec', () => {
  const text = specWith(wide, 'listen own\n    bind :81\n');
  const parsed = parseSpec(text, 'spec');
  const config = parsed.spec?.instances[0]?.config.split('\n') ?? [];
  const origin = parsed.configOrigin('web' as InstanceName);
  const source = (line: string, column = 1) => {
    const number = config.indexOf(line) + 1;
    assert.ok(number > 0, line);
    const at = origin?.toYaml({ line: number, column, message: '' });
    return (text.split('\n')[(at?.line ?? 0) - 1] ?? '').slice((at?.column ?? 0) - 1);
  };
  assert.match(source('    timeout http-request 5s'), /^5s, keepAlive/);
  assert.match(source('    nameserver dns-2 [2001:db8::53]:53'), /^'2001:DB8::53'\]/);
  assert.match(source('    bind 198.18.10.7:8080 accept-proxy'), /^8080$/);
  assert.match(source('    acl route-1-path path_beg /v2/'), /^\/v2\/\], backend/);
  assert.match(source('    http-check expect status 200,204'), /^'200,204'/);
  assert.match(source('    server db-1 10.0.0.9:5432 send-proxy', 9), /^\{ name: db-1/);
  assert.match(source('backend db'), /^name: db$/);
  assert.match(source('    bind :81', 5), /^bind :81$/);
});

test('what is wrong has its place and what to write', () => {
  assert.deepEqual(told('listeners: []\n'), [
    "1:18 'services.listeners' must have at least 1 entry",
  ]);
  assert.deepEqual(
    told(`listeners:
  - { name: a, port: 80, backend: weg }
  - { name: a, port: 80, address: 198.18.10.7, mode: tcp, backend: web }
  - { name: f, port: 84, address: 198.18, adress: x, backend: web }
`),
    [
      "4:41 'services.listeners[2].address' must be text, not 198.18: put it in quotes",
      "4:49 unknown field 'adress': did you mean 'address'?",
    ],
  );
  assert.deepEqual(
    told(`listeners:
  - { name: a, port: 80, backend: weg }
  - { name: a, port: 80, address: 198.18.10.7, mode: tcp, backend: web }
  - { name: c, port: 81 }
  - { name: d, port: 82, redirectToTls: true, backend: web, tls: { certificates: [a] } }
  - { name: e, port: 83, mode: tcp, timeouts: { request: 1s }, routes: [{ paths: [/a], backend: web }, { backend: web }] }
  - { name: g, port: 85, address: nowhere, backend: web }
backends:
  - { name: web, servers: [{ address: 10.0.0.1, port: 80 }] }
`),
    [
      "2:41 there is no backend 'weg': did you mean 'web'?",
      "3:19 there is a listener 'a' already: rename one of the two",
      "3:28 listener 'a' has port 80 already: choose another, or give each an address of its own",
      "3:74 backend 'web' is in mode http, the listener in mode tcp: give both the same",
      "4:11 give the listener 'routes', or a 'backend' for all that it takes",
      '5:47 this listener has TLS itself',
      "5:47 all requests are redirected: remove 'routes' and 'backend'",
      "6:64 'request' is for listeners in mode http",
      '6:88 only a listener in mode http sees paths; in mode tcp routes go by the name that TLS clients ask for',
      "6:103 backend 'web' is in mode http, the listener in mode tcp: give both the same",
      "6:110 give 'hosts' or 'paths'; what no route takes goes to 'backend' of the listener",
      "6:121 backend 'web' is in mode http, the listener in mode tcp: give both the same",
      "7:41 'nowhere' is not an IP address",
    ],
  );
});

test('so it is in backends', () => {
  assert.deepEqual(
    told(`nameservers: [dns.example.com]
listeners: [{ name: a, port: 80, redirectToTls: true }]
backends:
  - name: web
    mode: tcp
    balance: uri
    stickiness: { by: cookie, entries: 1000 }
    healthCheck: { host: '*.example.com' }
    servers: [{ address: 10.0.0.1, port: 80 }, { address: 10.0.0.1, port: 80 }, { address: '10.0.0.1:80', port: 80 }]
  - name: web
    stickiness: { by: source, cookie: A }
    servers: [{ address: 0.0.0.0, port: 80, tls: {} }]
`),
    [
      "1:21 'dns.example.com' is not an IP address",
      "6:20 'uri' needs mode http",
      "7:29 a cookie needs mode http: use 'source'",
      "7:46 'entries' is for stickiness by source",
      '8:32 a check asks for one host: write its whole name',
      "8:32 'host' is for a health check of type http",
      "9:54 there is a server '10.0.0.1:80' already: rename one of the two",
      "9:98 '10.0.0.1:80' is not an IP address; the port is a field of its own",
      "10:17 there is a backend 'web' already: rename one of the two",
      "11:45 'cookie' is for stickiness by cookie",
      '12:32 a server needs an address of its own',
      "12:56 give 'ca', the authority that the server's certificate is from, or 'verify: false'",
    ],
  );
  assert.deepEqual(
    told(`listeners: [{ name: a, port: 80, redirectToTls: true }]
backends: [{ name: web, servers: [{ address: app.internal, port: 80 }] }]
`),
    ["2:52 'app.internal' is a name: give 'nameservers' of the services, or write its address"],
  );
});

test('a word cannot bring a line, a blank, a comment or a variable with it', () => {
  const bad = ['a b', 'a\\nb', 'a#b', 'a\\"b', "a'b", '$HOME', 'a\\\\b', ''];
  for (const text of bad) {
    const word = `"${text}"`;
    const findings = told(`timeouts: { connect: ${word} }
listeners:
  - { name: ${word}, port: 80, address: ${word}, tls: { certificates: [${word}], clientCa: ${word} }, routes: [{ hosts: [${word}], paths: [${word}, "/${text}"], backend: ${word} }] }
backends:
  - name: b
    stickiness: { by: cookie, cookie: ${word} }
    healthCheck: { path: ${word}, host: ${word}, status: ${word} }
    servers: [{ name: ${word}, address: ${word}, port: 1, tls: { ca: ${word}, serverName: ${word} } }]
`);
    assert.equal(findings.length, text === '' ? 16 : 17, `${text}: ${findings.join('\n')}`);
  }
});

test('a time has its unit, and is one that HAProxy takes', () => {
  assert.deepEqual(
    ['500ms', '5s', '2147483647ms', '24d'].map(durationMs),
    [500, 5_000, 2_147_483_647, 2_073_600_000],
  );
  for (const text of ['5', '0s', '25d', '2147483648ms', '1.5s', '-1s', '5 s', '5us', '', '1e3s'])
    assert.equal(durationMs(text), null, text);
  assert.deepEqual(
    told('timeouts: { client: 30 }\nlisteners: [{ name: a, port: 80, redirectToTls: true }]\n'),
    ["1:27 'services.timeouts.client' must be text, not 30: put it in quotes"],
  );
  assert.deepEqual(
    told("timeouts: { client: '30' }\nlisteners: [{ name: a, port: 80, redirectToTls: true }]\n"),
    [
      "1:27 'services.timeouts.client' must be a time with its unit, such as 500ms, 5s or 1h, not '30'",
    ],
  );
});

test('an instance needs services or a configuration', () => {
  const text = specWith('').replace('    services:\n', '');
  const [finding] = parseSpec(text, 'spec').findings;
  assert.equal(
    finding?.message,
    "'config' is missing: give the configuration there, or as 'services'",
  );
});
