import { canonicalAddress } from '../../domain/address.ts';
import { bindText } from '../../haproxy/bind-address.ts';
import type { Path } from '../yaml-reader.ts';
import { serverNameOf } from './rules.ts';
import type { Backend, Listener, Server, Services } from './schema.ts';

/** One line of the text, with the place in the services that it says. */
export interface ServiceLine {
  readonly text: string;
  readonly path: Path;
}

/** How long a client of a TLS service may take to say which host it wants. */
const helloWait = '5s';
/** Of a stick table, unless the services say: about 10 MiB of memory. */
const stickyEntries = 100_000;
const stickyExpire = '30m';

/**
 * The services as native configuration, in the order in which they stand: `defaults`, `resolvers`,
 * listeners, backends; within a section always in one order. It is for services that their schema
 * and rules found good.
 */
export function renderServices(services: Services): readonly ServiceLine[] {
  const sections = [
    defaultsLines(services),
    resolverLines(services),
    ...services.listeners.map(listenerLines),
    ...services.backends.map(backendLines),
  ].filter((lines) => lines.length > 0);
  return sections.flatMap((lines, index) =>
    index === 0 ? lines : [{ text: '', path: lines[0]?.path ?? [] }, ...lines],
  );
}

/** Collects the lines of one section; a line without a value is left out. */
class Section {
  readonly lines: ServiceLine[] = [];
  readonly #path: Path;

  constructor(path: Path, source: string, header: string) {
    this.#path = path;
    this.lines.push({ text: `# services.${source}`, path }, { text: header, path });
  }

