// The lab's API, asked directly: a command for each request would take longer than the requests.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { labContextPath } from '../../src/lab/paths.ts';
import {
  hostView,
  type InstanceView,
  instanceView,
  type OperationView,
  operationView,
  statusView,
} from '../../src/protocol/api.ts';
import { errorBody } from '../../src/protocol/shapes.ts';
import { eventually } from './lab-under-test.ts';

const timeoutMs = 30_000;
const context = z.object({ url: z.string(), token: z.string() });

/** What came of a request to migrate: the operation's record, or the refusal. */
export type MigrateAnswer =
  | { readonly isTaken: true; readonly operation: OperationView }
  | {
      readonly isTaken: false;
      readonly status: number;
      readonly error: z.infer<typeof errorBody>;
    };

/** An instance that serves on `host`. */
export type Settled = Omit<InstanceView, 'host'> & { readonly host: string };

/** Calls of one lab's API. */
export class LabClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  private constructor({ url, token }: z.infer<typeof context>) {
    this.#url = url;
    this.#headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  }

  /** A client of the lab of that name, which is up. */
  static async of(labName: string): Promise<LabClient> {
    const text = await readFile(labContextPath(labName), 'utf8');
    return new LabClient(context.parse(JSON.parse(text)));
  }

  async instance(name: string): Promise<InstanceView> {
    return instanceView.parse(await this.#get(`/v1/instances/${name}`));
  }

  /** Waits until the instance serves, with nothing under way. */
  async settled(name: string, limitMs = 30_000): Promise<Settled> {
    return eventually(async () => {
      const seen = await this.instance(name);
      assert.deepEqual([seen.phase, seen.operation], ['serving', null], name);
      return { ...seen, host: seen.host ?? '' };
    }, limitMs);
  }

  /** Waits until the scheduler has heard of every host later than `sinceMs`, in milliseconds since 1970. */
  async heardOfAll(sinceMs: number): Promise<void> {
    await eventually(async () => {
      const { items } = z.object({ items: z.array(hostView) }).parse(await this.#get('/v1/hosts'));
      const missing = items.filter(
        ({ state, lastSeenMs }) => state !== 'ready' || (lastSeenMs ?? 0) < sinceMs,
      );
      assert.deepEqual(
        missing.map((host) => host.name),
        [],
      );
      const { hosts } = statusView.parse(await this.#get('/v1/status'));
      assert.equal(hosts.heard, hosts.total, 'the scheduler itself hears them');
    });
  }

  /** Asks for a migration; a refusal is an answer like another. */
  async migrate(name: string, to: string, reason: string): Promise<MigrateAnswer> {
    const answer = await this.#send('POST', `/v1/instances/${name}/migrate`, { to, reason });
    const body: unknown = await answer.json();
    if (answer.status === 202) return { isTaken: true, operation: operationView.parse(body) };
    const { error } = z.object({ error: errorBody }).parse(body);
    return { isTaken: false, status: answer.status, error };
  }

  async operation(id: string): Promise<OperationView> {
    return operationView.parse(await this.#get(`/v1/operations/${id}`));
  }

  /** The operation's record once it has ended. */
  async ended(id: string, limitMs = 60_000): Promise<OperationView> {
    return eventually(async () => {
      const seen = await this.operation(id);
      assert.notEqual(seen.endedMs, null, `it goes on: ${JSON.stringify(seen.steps.at(-1))}`);
      return seen;
    }, limitMs);
  }

  /** Applies a text as a spec. @returns the status of the answer */
  async apply(text: string): Promise<number> {
    const answer = await this.#send('POST', '/v1/apply', { source: 'test', text });
    await answer.arrayBuffer();
    return answer.status;
  }

  async #get(path: string): Promise<unknown> {
    const answer = await this.#send('GET', path);
    const body: unknown = await answer.json();
    assert.equal(answer.status, 200, `${path}: ${JSON.stringify(body)}`);
    return body;
  }

  #send(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      method,
      headers: this.#headers,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}
