// Where agents come in: one TLS listener for joining (without a certificate yet), renewing, and the
// stream (with one). Who an agent is, only its certificate says.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import {
  type AgentFrame,
  agentFrame,
  frameBytesMax,
  heartbeatPeriodMs,
  type SchedulerFrame,
  streamSilenceMs,
} from '../protocol/frames.ts';
import { hostOfCertificate } from '../trust/authority.ts';
import type { AgentStream } from './agents.ts';

const bodyBytesMax = 16 * 1024;
/** An agent that takes nothing while so much waits for it is as good as gone. */
const backlogBytesMax = 64 * 1024 * 1024;
const violation = 1008;

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
  readonly renew: (host: HostName, csr: string) => Promise<Admission>;
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
      handshakeTimeout: 10_000,
    });
    this.#server.on('request', (request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      const host = hostOf(request);
      if (request.url !== '/stream' || host === null) {
        socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        options.onStream(new SocketStream(host, webSocket, options.clock));
      });
    });
  }

  /** @returns the port it listens on; rejects when it cannot */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      answer(response, 200, await this.#handle(request));
    } catch (error) {
      const known = error instanceof z.ZodError ? malformed(error) : BridgeheadError.wrap(error);
      const { message } = known;
      this.#options.log('refused an agent', { from: request.socket.remoteAddress, message });
      answer(response, known.status, { error: known.body() });
    }
  }

  async #handle(request: IncomingMessage): Promise<Admission> {
    const path = `${request.method} ${request.url}`;
    if (path === 'POST /join') {
      const { id, secret, csr } = joinBody.parse(await readBody(request));
      return this.#options.admit(id, secret, csr);
    }
    if (path === 'POST /renew') {
      const host = hostOf(request);
      if (host === null) {
        throw new BridgeheadError(
          'UNAUTHORIZED',
          'a renewal needs the certificate that is to be renewed',
          'Join again with a new token: bridgehead token create --host NAME',
        );
      }
      return this.#options.renew(host, renewBody.parse(await readBody(request)).csr);
    }
    throw new BridgeheadError(
      'NOT_FOUND',
      `there is no ${path} on the listener for agents`,
      'The HTTP API is on the address given by --listen.',
    );
  }
}

/** One WebSocket as a stream of checked frames. */
class SocketStream implements AgentStream {
  readonly host: HostName;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  #heardMs: number;
  #onFrame: (frame: AgentFrame) => void = () => undefined;
  #closeReason = 'connection lost';

  constructor(host: HostName, socket: WebSocket, clock: Clock) {
    this.host = host;
    this.#socket = socket;
    this.#clock = clock;
    this.#heardMs = clock.monotonicMs();
    const stopBeating = clock.every(heartbeatPeriodMs, () => this.#beat());
    socket.on('message', (data) => this.#receive(data as Buffer));
    socket.on('error', (error) => {
      this.#closeReason = error.message;
    });
    socket.on('close', stopBeating);
  }

  send(frame: SchedulerFrame): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(JSON.stringify(frame));
    if (this.#socket.bufferedAmount > backlogBytesMax) this.#end('the agent takes nothing');
  }

  close(reason: string): void {
    this.#closeReason = reason;
    // A reason over 123 bytes is an error of its own (RFC 6455 5.5).
    this.#socket.close(violation, reason.slice(0, 120));
  }

  onFrame(handler: (frame: AgentFrame) => void): void {
    this.#onFrame = handler;
  }

  onClose(handler: (reason: string) => void): void {
    this.#socket.on('close', () => handler(this.#closeReason));
  }

  #receive(data: Buffer): void {
    this.#heardMs = this.#clock.monotonicMs();
    let frame: AgentFrame;
    try {
      frame = agentFrame.parse(JSON.parse(data.toString('utf8')));
    } catch (error) {
      this.close(`a frame cannot be read: ${(error as Error).message}`);
      return;
    }
    this.#onFrame(frame);
  }

  #beat(): void {
    const silentMs = this.#clock.monotonicMs() - this.#heardMs;
    if (silentMs > streamSilenceMs) this.#end(`nothing heard for ${Math.round(silentMs)} ms`);
    else this.send({ type: 'heartbeat' });
  }

  #end(reason: string): void {
    this.#closeReason = reason;
    this.#socket.terminate();
  }
}

function hostOf(request: IncomingMessage): HostName | null {
  const socket = request.socket as TLSSocket;
  const certificate = socket.getPeerX509Certificate();
  return socket.authorized && certificate !== undefined ? hostOfCertificate(certificate.raw) : null;
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
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
