// Specs for the tests of the short structured form.

/** A spec with one instance, whose services are the given lines. */
export function specWith(services: string, config = ''): string {
  const indented = (text: string, by: number) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => (line === '' ? '' : ' '.repeat(by) + line))
      .join('\n');
  return `apiVersion: bridgehead/v1
pools: [{ name: p4, cidr: 198.18.10.0/24 }]
instances:
  - name: web
    owner: o
    service: s
    image: i
    addresses: [{ pool: p4 }]
    services:
${indented(services, 6)}
${config === '' ? '' : `    config: |\n${indented(config, 6)}\n`}`;
}

/** Every field of the form but certificates, which are files. */
export const wide = `timeouts: { connect: 3s, client: 1m, server: 2m, request: 5s, keepAlive: 10s, queue: 500ms, tunnel: 1h }
nameservers: [192.0.2.53, '2001:DB8::53']
listeners:
  - { name: plain, port: 80, redirectToTls: true }
  - name: web
    port: 8080
    address: 198.18.10.7
    acceptProxy: true
    maxConnections: 500
    timeouts: { client: 30s, request: 3s, keepAlive: 1s }
    routes:
      - { hosts: [shop.example.com, '*.shop.example.com'], paths: [/api, /v2/], backend: api }
      - { paths: [/], backend: web }
    backend: web
  - { name: quiet, port: 8081, forwardedFor: false, backend: web }
  - { name: passed-on, mode: tcp, port: 8443, routes: [{ hosts: [a.example.com], backend: db }] }
  - { name: db, mode: tcp, port: 5432, timeouts: { client: 1h }, backend: db }
backends:
  - name: web
    balance: leastconn
    retries: 0
    stickiness: { by: cookie, cookie: SHOP }
    healthCheck:
      { type: http, method: HEAD, path: /health, host: shop.example.com, status: '200,204',
        interval: 1s, timeout: 800ms, fall: 2, rise: 1, port: 9000 }
    timeouts: { connect: 1s, server: 10s, queue: 2s, tunnel: 30m }
    servers:
      - { address: 10.0.0.1, port: 8080, weight: 10, maxConnections: 100 }
      - { name: spare, address: app.internal, port: 8443, sendProxy: v2, backup: true,
          tls: { verify: false, serverName: app.internal } }
  - name: api
    stickiness: { by: source, entries: 1000, expire: 5m }
    healthCheck: { type: none }
    servers: [{ address: '2001:DB8::1', port: 80 }]
  - name: db
    mode: tcp
    servers: [{ name: db-1, address: 10.0.0.9, port: 5432, sendProxy: v1 }]
`;
