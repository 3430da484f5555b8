import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { z } from 'zod';
import { BridgeheadError } from '../domain/errors.ts';
import { errorBody, hostName } from '../protocol/shapes.ts';
import { fingerprintOf, newAgentRequest } from '../trust/authority.ts';
import { parseTicket } from '../trust/token.ts';
import type { Identity } from './identity.ts';

const timeoutMs = 10_000;
const answerBytesMax = 64 * 1024;
const answer = z.object({ certificate: z.string(), ca: z.string(), host: hostName });
const refusal = z.object({ error: errorBody });

/** Where a scheduler listens for agents. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * Joins the fleet with a one-time token. Nothing secret is said before the other side has shown a
 * certificate of the CA that the token names.
 *
 * @throws BridgeheadError JOIN_REFUSED or SERVER_UNREACHABLE
 */
export async function join(server: Endpoint, token: string): Promise<Identity> {
  const ticket = parseTicket(token);
  const { key, csr } = await newAgentRequest();
  const body = JSON.stringify({ id: ticket.id, secret: ticket.secret, csr });
  const text = await post(server, '/join', body, { rejectUnauthorized: false }, (socket) =>
    checkAuthority(socket, ticket.caFingerprint, server),
  );
  return { ...answer.parse(JSON.parse(text)), key };
}

/**
 * Has the identity's certificate renewed, with a new key.
 *
 * @throws BridgeheadError JOIN_REFUSED or SERVER_UNREACHABLE
 */
export async function renew(server: Endpoint, identity: Identity): Promise<Identity> {
  const { key, csr } = await newAgentRequest();
  const proof = { ca: identity.ca, cert: identity.certificate, key: identity.key };
  const text = await post(server, '/renew', JSON.stringify({ csr }), proof, () => undefined);
  return { ...answer.parse(JSON.parse(text)), key };
}

function post(
  server: Endpoint,
  path: string,
  body: string,
  tls: object,
  check: (socket: TLSSocket) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({
      ...tls,
      host: server.host,
      port: server.port,
      path,
      method: 'POST',
      agent: false,
      minVersion: 'TLSv1.3',
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    call.once('socket', (socket) =>
      socket.once('secureConnect', () => {
        try {
          check(socket as TLSSocket);
          call.end(body);
        } catch (error) {
          call.destroy(error as Error);
        }
      }),
    );
    call.once('error', (error) =>
      reject(error instanceof BridgeheadError ? error : unreachable(server, error)),
    );
    call.once('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytesMax) call.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode === 200) return resolve(text);
        return reject(refused(text));
      });
    });
  });
}

// The server shows its certificate and the CA's; the token says which CA is the fleet's.
function checkAuthority(socket: TLSSocket, caFingerprint: string, server: Endpoint): void {
  const shown = socket.getPeerX509Certificate();
  const issuer = socket.getPeerCertificate(true).issuerCertificate as { raw?: Buffer } | undefined;
  const ca = issuer?.raw === undefined ? null : new X509Certificate(issuer.raw);
  const isOurs =
    shown !== undefined &&
    ca !== null &&
    fingerprintOf(ca.toString()) === caFingerprint &&
    shown.verify(ca.publicKey) &&
    shown.checkIssued(ca);
  if (isOurs) return;
  throw new BridgeheadError(
    'JOIN_REFUSED',
    `whoever answers at ${server.host}:${server.port} is not the scheduler that made this token`,
    'Check the address; where the fleet was set up anew, make a new token: bridgehead token create',
  );
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

function unreachable(server: Endpoint, cause: Error): BridgeheadError {
  return new BridgeheadError(
    'SERVER_UNREACHABLE',
    `the scheduler at ${server.host}:${server.port} cannot be reached: ${cause.message}`,
    'Check the address and that the scheduler runs; the agent goes on trying.',
    { cause },
  );
}
