// Where agents come in: one TLS listener for joining (without a certificate yet), renewing, and the
// stream (with one). Who an agent is, only its certificate says.

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import { frameBytesMax } from '../protocol/frames.ts';
import type { AgentCertificate } from '../store/agent-certificate-store.ts';
import { hostOfCertificate } from '../trust/authority.ts';
import type { AgentStream } from './agent-stream.ts';
import type { GivenContent } from './attachment-desk.ts';
import { SocketStream } from './socket-stream.ts';

const bodyBytesMax = 16 * 1024;
/** Time for a handshake, and again for a whole request: both are a few kilobytes. */
const patienceMs = 10_000;
/** Time for the answer with an attachment: 4 MiB at most. */
const givingMs = 30_000;

/** How often it is asked whether certificates of open streams were taken back elsewhere. */
const revocationPeriodMs = 1_000;

const joinBody = z.object({ id: z.string(), secret: z.string(), csr: z.string() });
const renewBody = z.object({ csr: z.string() });

/** What an agent gets for its request, in PEM. */
export interface Admission {
  readonly certificate: string;
  readonly ca: string;
  readonly host: HostName;
}

export interface AgentListenerOptions {
  readonly tls: { readonly certificate: string; readonly key: string; readonly ca: string };
  readonly clock: Clock;
  readonly admit: (id: string, secret: string, csr: string) => Promise<Admission>;
  readonly renew: (shown: AgentCertificate, csr: string) => Promise<Admission>;
  /** Those of these certificates that were taken back. */
  readonly revokedOf: (shown: readonly AgentCertificate[]) => Promise<readonly AgentCertificate[]>;
  /** What is in an attachment; null where the host has nothing to do with it. */
  readonly give: (host: HostName, sha256: string) => Promise<GivenContent | null>;
  readonly onStream: (stream: AgentStream) => void;
  readonly log: (message: string, details: Readonly<Record<string, unknown>>) => void;
}

