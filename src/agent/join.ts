import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { z } from 'zod';
import { BridgeheadError } from '../domain/errors.ts';
import { errorBody, hostName } from '../protocol/shapes.ts';
import { fingerprintOf, newAgentRequest } from '../trust/authority.ts';
import { parseTicket } from '../trust/token.ts';
import type { Identity } from './identity.ts';

const timeoutMs = 10_000;
const answerBytesMax = 64 * 1024;
const chainLengthMax = 8;
const minVersion = 'TLSv1.3';
const answer = z.object({ certificate: z.string(), ca: z.string(), host: hostName });
const refusal = z.object({ error: errorBody });

/** Where a scheduler listens for agents. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * Joins the fleet with a one-time token. Two connections: the first only to see the CA that the
 * token names, the second with that CA as the only one trusted. So the check of the scheduler is
 * TLS's own, with dates, names and purpose; an agent's certificate, though of the same CA, is not
 * taken for a scheduler's. Nothing secret is said before that check.
 *
 * @throws BridgeheadError JOIN_REFUSED or SERVER_UNREACHABLE
 */
export async function join(server: Endpoint, token: string): Promise<Identity> {
  const ticket = parseTicket(token);
  const ca = await authorityOf(server, ticket.caFingerprint);
  const { key, csr } = await newAgentRequest();
  const body = JSON.stringify({ id: ticket.id, secret: ticket.secret, csr });
  return { ...(await post(server, '/join', body, { ca })), key };
}

/**
 * Has the identity's certificate renewed, with a new key.
 *
 * @throws BridgeheadError what the scheduler refused with; JOIN_REFUSED for one that is not ours or
 * cannot be understood; SERVER_UNREACHABLE
 */
export async function renew(server: Endpoint, identity: Identity): Promise<Identity> {
  const { key, csr } = await newAgentRequest();
  const proof = { ca: identity.ca, cert: identity.certificate, key: identity.key };
  return { ...(await post(server, '/renew', JSON.stringify({ csr }), proof)), key };
}

/** The certificate with that fingerprint out of the chain that the server shows, in PEM. */
function authorityOf(server: Endpoint, fingerprint: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: server.host,
      port: server.port,
      ...(isIP(server.host) === 0 ? { servername: server.host } : {}),
      minVersion,
      rejectUnauthorized: false,
    });
    const over = AbortSignal.timeout(timeoutMs);
    const onTimeout = () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`));
    over.addEventListener('abort', onTimeout);
    socket.on('error', (error) => reject(unreachable(server, error)));
    socket.once('close', () => {
      over.removeEventListener('abort', onTimeout);
      // Settled already but where the peer hung up before it had shown anything.
      reject(unreachable(server, new Error('it hung up')));
    });
    socket.once('secureConnect', () => {
      const found = shownBy(socket).find((pem) => fingerprintOf(pem) === fingerprint);
      if (found === undefined) reject(notOurs(server, 'its CA is another one'));
      else resolve(found);
      socket.destroy();
    });
  });
}

function shownBy(socket: TLSSocket): readonly string[] {
  const chain: string[] = [];
  let next: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < chainLengthMax) {
    chain.push(new X509Certificate(next.raw).toString());
    next = next.issuerCertificate;
  }
  return chain;
}

async function post(
  server: Endpoint,
  path: string,
  body: string,
  tls: { readonly ca: string; readonly cert?: string; readonly key?: string },
): Promise<z.infer<typeof answer>> {
  const response = await respond(server, path, body, tls);
  const text = await readText(response).catch((cause: Error) => {
    throw unreachable(server, cause);
  });
  const parsed = response.statusCode === 200 ? answer.safeParse(safeJson(text)) : null;
  if (parsed?.success === true) return parsed.data;
  throw refused(text);
}

function respond(
  server: Endpoint,
  path: string,
  body: string,
  tls: object,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request({
      ...tls,
      host: server.host,
      port: server.port,
      path,
      method: 'POST',
      agent: false,
      minVersion,
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    // Written only once TLS has verified the other side, so that no secret waits in a buffer.
    call.once('socket', (socket) => socket.once('secureConnect', () => call.end(body)));
    call.on('error', (error) => {
      const fault = (call.socket as TLSSocket | null)?.authorizationError;
      const isCertificate = fault !== undefined && fault !== null;
      reject(isCertificate ? notOurs(server, error.message, error) : unreachable(server, error));
    });
    call.once('response', resolve);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new Error(`its answer has over ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The error that a scheduler answered with; never rejects. */
export async function refusalOf(response: IncomingMessage): Promise<BridgeheadError> {
  return refused(await readText(response).catch((error: Error) => error.message));
}

function refused(text: string): BridgeheadError {
  const parsed = refusal.safeParse(safeJson(text));
  if (parsed.success) return BridgeheadError.from(parsed.data.error);
  return new BridgeheadError(
    'JOIN_REFUSED',
    `the scheduler's answer cannot be read: ${text.slice(0, 200)}`,
    'Check that the address is that of the listener for agents (--agent-listen).',
  );
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function notOurs(server: Endpoint, why: string, cause?: Error): BridgeheadError {
  return new BridgeheadError(
    'JOIN_REFUSED',
    `whoever answers at ${server.host}:${server.port} is not the scheduler of this fleet: ${why}`,
    'Check the address and the clock of this host; for a fleet set up anew, make a new token.',
    { cause },
  );
}

function unreachable(server: Endpoint, cause: Error): BridgeheadError {
  return new BridgeheadError(
    'SERVER_UNREACHABLE',
    `the scheduler at ${server.host}:${server.port} cannot be reached: ${cause.message}`,
    'Check the address and that the scheduler runs; the agent goes on trying.',
    { cause },
  );
}
