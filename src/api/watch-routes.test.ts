// The fleet as one follows it over HTTP, on a socket of its own.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { InstanceName } from '../domain/ids.ts';
import { watchBeat, watchDelete, watchPut, watchReset } from '../protocol/watch-views.ts';
import { FleetFeed } from '../scheduler/fleet-feed.ts';
import type { Fleet } from '../scheduler/test-fleet.ts';
import { systemClock } from '../system/clock.ts';
import { type ApiScene, apiScene, authorization } from './test-api.ts';

let scene: ApiScene;
let fleet: Fleet;
let api: FastifyInstance;
let url: string;

before(async () => {
  scene = await apiScene(undefined, (store, { scheduler }) => {
    const parts = { store, marks: store.changes, scheduler, clock: systemClock };
    const limits = { changes: 30, chars: 1_000_000 };
    return { feed: new FleetFeed({ ...parts, run: 'run-1', limits, log: () => undefined }) };
  });
  ({ fleet, api } = scene);
  url = await api.listen({ host: '127.0.0.1', port: 0 });
});

after(() => scene?.[Symbol.asyncDispose]());

const shapes = {
  put: watchPut,
  delete: watchDelete,
  reset: watchReset,
  synced: watchBeat,
  beat: watchBeat,
};

interface Told {
  readonly event: string;
  readonly id: string | null;
  readonly data: { readonly kind?: string; readonly name?: string; readonly object?: unknown };
}

/** One who watches, and has each event checked by its schema. */
class Watcher implements AsyncDisposable {
  readonly #answer: Response;
  readonly #abort: AbortController;
  readonly #told: AsyncGenerator<Told>;

  private constructor(answer: Response, abort: AbortController, told: AsyncGenerator<Told>) {
    // Kept: fetch cancels a body that nobody has read when its answer is collected.
    this.#answer = answer;
    this.#abort = abort;
    this.#told = told;
  }

  static async start(query = '', lastId: string | null = null): Promise<Watcher> {
    const abort = new AbortController();
    const resume = lastId === null ? {} : { 'last-event-id': lastId };
    const answer = await fetch(`${url}/v1/watch${query}`, {
      headers: { authorization, ...resume },
      signal: abort.signal,
    });
    assert.ok(answer.body !== null);
    return new Watcher(answer, abort, read(answer.body));
  }

  get status(): number {
    return this.#answer.status;
  }

  /** The next of which this is true, and all before it. */
  async until(is: (told: Told) => boolean): Promise<readonly [Told, ...Told[]]> {
    const before: Told[] = [];
    for (;;) {
      const { value, done } = await this.#told.next();
      if (done === true) throw new Error('the stream has ended');
      if (is(value)) return [value, ...before];
      before.push(value);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#told.return(undefined).catch(() => undefined);
  }
}

async function* read(body: ReadableStream<Uint8Array>): AsyncGenerator<Told> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of body) {
    text += decoder.decode(piece, { stream: true });
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const fields = new Map(
        frame.split('\n').map((line): [string, string] => {
          const at = line.indexOf(': ');
          return [line.slice(0, at), line.slice(at + 2)];
        }),
      );
      const event = fields.get('event') ?? '';
      const shape = shapes[event as keyof typeof shapes];
      const data = shape.parse(JSON.parse(fields.get('data') ?? '')) as Told['data'];
      yield { event, id: fields.get('id') ?? null, data };
    }
  }
}

const isSynced = ({ event }: Told) => event === 'synced';
async function cordon(host: string, what: 'cordon' | 'uncordon'): Promise<void> {
  const path = `/v1/hosts/${host}/${what}`;
  const request = { method: 'POST' as const, url: path, headers: { authorization }, payload: {} };
  assert.equal((await api.inject(request)).statusCode, 200);
}
const isHost =
  (name: string, isCordoned: boolean) =>
  ({ event, data }: Told): boolean =>
    event === 'put' &&
    data.kind === 'host' &&
    data.name === name &&
    ((data.object as { cordonReason: string | null }).cordonReason !== null) === isCordoned;

