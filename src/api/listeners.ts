import { chmod, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type ApiTls, isLoopback } from './api-tls.ts';
import { httpOptions, refuseUnread } from './http-limits.ts';

/** Where the API listens: a socket file of this machine, or TCP. */
export type ApiAddress =
  | { readonly path: string }
  | { readonly host: string; readonly port: number };

export interface ApiListenersParts {
  readonly serve: RequestListener;
  /** Null where nothing needs it. */
  readonly tls: ApiTls | null;
  /** Whether loopback gets TLS as well. */
  readonly isTlsEverywhere: boolean;
}

/**
 * The API's listeners. What can be reached from elsewhere speaks TLS; a socket file, and loopback
 * unless told otherwise, speak plain HTTP.
 */
export class ApiListeners {
  readonly #parts: ApiListenersParts;
  readonly #servers = new Set<Server>();

  constructor(parts: ApiListenersParts) {
    this.#parts = parts;
  }

  /** Rejects where it cannot listen. @returns the TCP port; 0 for a socket file */
  async listen(address: ApiAddress): Promise<number> {
    const server = this.#serverFor(address);
    server.on('clientError', refuseUnread);
    // A socket file that a killed scheduler left would refuse its successor.
    if ('path' in address) await rm(address.path, { force: true });
    await new Promise<void>((done, failed) => {
      server.once('error', failed);
      server.listen(address, done);
    });
    if ('path' in address) await chmod(address.path, 0o600);
    this.#servers.add(server);
    const bound = server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : 0;
  }

  /** Cuts what is connected. */
  close(): void {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  #serverFor(address: ApiAddress): Server {
    const { serve, tls } = this.#parts;
    if (tls === null || !isTls(address, this.#parts.isTlsEverywhere)) {
      return createServer(httpOptions(), serve);
    }
    const { certificate: cert, key } = tls.pair;
    const server = createTlsServer({ ...httpOptions(), cert, key, minVersion: 'TLSv1.2' }, serve);
    tls.watch((pair) => server.setSecureContext({ cert: pair.certificate, key: pair.key }));
    return server;
  }
}

/** Whether the API speaks TLS at an address. */
export function isTls(address: ApiAddress, isTlsEverywhere: boolean): boolean {
  return 'host' in address && (isTlsEverywhere || !isLoopback(address.host));
}
