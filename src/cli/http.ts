import { request as overHttp, type RequestOptions } from 'node:http';
import { request as overHttps } from 'node:https';
import { BridgeheadError } from '../domain/errors.ts';
import type { Access } from './context.ts';
import { trusting } from './server-trust.ts';

const answerBytesMax = 64 * 1024 * 1024;

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON; undefined for none. */
  readonly body: unknown;
  /** Sent as its Idempotency-Key; undefined for none. */
  readonly key: string | undefined;
  /** From the connection to the last byte of the answer. */
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * One request to the first server of `access` that takes a connection. Where none was taken nothing
 * was heard, so that the next one may be asked anything; whatever else fails is final.
 *
 * @throws BridgeheadError SERVER_UNREACHABLE, or REQUEST_INVALID for an address that is none
 */
export async function sendToFirst(access: Access, wanted: HttpRequest): Promise<HttpAnswer> {
  const urls = [access.url, ...(access.others ?? [])];
  for (const [index, url] of urls.entries()) {
    try {
      return await sendRequest({ ...access, url }, wanted);
    } catch (error) {
      if (index === urls.length - 1 || !isNobodyThere(error)) throw error;
    }
  }
  throw new Error('a client without a server');
}

/** Whether an error of {@link sendToFirst} says that nobody listens there. */
export function isNobodyThere(error: unknown): boolean {
  const cause = error instanceof BridgeheadError ? error.cause : undefined;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  return code === 'ECONNREFUSED' || code === 'ENOENT';
}

/**
 * One request to the server that `access` names, over TCP, TLS or a unix socket. A certificate is
 * judged by what the person gave (--ca, --fingerprint), else as Node does: by its own list of
 * authorities and by NODE_EXTRA_CA_CERTS.
 *
 * @throws BridgeheadError SERVER_UNREACHABLE, or REQUEST_INVALID for an address that is none
 */
async function sendRequest(access: Access, wanted: HttpRequest): Promise<HttpAnswer> {
  const { send, ...target } = targetOf(access);
  const body = wanted.body === undefined ? null : JSON.stringify(wanted.body);
  const limit = AbortSignal.timeout(wanted.timeoutMs);
  const trusted = await trustedTarget(access, target, limit);
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      reject(unreachable(access, limit.aborted ? late(wanted.timeoutMs) : cause));
    };
    const sent = send(
      {
        ...trusted,
        method: wanted.method,
        path: wanted.path,
        agent: false,
        signal: limit,
        headers: {
          accept: 'application/json',
          ...(access.token === null ? {} : { authorization: `Bearer ${access.token}` }),
          ...(wanted.key === undefined ? {} : { 'idempotency-key': wanted.key }),
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

// Before the request, which has the token in it.
async function trustedTarget(
  access: Access,
  { isTls, ...target }: Omit<Target, 'send'>,
  limit: AbortSignal,
): Promise<RequestOptions> {
  if (!isTls || access.trust === undefined) return target;
  const [host, port] = [target.host ?? '', Number(target.port)];
  try {
    return { ...target, ...(await trusting(access.trust, { host, port }, limit)) };
  } catch (error) {
    throw unreachable(access, error as Error);
  }
}

type Target = Pick<RequestOptions, 'socketPath' | 'host' | 'port'> & {
  readonly send: typeof overHttp;
  readonly isTls: boolean;
};

function targetOf({ url, token, from }: Access): Target {
  const invalid = (why: string) =>
    new BridgeheadError(
      'REQUEST_INVALID',
      `${url} (from ${from}) is no address of a server: ${why}`,
      'Write it as http://HOST:PORT, https://HOST:PORT or unix:/path/to.sock.',
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
    return { send: overHttp, isTls: false, socketPath };
  }
  if (!URL.canParse(url)) throw invalid('it cannot be read');
  const { protocol, hostname, port, pathname } = new URL(url);
  const isTls = protocol === 'https:';
  if (!isTls && protocol !== 'http:') throw invalid(`it begins with ${protocol}`);
  if (pathname !== '/') throw invalid(`it has a path, ${pathname}`);
  return {
    send: isTls ? overHttps : overHttp,
    isTls,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
  };
}

/** The error for an answer that did not come, with the code of one that the kernel gives up on. */
function late(timeoutMs: number): Error {
  return Object.assign(new Error(`no answer within ${timeoutMs / 1_000} s`), { code: 'ETIMEDOUT' });
}

function unreachable(access: Access, cause: Error): BridgeheadError {
  const isUntrusted = untrusted.has(codeOf(cause)) || codeOf(cause) === 'PINNED';
  const running = 'systemctl status bridgehead-server, or bridgehead lab status';
  return new BridgeheadError(
    'SERVER_UNREACHABLE',
    `the server at ${access.url} cannot be reached: ${reasonOf(cause)}`,
    isUntrusted
      ? trustAdvice
      : `Check that it runs (${running}) and that the address from ${access.from} is right.`,
    { cause },
  );
}

const trustAdvice =
  'Name the authority that signed it: --ca FILE (ca.pem in the data folder of the server), ' +
  '--fingerprint, or NODE_EXTRA_CA_CERTS=/path/to/ca.pem';

/** Ends of a certificate's chain that nobody here vouches for (`openssl verify` lists them). */
const untrusted: ReadonlySet<string> = new Set([
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'there is no host of that name',
  EACCES: 'this user may not open it',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  EPROTO: 'the TLS handshake failed; perhaps it speaks http:// there',
};

function reasonOf(error: Error): string {
  const code = codeOf(error);
  if (untrusted.has(code)) return 'its certificate is from an authority that is not trusted here';
  return reasons[code] ?? error.message;
}

function codeOf(error: NodeJS.ErrnoException): string {
  return error.code ?? '';
}