  add(path: Path, text: string): void {
    this.lines.push({ text: `    ${text}`, path: [...this.#path, ...path] });
  }

  option(path: Path, keyword: string, value: string | number | undefined): void {
    if (value !== undefined) this.add(path, `${keyword} ${value}`);
  }
}

function defaultsLines({ timeouts }: Services): readonly ServiceLine[] {
  const section = new Section(['timeouts'], 'timeouts', 'defaults');
  section.option(['connect'], 'timeout connect', timeouts.connect);
  section.option(['client'], 'timeout client', timeouts.client);
  section.option(['server'], 'timeout server', timeouts.server);
  section.option(['request'], 'timeout http-request', timeouts.request);
  section.option(['keepAlive'], 'timeout http-keep-alive', timeouts.keepAlive);
  section.option(['queue'], 'timeout queue', timeouts.queue);
  section.option(['tunnel'], 'timeout tunnel', timeouts.tunnel);
  section.add([], 'option redispatch');
  return section.lines;
}

function resolverLines({ nameservers = [] }: Services): readonly ServiceLine[] {
  if (nameservers.length === 0) return [];
  const section = new Section(['nameservers'], 'nameservers', 'resolvers services');
  for (const [index, server] of nameservers.entries())
    section.add([index], `nameserver dns-${index + 1} ${endpoint(server, 53)}`);
  return section.lines;
}

function listenerLines(listener: Listener, index: number): readonly ServiceLine[] {
  const { name, mode, timeouts, routes, tls } = listener;
  const section = new Section(['listeners', index], `listeners: ${name}`, `frontend ${name}`);
  section.add(['mode'], `mode ${mode}`);
  section.add([tls === undefined ? 'port' : 'tls'], bindLine(listener));
  section.option(['maxConnections'], 'maxconn', listener.maxConnections);
  section.option(['timeouts', 'client'], 'timeout client', timeouts?.client);
  section.option(['timeouts', 'request'], 'timeout http-request', timeouts?.request);
  section.option(['timeouts', 'keepAlive'], 'timeout http-keep-alive', timeouts?.keepAlive);
  if (listener.redirectToTls) {
    section.add(['redirectToTls'], 'http-request redirect scheme https code 301');
  } else if (mode === 'http' && listener.forwardedFor) {
    const protocol = tls === undefined ? 'http' : 'https';
    section.add(['forwardedFor'], 'option forwardfor');
    section.add(['forwardedFor'], `http-request set-header X-Forwarded-Proto ${protocol}`);
  }
  if (mode === 'tcp' && tls === undefined && routes.length > 0) {
    section.add(['routes'], `tcp-request inspect-delay ${helloWait}`);
    section.add(['routes'], 'tcp-request content accept if { req.ssl_hello_type 1 }');
  }
  for (const [number, route] of routes.entries()) routeLines(section, listener, route, number);
  section.option(['backend'], 'default_backend', listener.backend);
  return section.lines;
}

function bindLine({ mode, address, port, tls, acceptProxy }: Listener): string {
  const words = ['bind', address === undefined ? `:${port}` : endpoint(address, port)];
  if (acceptProxy) words.push('accept-proxy');
  if (tls === undefined) return words.join(' ');
  words.push('ssl', ...tls.certificates.flatMap((file) => ['crt', file]));
  words.push('ssl-min-ver', tls.minVersion);
  if (tls.http2 && mode === 'http') words.push('alpn', 'h2,http/1.1');
  if (tls.clientCa !== undefined) words.push('ca-file', tls.clientCa, 'verify', 'required');
  return words.join(' ');
}

function routeLines(
  section: Section,
  { mode, tls }: Listener,
  { hosts = [], paths = [], backend }: Listener['routes'][number],
  index: number,
): void {
  const label = `route-${index + 1}`;
  const sni = tls === undefined ? 'req.ssl_sni' : 'ssl_fc_sni';
  const asked = mode === 'tcp' ? sni : 'req.hdr(host),host_only';
  for (const [number, host] of hosts.entries()) {
    const test = host.startsWith('*.') ? `-i -m end ${host.slice(1)}` : `-i ${host}`;
    section.add(['routes', index, 'hosts', number], `acl ${label}-host ${asked} ${test}`);
  }
  for (const [number, path] of paths.entries()) {
    const place = ['routes', index, 'paths', number];
    if (!path.endsWith('/')) section.add(place, `acl ${label}-path path ${path}`);
    section.add(place, `acl ${label}-path path_beg ${path.replace(/\/?$/, '/')}`);
  }
  const conditions = [
    ...(hosts.length > 0 ? [`${label}-host`] : []),
    ...(paths.length > 0 ? [`${label}-path`] : []),
  ];
  section.add(['routes', index, 'backend'], `use_backend ${backend} if ${conditions.join(' ')}`);
}

function backendLines(backend: Backend, index: number): readonly ServiceLine[] {
  const { name, mode, timeouts, stickiness } = backend;
  const section = new Section(['backends', index], `backends: ${name}`, `backend ${name}`);
  section.add(['mode'], `mode ${mode}`);
  section.add(['balance'], `balance ${backend.balance}`);
  section.option(['retries'], 'retries', backend.retries);
  section.option(['timeouts', 'connect'], 'timeout connect', timeouts?.connect);
  section.option(['timeouts', 'server'], 'timeout server', timeouts?.server);
  section.option(['timeouts', 'queue'], 'timeout queue', timeouts?.queue);
  section.option(['timeouts', 'tunnel'], 'timeout tunnel', timeouts?.tunnel);
  if (stickiness?.by === 'cookie') {
    const cookie = stickiness.cookie ?? 'SERVERID';
    section.add(['stickiness'], `cookie ${cookie} insert indirect nocache httponly`);
  }
  if (stickiness?.by === 'source') {
    const { entries = stickyEntries, expire = stickyExpire } = stickiness;
    section.add(['stickiness'], `stick-table type ipv6 size ${entries} expire ${expire}`);
    section.add(['stickiness', 'by'], 'stick on src');
  }
  checkLines(section, backend);
  for (const [number, server] of backend.servers.entries())
    section.add(['servers', number], serverLine(server, stickiness?.by === 'cookie'));
  return section.lines;
}

function checkLines(section: Section, { healthCheck: check }: Backend): void {
  if (check.type === 'none') return;
  section.option(['healthCheck', 'timeout'], 'timeout check', check.timeout);
  if (check.type === 'http') {
    const host = check.host === undefined ? '' : ` ver HTTP/1.1 hdr Host ${check.host}`;
    section.add(['healthCheck', 'type'], 'option httpchk');
    section.add(
      ['healthCheck', 'path'],
      `http-check send meth ${check.method} uri ${check.path}${host}`,
    );
    section.add(['healthCheck', 'status'], `http-check expect status ${check.status}`);
  }
  const port = check.port === undefined ? '' : ` port ${check.port}`;
  section.add(
    ['healthCheck'],
    `default-server check inter ${check.interval} fall ${check.fall} rise ${check.rise}${port}`,
  );
}

function serverLine(server: Server, hasCookie: boolean): string {
  const { address, port, weight, maxConnections, tls, sendProxy } = server;
  const name = serverNameOf(server);
  const words = ['server', name, endpoint(address, port)];
  if (weight !== undefined) words.push('weight', String(weight));
  if (maxConnections !== undefined) words.push('maxconn', String(maxConnections));
  if (hasCookie) words.push('cookie', name);
  if (tls !== undefined) words.push(...tlsWords(tls));
  if (sendProxy !== undefined) words.push(sendProxy === 'v1' ? 'send-proxy' : 'send-proxy-v2');
  if (canonicalAddress(address) === null)
    words.push('resolvers', 'services', 'init-addr', 'libc,none');
  if (server.backup) words.push('backup');
  return words.join(' ');
}

function tlsWords({ ca, verify, serverName }: NonNullable<Server['tls']>): readonly string[] {
  const words = ['ssl', 'verify', verify ? 'required' : 'none'];
  if (ca !== undefined) words.push('ca-file', ca);
  if (serverName === undefined) return words;
  if (verify) words.push('verifyhost', serverName);
  return [...words, 'sni', `str(${serverName})`, 'check-sni', serverName];
}

function endpoint(address: string, port: number): string {
  const canonical = canonicalAddress(address);
  return canonical === null ? `${address}:${port}` : bindText('', canonical, String(port));
}
