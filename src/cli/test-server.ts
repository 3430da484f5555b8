// A real HTTP server for tests, on TCP or a unix socket, that answers what the test tells it to.

import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { BridgeheadError } from '../domain/errors.ts';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** Its Idempotency-Key. */
  readonly key: string | undefined;
  /** The body, parsed; undefined for none. */
  readonly body: unknown;
}

/** In place of an answer: the connection is cut. */
export const cut = { connection: 'cut' } as const;

/** An answer: a value is sent with 200, an error as the API sends one; a string as it is. */
export type Answer = (seen: Seen) => unknown;

export interface Where {
  readonly socket?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
}

export class TestServer implements AsyncDisposable {
  readonly url: string;
  readonly seen: readonly Seen[];
  readonly #server: Server;

  private constructor(url: string, seen: readonly Seen[], server: Server) {
    this.url = url;
    this.seen = seen;
    this.#server = server;
  }

  /**
   * Listens on any free port of 127.0.0.1, with TLS where a certificate is given, or on the socket
   * of that path. Token: `secret`.
   */
  static async start(
    answers: Readonly<Record<string, Answer>>,
    { socket, tls }: Where = {},
  ): Promise<TestServer> {
    const seen: Seen[] = [];
    const listener: RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const one: Seen = {
          method: request.method ?? '',
          path: request.url ?? '',
          authorization: request.headers.authorization,
          key: request.headers['idempotency-key'] as string | undefined,
          body: text === '' ? undefined : (JSON.parse(text) as unknown),
        };
        seen.push(one);
        const { status, body } = answerTo(one, answers);
        if (body === JSON.stringify(cut)) return request.socket.resetAndDestroy();
        response.writeHead(status, { 'content-type': 'application/json' }).end(body);
      });
    };
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    await new Promise<void>((resolve) => {
      if (socket === undefined) server.listen(0, '127.0.0.1', resolve);
      else server.listen(socket, resolve);
    });
    const address = server.address();
    const url =
      typeof address === 'object' && address !== null
        ? `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`
        : `unix:${socket ?? ''}`;
    return new TestServer(url, seen, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}

/** In what order the words of a query come means nothing. */
function inOrder(request: string): string {
  const [path, query = ''] = request.split('?');
  return `${path}?${query.split('&').toSorted().join('&')}`;
}

function answerTo(
  seen: Seen,
  answers: Readonly<Record<string, Answer>>,
): { readonly status: number; readonly body: string } {
  const asked = `${seen.method} ${seen.path}`;
  const named = Object.keys(answers).find((name) => inOrder(name) === inOrder(asked));
  const answer = answers[named ?? asked];
  let value: unknown;
  if (seen.authorization !== 'Bearer secret') {
    value = new BridgeheadError(
      'UNAUTHORIZED',
      'the token is not one of this scheduler',
      'Give it.',
    );
  } else if (answer === undefined) {
    value = new BridgeheadError('NOT_FOUND', `there is no ${seen.path}`, 'See what there is.');
  } else value = answer(seen);
  if (value instanceof BridgeheadError) {
    return { status: value.status, body: JSON.stringify({ error: value.body() }) };
  }
  return { status: 200, body: typeof value === 'string' ? value : JSON.stringify(value) };
}
