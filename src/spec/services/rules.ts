import { canonicalAddress } from '../../domain/address.ts';
import { nearestWord } from '../nearest-word.ts';
import type { Report } from '../pool-rules.ts';
import type { Path } from '../yaml-reader.ts';
import type { Backend, Listener, Server, Services } from './schema.ts';

/** What a schema cannot say: what one part of the services needs of another. */
export function checkServices(services: Services, report: Report): void {
  const backends = new Map(services.backends.map((backend) => [backend.name, backend]));
  once(services.listeners, 'listener', at(report, ['listeners']));
  once(services.backends, 'backend', at(report, ['backends']));
  checkPorts(services.listeners, at(report, ['listeners']));
  for (const [index, listener] of services.listeners.entries()) {
    const inside = at(report, ['listeners', index]);
    checkListener(listener, inside);
    checkTargets(listener, backends, inside);
  }
  const canResolve = services.nameservers !== undefined;
  for (const [index, backend] of services.backends.entries())
    checkBackend(backend, canResolve, at(report, ['backends', index]));
  for (const [index, server] of (services.nameservers ?? []).entries()) {
    if (canonicalAddress(server) === null)
      report(['nameservers', index], `'${server}' is not an IP address`);
  }
}

/** The name that a server goes by: its own, or its address and port. */
export function serverNameOf({ name, address, port }: Server): string {
  return name ?? `${canonicalAddress(address) ?? address}:${port}`;
}

function at(report: Report, prefix: Path): Report {
  return (path, message) => report([...prefix, ...path], message);
}

function once(list: readonly { readonly name: string }[], kind: string, report: Report): void {
  const seen = new Set<string>();
  for (const [index, { name }] of list.entries()) {
    if (seen.has(name))
      report([index, 'name'], `there is a ${kind} '${name}' already: rename one of the two`);
    seen.add(name);
  }
}

// Sharing a port is allowed by HAProxy, and has the kernel deal the connections out at random.
function checkPorts(listeners: readonly Listener[], report: Report): void {
  const seen: Listener[] = [];
  for (const [index, listener] of listeners.entries()) {
    const other = seen.find((one) => one.port === listener.port && areOneAddress(one, listener));
    if (other !== undefined) {
      const message = `listener '${other.name}' has port ${listener.port} already: choose another, or give each an address of its own`;
      report([index, 'port'], message);
    }
    seen.push(listener);
  }
}

function areOneAddress(a: Listener, b: Listener): boolean {
  if (a.address === undefined || b.address === undefined) return true;
  return canonicalAddress(a.address) === canonicalAddress(b.address);
}

function checkListener(listener: Listener, report: Report): void {
  const { address, mode, tls, redirectToTls, timeouts, routes, backend } = listener;
  if (address !== undefined) {
    const canonical = canonicalAddress(address);
    if (canonical === null) report(['address'], `'${address}' is not an IP address`);
    else if (canonical === '0.0.0.0' || canonical === '::')
      report(['address'], "leave 'address' out to listen on all addresses of the instance");
  }
  if (redirectToTls) {
    if (mode === 'tcp') report(['redirectToTls'], 'only a listener in mode http can redirect');
    if (tls !== undefined) report(['redirectToTls'], 'this listener has TLS itself');
    if (routes.length > 0 || backend !== undefined)
      report(['redirectToTls'], "all requests are redirected: remove 'routes' and 'backend'");
  } else if (routes.length === 0 && backend === undefined) {
    report([], "give the listener 'routes', or a 'backend' for all that it takes");
  }
  if (mode === 'http') return;
  for (const field of ['request', 'keepAlive'] as const) {
    if (timeouts?.[field] !== undefined)
      report(['timeouts', field], `'${field}' is for listeners in mode http`);
  }
}

function checkTargets(
  listener: Listener,
  backends: ReadonlyMap<string, Backend>,
  report: Report,
): void {
  const targets: { readonly path: Path; readonly name: string }[] = listener.routes.map(
    ({ backend }, index) => ({ path: ['routes', index, 'backend'], name: backend }),
  );
  if (listener.backend !== undefined) targets.push({ path: ['backend'], name: listener.backend });
  for (const { path, name } of targets) {
    const backend = backends.get(name);
    if (backend === undefined) {
      const meant = nearestWord(name, [...backends.keys()]);
      const hint = meant === null ? "add it to 'backends'" : `did you mean '${meant}'?`;
      report(path, `there is no backend '${name}': ${hint}`);
    } else if (backend.mode !== listener.mode) {
      const message = `backend '${name}' is in mode ${backend.mode}, the listener in mode ${listener.mode}: give both the same`;
      report(path, message);
    }
  }
  for (const [index, { hosts, paths }] of listener.routes.entries()) {
    if (hosts === undefined && paths === undefined)
      report(
        ['routes', index],
        "give 'hosts' or 'paths'; what no route takes goes to 'backend' of the listener",
      );
    if (paths !== undefined && listener.mode === 'tcp')
      report(
        ['routes', index, 'paths'],
        'only a listener in mode http sees paths; in mode tcp routes go by the name that TLS clients ask for',
      );
  }
}

function checkBackend(backend: Backend, canResolve: boolean, report: Report): void {
  const { stickiness, healthCheck, mode, servers } = backend;
  const names = servers.map((server) => ({ name: serverNameOf(server) }));
  once(names, 'server', at(report, ['servers']));
  for (const [index, server] of servers.entries())
    checkServer(server, canResolve, at(report, ['servers', index]));
  if (mode === 'tcp' && backend.balance === 'uri') report(['balance'], "'uri' needs mode http");
  if (stickiness?.by === 'cookie') {
    if (mode === 'tcp') report(['stickiness', 'by'], "a cookie needs mode http: use 'source'");
    for (const field of ['entries', 'expire'] as const) {
      if (stickiness[field] !== undefined)
        report(['stickiness', field], `'${field}' is for stickiness by source`);
    }
  }
  if (stickiness?.by === 'source' && stickiness.cookie !== undefined)
    report(['stickiness', 'cookie'], "'cookie' is for stickiness by cookie");
  if (healthCheck.host?.startsWith('*') === true)
    report(['healthCheck', 'host'], 'a check asks for one host: write its whole name');
  if (healthCheck.type !== 'http' && healthCheck.host !== undefined)
    report(['healthCheck', 'host'], "'host' is for a health check of type http");
}

function checkServer({ address, tls }: Server, canResolve: boolean, report: Report): void {
  const canonical = canonicalAddress(address);
  if (canonical === '0.0.0.0' || canonical === '::') {
    report(['address'], 'a server needs an address of its own');
  } else if (canonical === null && (/^[\d.]+$/.test(address) || address.includes(':'))) {
    report(['address'], `'${address}' is not an IP address; the port is a field of its own`);
  } else if (canonical === null && !canResolve) {
    report(
      ['address'],
      `'${address}' is a name: give 'nameservers' of the services, or write its address`,
    );
  }
  if (tls?.verify === true && tls.ca === undefined)
    report(
      ['tls'],
      "give 'ca', the authority that the server's certificate is from, or 'verify: false'",
    );
}