/** The listener; `close` ends every stream. */
export class AgentListener {
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: frameBytesMax,
    perMessageDeflate: false,
  });
  readonly #options: AgentListenerOptions;
  /** Every TCP connection, also those that TLS or HTTP do not count (yet, or any more). */
  readonly #connections = new Set<Socket>();
  readonly #streams = new Map<HostName, { stream: SocketStream; shown: AgentCertificate }>();
  #stopLooking = () => undefined as void;

  constructor(options: AgentListenerOptions) {
    this.#options = options;
    const { certificate, key, ca } = options.tls;
    this.#server = createServer({
      key,
      // The CA goes along, so that a joining agent can hold it against its token.
      cert: `${certificate}\n${ca}`,
      ca,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      handshakeTimeout: patienceMs,
      headersTimeout: patienceMs,
      requestTimeout: patienceMs,
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
    });
    this.#server.on('request', (request, response) => void this.#serve(request, response));
    this.#server.on(
      'upgrade',
      (request, socket, head) => void this.#upgrade(request, socket, head),
    );
  }

  /** @returns the port it listens on; rejects when it cannot */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        // Such as no file descriptor left for one more connection: the others go on.
        this.#server.on('error', ({ message }) =>
          this.#options.log('the listener for agents has trouble', { message }),
        );
        this.#stopLooking = this.#options.clock.every(
          revocationPeriodMs,
          () => void this.closeRevoked(),
        );
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  async close(): Promise<void> {
    this.#stopLooking();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const client of this.#sockets.clients) client.terminate();
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  /** Cuts the streams of hosts whose certificates were taken back. */
  async closeRevoked(): Promise<void> {
    try {
      const shown = [...this.#streams.values()].map((one) => one.shown);
      for (const { serial, host } of await this.#options.revokedOf(shown)) {
        const open = this.#streams.get(host);
        if (open?.shown.serial === serial) open.stream.cut('its certificate was taken back');
      }
    } catch (error) {
      this.#options.log('cannot look for revoked certificates', { error: String(error) });
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // HTTP has taken its own handler off: without one, a reset would end the process.
    socket.on('error', () => socket.destroy());
    let shown: AgentCertificate;
    try {
      if (request.url !== '/stream') throw notHere(request);
      shown = await this.#proven(request, 'the stream');
    } catch (error) {
      return this.#turnAway(request, socket, BridgeheadError.wrap(error));
    }
    const { host } = shown;
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = new SocketStream(host, webSocket, this.#options.clock);
      const former = this.#streams.get(host);
      this.#streams.set(host, { stream, shown });
      stream.onClose(() => {
        if (this.#streams.get(host)?.stream === stream) this.#streams.delete(host);
      });
      // The new one is handed over first: the host was never gone.
      this.#options.onStream(stream);
      former?.stream.close('replaced by a newer stream of the same host');
    });
  }

  #turnAway(request: IncomingMessage, socket: Duplex, error: BridgeheadError): void {
    const { message } = error;
    this.#options.log('refused an agent', { from: request.socket.remoteAddress, message });
    const body = JSON.stringify({ error: error.body() });
    const head = [
      `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`,
      'Connection: close',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    // Gone once it is written: a peer that never hangs up would hold it open.
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Asked first: a request that broke off has no socket any more.
    const from = request.socket.remoteAddress;
    try {
      const [, sha256] = /^\/attachments\/([0-9a-f]{64})$/.exec(request.url ?? '') ?? [];
      if (request.method === 'GET' && sha256 !== undefined)
        return await this.#give(request, response, sha256);
      answer(response, 200, await this.#handle(request));
    } catch (error) {
      const known = error instanceof z.ZodError ? malformed(error) : BridgeheadError.wrap(error);
      const { message } = known;
      this.#options.log('refused an agent', { from, message });
      answer(response, known.status, { error: known.body() });
    }
  }

  async #give(request: IncomingMessage, response: ServerResponse, sha256: string): Promise<void> {
    const { host } = await this.#proven(request, 'an attachment');
    const closed = new AbortController();
    response.once('close', () => closed.abort());
    using content = await this.#options.give(host, sha256);
    if (content === null) {
      throw new BridgeheadError(
        'NOT_FOUND',
        `there is no attachment ${sha256.slice(0, 12)} that host ${host} has to do with`,
        'Look at what it runs: bridgehead describe host NAME',
      );
    }
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': content.bytes.length,
      connection: 'close',
    });
    response.end(content.bytes);
    await this.#options.clock.sleep(givingMs, closed.signal).catch(() => undefined);
    response.destroy();
  }

  async #handle(request: IncomingMessage): Promise<Admission> {
    const path = `${request.method} ${request.url}`;
    if (path === 'POST /join') {
      const { id, secret, csr } = joinBody.parse(await readBody(request));
      return this.#options.admit(id, secret, csr);
    }
    if (path === 'POST /renew') {
      const shown = await this.#proven(request, 'a renewal');
      return this.#options.renew(shown, renewBody.parse(await readBody(request)).csr);
    }
    throw notHere(request);
  }

  /** The certificate by which the peer is an agent of this fleet. @throws BridgeheadError */
  async #proven(request: IncomingMessage, what: string): Promise<AgentCertificate> {
    const shown = shownIn(request);
    if (shown === null) throw unproven(request, what);
    if ((await this.#options.revokedOf([shown])).length > 0) throw takenBack(shown.host);
    return shown;
  }
}

/** What a host hears whose certificate is good no more. */
export function takenBack(host: HostName): BridgeheadError {
  return new BridgeheadError(
    'UNAUTHORIZED',
    `the certificate of host ${host} was taken back`,
    'Remove identity.json on the host and let it join again: bridgehead token create --host NAME',
  );
}

function notHere({ method, url }: IncomingMessage): BridgeheadError {
  return new BridgeheadError(
    'NOT_FOUND',
    `there is no ${method} ${url} on the listener for agents`,
    'The HTTP API is on the address given by --listen.',
  );
}

function unproven(request: IncomingMessage, what: string): BridgeheadError {
  const socket = request.socket as TLSSocket;
  const isShown = socket.getPeerX509Certificate() !== undefined;
  const fault = socket.authorized ? 'it names no host' : String(socket.authorizationError);
  return new BridgeheadError(
    'UNAUTHORIZED',
    `${what} needs a certificate of this fleet; ${isShown ? `the one shown is not valid: ${fault}` : 'none was shown'}`,
    'Let the host join again with a new token: bridgehead token create --host NAME',
  );
}

function shownIn(request: IncomingMessage): AgentCertificate | null {
  const socket = request.socket as TLSSocket;
  const certificate = socket.getPeerX509Certificate();
  if (!socket.authorized || certificate === undefined) return null;
  const host = hostOfCertificate(certificate.raw);
  return host === null ? null : { host, serial: certificate.serialNumber };
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The request outlives a body that is not read to its end: it is still to be answered.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw invalidBody(`the body has over ${bodyBytesMax} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw invalidBody('the body is not JSON');
  }
}

function malformed(error: z.ZodError): BridgeheadError {
  return invalidBody(error.issues[0]?.message ?? 'wrong form');
}

function invalidBody(why: string): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    `the request of the agent cannot be read: ${why}`,
    'Update the agent to the version of the scheduler.',
  );
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}
