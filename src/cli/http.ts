import { type RequestOptions, request } from 'node:http';
import { BridgeheadError } from '../domain/errors.ts';
import type { Access } from './context.ts';

const answerBytesMax = 64 * 1024 * 1024;

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON; undefined for none. */
  readonly body: unknown;
  /** From the connection to the last byte of the answer. */
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * One request to the server that `access` names, over TCP or a unix socket.
 *
 * @throws BridgeheadError SERVER_UNREACHABLE, or REQUEST_INVALID for an address that is none
 */
export function sendRequest(access: Access, wanted: HttpRequest): Promise<HttpAnswer> {
  const target = targetOf(access);
  const body = wanted.body === undefined ? null : JSON.stringify(wanted.body);
  const limit = AbortSignal.timeout(wanted.timeoutMs);
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      const isLate = limit.aborted;
      reject(
        unreachable(access, isLate ? `no answer within ${wanted.timeoutMs / 1_000} s` : cause),
      );
    };
    const sent = request(
      {
        ...target,
        method: wanted.method,
        path: wanted.path,
        agent: false,
        signal: limit,
        headers: {
          accept: 'application/json',
          ...(access.token === null ? {} : { authorization: `Bearer ${access.token}` }),
          ...(body === null
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= answerBytesMax) chunks.push(chunk);
          else answer.destroy(new Error('its answer is longer than 64 MiB'));
        });
        answer.on('error', fail);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    sent.on('error', fail);
    sent.end(body ?? undefined);
  });
}

function targetOf({ url, token, from }: Access): RequestOptions {
  const invalid = (why: string) =>
    new BridgeheadError(
      'REQUEST_INVALID',
      `${url} (from ${from}) is no address of a server: ${why}`,
      'Write it as http://HOST:PORT or unix:/path/to.sock.',
    );
  if (token !== null && !/^[\x21-\x7e]+$/.test(token)) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      'the token has characters that no token has',
      'Give it on one line, as it stands in the file admin.token of the scheduler.',
    );
  }
  if (url.startsWith('unix:')) {
    const socketPath = url.slice('unix:'.length).replace(/^\/\//, '');
    if (!socketPath.startsWith('/')) throw invalid('the path does not begin with /');
    return { socketPath };
  }
  if (!URL.canParse(url)) throw invalid('it cannot be read');
  const { protocol, hostname, port, pathname } = new URL(url);
  if (protocol !== 'http:') throw invalid(`it begins with ${protocol}`);
  if (pathname !== '/') throw invalid(`it has a path, ${pathname}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : Number(port) };
}

function unreachable(access: Access, cause: Error | string): BridgeheadError {
  const why = typeof cause === 'string' ? cause : reasonOf(cause);
  return new BridgeheadError(
    'SERVER_UNREACHABLE',
    `the server at ${access.url} cannot be reached: ${why}`,
    `Check that it runs (systemctl status bridgehead-server, or bridgehead lab status) and that the address from ${access.from} is right.`,
    { cause },
  );
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'there is no host of that name',
  EACCES: 'this user may not open it',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
};

function reasonOf(error: NodeJS.ErrnoException): string {
  return reasons[error.code ?? ''] ?? error.message;
}