test('a watch begins with all there is, and goes on with what changes', async () => {
  await using watcher = await Watcher.start();
  assert.equal(watcher.status, 200);
  const [, reset, ...rest] = await watcher.until(isSynced);
  assert.equal(reset?.event, 'reset');
  const names = (kind: string) =>
    rest.filter(({ data }) => data.kind === kind).map(({ data }) => data.name);
  assert.deepEqual(names('host'), ['host-1', 'host-2', 'host-3']);
  assert.deepEqual(names('instance'), ['web']);
  assert.deepEqual(names('pool'), ['public']);
  assert.ok(names('event').length > 0 && names('operation').length > 0);
  await cordon('host-2', 'cordon');
  const [told] = await watcher.until(isHost('host-2', true));
  assert.match(told.id ?? '', /^run-1\.\d+$/);
  await watcher.until(
    ({ data }) =>
      data.kind === 'event' && (data.object as { kind: string }).kind === 'host.cordoned',
  );
  await cordon('host-2', 'uncordon');
  await watcher.until(isHost('host-2', false));
});

test('only the kinds that are asked for', async () => {
  await using watcher = await Watcher.start('?kinds=pool,host');
  const [, reset, ...rest] = await watcher.until(isSynced);
  assert.equal(reset?.event, 'reset');
  assert.deepEqual([...new Set(rest.map(({ data }) => data.kind))], ['host', 'pool']);
});

test('what an operation does is told step by step to its end', async () => {
  await using watcher = await Watcher.start('?kinds=operation,instance');
  await watcher.until(isSynced);
  const view = await fleet.scheduler.viewSource();
  const [assignment] = view.fleet.assignments;
  const target = ['host-1', 'host-2', 'host-3'].find((name) => name !== assignment?.host);
  const { id } = await fleet.scheduler.migrate('web' as InstanceName, target as never, {
    ...{ reason: '', who: 'test', mayWait: false, key: null },
  });
  const isDone = ({ data }: Told) =>
    data.name === id && (data.object as { state: string }).state === 'done';
  const isMoved = ({ data }: Told) =>
    data.name === 'web' && (data.object as { host: string }).host === target;
  const [done, ...before] = await watcher.until(isDone);
  assert.equal((done.data.object as { kind: string }).kind, 'migrate');
  if (!before.some(isMoved)) await watcher.until(isMoved);
});

test('a watch that was cut goes on where it was, without a beginning', async () => {
  let id: string | null = null;
  {
    await using watcher = await Watcher.start('?kinds=host');
    [{ id }] = await watcher.until(isSynced);
  }
  await cordon('host-3', 'cordon');
  await using again = await Watcher.start('?kinds=host', id);
  const [, ...before] = await again.until(isHost('host-3', true));
  assert.ok(before.every(({ event }) => event === 'put'));
  await cordon('host-3', 'uncordon');
  await again.until(isHost('host-3', false));
});

for (const [what, lastId] of [
  ['another run', 'run-0.1'],
  ['the future', 'run-1.999999'],
  ['no number', 'run-1.x'],
  ['nonsense', 'x'],
] as const) {
  test(`a watch that goes on from ${what} begins anew`, async () => {
    await using watcher = await Watcher.start('?kinds=host', lastId);
    const [first] = await watcher.until(() => true);
    assert.equal(first.event, 'reset');
    await watcher.until(isSynced);
  });
}

test('a watch that goes on from what is forgotten begins anew', async () => {
  await using other = await Watcher.start('?kinds=event');
  const [{ id }] = await other.until(isSynced);
  for (let round = 0; round < 2; round += 1) {
    for (let count = 0; count < 20; count += 1) fleet.scheduler.note('test.noted', 'host/x', 'so');
    for (let count = 0; count < 20; count += 1) await other.until(({ event }) => event === 'put');
  }
  await using watcher = await Watcher.start('?kinds=host', id);
  const [first] = await watcher.until(() => true);
  assert.equal(first.event, 'reset');
});

test('no more than a hundred watch, and a place is free again when one goes', async () => {
  // Those of the tests before may still be going.
  const watchers = await Promise.all(Array.from({ length: 100 }, placed));
  for (const one of watchers) await one.until(isSynced);
  const answer = await fetch(`${url}/v1/watch`, { headers: { authorization } });
  assert.equal(answer.status, 503);
  assert.match(await answer.text(), /WATCH_FULL/);
  for (const one of watchers) await one[Symbol.asyncDispose]();
  await (await placed())[Symbol.asyncDispose]();
});

async function placed(): Promise<Watcher> {
  for (let looks = 0; ; looks += 1) {
    const one = await Watcher.start('?kinds=pool');
    if (one.status === 200) return one;
    await one[Symbol.asyncDispose]();
    assert.ok(looks < 500);
    await systemClock.sleep(10);
  }
}
