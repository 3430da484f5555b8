// Keeps the fleet as it is now, and says how old what is shown is.

import type { WatchBeat, WatchDelete, WatchPut } from '../src/protocol/watch-views.ts';
import { CallError, isIn, me, open, recognize } from './api.ts';
import { Cell } from './cell.ts';
import { EventReader, type StreamEvent } from './event-stream.ts';
import { FleetBook, fleet } from './fleet.ts';

const path = '/v1/watch?kinds=host,instance,operation,incident,event';
/** The scheduler sends something every 5 s; a stream that is silent for longer is dead. */
const silentMaxMs = 12_000;
const retryMs = 1_000;
/** What comes at once is drawn at once. */
const drawMs = 40;
const beatMs = 1_000;

export interface Link {
  /** When the scheduler was heard last, by this machine's clock; null before the first time. */
  readonly heardMs: number | null;
  /** Why it is not heard now; null where it is. */
  readonly failure: string | null;
  /** How long its store had not answered it when it was heard last. */
  readonly behindMs: number;
}

export const link = new Cell<Link>({ heardMs: null, failure: null, behindMs: 0 });

/** Counts changes, and seconds: what else is shown is asked for anew with it. */
export const beat = new Cell(0);

const book = new FleetBook();
let lastId: string | null = null;
let isSynced = false;
let drawing: ReturnType<typeof setTimeout> | null = null;

/** Asks for what is shown beside the fleet at once, as after something was done. */
export function refresh(): void {
  beat.value += 1;
}

/** Runs as long as the page does. */
export async function keepLive(): Promise<never> {
  setInterval(() => {
    if (!document.hidden && link.value.failure === null && isIn.value) refresh();
  }, beatMs);
  for (;;) {
    if (me.value === undefined) await recognize().catch((error) => fail(reasonOf(error)));
    if (isIn.value) await follow();
    const waiting = Promise.withResolvers<void>();
    const timer = setTimeout(waiting.resolve, retryMs);
    const stop = isIn.listen(waiting.resolve);
    await waiting.promise;
    clearTimeout(timer);
    stop();
  }
}

/** Follows the fleet until the stream ends. */
async function follow(): Promise<void> {
  const leaving = new AbortController();
  let watchdog = setTimeout(() => leaving.abort(), silentMaxMs);
  const stop = isIn.listen(() => leaving.abort());
  try {
    const headers = lastId === null ? {} : { 'last-event-id': lastId };
    const body = await open(path, headers, leaving.signal);
    const reader = new EventReader();
    const chunks = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let next = await chunks.read(); !next.done; next = await chunks.read()) {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => leaving.abort(), silentMaxMs);
      for (const event of reader.take(next.value)) take(event);
      const { behindMs } = link.value;
      link.value = { heardMs: Date.now(), failure: null, behindMs };
      draw();
    }
    fail('the stream ended');
  } catch (error) {
    fail(leaving.signal.aborted ? 'it says nothing any more' : reasonOf(error));
  } finally {
    clearTimeout(watchdog);
    stop();
    leaving.abort();
  }
}

function take({ id, kind, data }: StreamEvent): void {
  if (id !== null) lastId = id;
  if (kind === 'reset') {
    isSynced = false;
    book.reset();
  } else if (kind === 'put') book.put(JSON.parse(data) as WatchPut);
  else if (kind === 'delete') book.delete(JSON.parse(data) as WatchDelete);
  else if (kind === 'synced' || kind === 'beat') {
    isSynced = true;
    const { atMs, seenMs } = JSON.parse(data) as WatchBeat;
    link.value = { ...link.value, behindMs: Math.max(0, atMs - seenMs) };
  }
}

function draw(): void {
  if (!isSynced || drawing !== null) return;
  drawing = setTimeout(() => {
    drawing = null;
    if (!isSynced) return;
    fleet.value = book.fleet();
    refresh();
  }, drawMs);
}

function fail(failure: string): void {
  const { heardMs, behindMs } = link.value;
  link.value = { heardMs, failure, behindMs };
}

function reasonOf(error: unknown): string {
  return error instanceof CallError ? error.message : String(error);
}
