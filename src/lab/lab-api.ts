import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { z } from 'zod';
import { BridgeheadError } from '../domain/errors.ts';
import { errorBody } from '../protocol/shapes.ts';
import type { SchedulerPaths } from './paths.ts';

const answerBytesMax = 64 * 1024 * 1024;

/** An HTTP answer: its status and all of its body. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** One HTTP request over a unix socket; rejects when it cannot be made or has no answer in time. */
export function httpOverSocket(
  socketPath: string,
  call: {
    readonly method: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly timeoutMs: number;
  },
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath,
      method: call.method,
      path: call.path,
      headers: { host: 'lab', ...call.headers },
      signal: AbortSignal.timeout(call.timeoutMs),
      agent: false,
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytesMax) outgoing.destroy(new Error('answer over 64 MiB'));
        else chunks.push(chunk);
      });
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    outgoing.end(call.body);
  });
}

/**
 * Calls of the lab's own schedulers over their unix sockets, with the admin token that they share:
 * of the first that takes connections.
 */
export class LabApi {
  readonly #schedulers: readonly { readonly paths: SchedulerPaths }[];
  readonly #logs: string;

  /**
   * @param schedulers at least one
   * @param logs folder of their logs, for errors
   */
  constructor(schedulers: readonly { readonly paths: SchedulerPaths }[], logs: string) {
    this.#schedulers = schedulers;
    this.#logs = logs;
  }

  async token(): Promise<string> {
    const path = this.#schedulers[0]?.paths.adminToken ?? '';
    return (await readFile(path, 'utf8')).trim();
  }

  /**
   * One call; the answer is checked by `schema`.
   *
   * @throws BridgeheadError SERVER_UNREACHABLE, or the error that the API answered with
   */
  async call<Answer>(
    schema: z.ZodType<Answer>,
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    timeoutMs = 10_000,
  ): Promise<Answer> {
    const answer = await this.#send(method, path, body, timeoutMs);
    const json: unknown = answer.text === '' ? null : JSON.parse(answer.text);
    if (answer.status >= 400) {
      const refused = z.object({ error: errorBody }).safeParse(json);
      if (refused.success) throw BridgeheadError.from(refused.data.error);
      throw new Error(`${method} ${path}: status ${answer.status}: ${answer.text.slice(0, 500)}`);
    }
    return schema.parse(json);
  }

  async #send(method: string, path: string, body: unknown, timeoutMs: number): Promise<HttpAnswer> {
    let failure: unknown;
    for (const { paths } of this.#schedulers) {
      try {
        const headers = {
          authorization: `Bearer ${await this.token()}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        };
        return await httpOverSocket(paths.apiSocket, {
          method,
          path,
          headers,
          timeoutMs,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
      } catch (cause) {
        failure = new BridgeheadError(
          'SERVER_UNREACHABLE',
          `the lab's scheduler at ${paths.apiSocket} does not answer (${(cause as Error).message})`,
          `Run lab up again to bring it back; its log is in ${this.#logs}.`,
          { cause },
        );
        // Any other may have heard the request.
        const { code = '' } = cause as NodeJS.ErrnoException;
        if (code !== 'ECONNREFUSED' && code !== 'ENOENT') break;
      }
    }
    throw failure;
  }
}
