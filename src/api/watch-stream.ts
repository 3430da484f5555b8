// What one follower of the fleet is sent, as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html).

import type { Clock } from '../domain/clock.ts';
import type { WatchBeat, WatchKind } from '../protocol/watch-views.ts';
import type { FeedChange, FeedItem } from '../scheduler/feed-ring.ts';
import type { FleetFeed } from '../scheduler/fleet-feed.ts';

export const beatPeriodMs = 5_000;
/** Characters that are handed to the connection at once. */
const pieceCharsMin = 64 * 1024;
/** How long a connection may take to get rid of a piece. */
const slowMaxMs = 30_000;

/** Which of what is watched a follower may see. */
export type WatchScope = (about: Pick<FeedItem, 'kind' | 'name' | 'owners'>) => boolean;

export interface WatchRequest {
  /** All kinds where it is null. */
  readonly kinds: ReadonlySet<WatchKind> | null;
  /** `RUN.SEQ` of the last event that the follower has seen; null where it has seen none. */
  readonly lastId: string | null;
  /** Asked at the beginning and with each beat. It throws where the follower may see nothing any more. */
  readonly scope: () => Promise<WatchScope>;
}

/**
 * The pieces of one stream. Nothing is kept for a follower but the number of the last change it was
 * sent: the piece after is made when the connection has taken the one before. Who falls behind the
 * ring is let go.
 */
export class WatchStream {
  readonly #feed: FleetFeed;
  readonly #clock: Clock;
  readonly #request: WatchRequest;
  #wake: () => void = () => undefined;
  #isEnded = false;
  #isBeatDue = false;
  /** When the piece that the connection has not taken yet was handed to it. */
  #handedMs: number | null = null;
  #scope: WatchScope = () => false;

  constructor(feed: FleetFeed, clock: Clock, request: WatchRequest) {
    this.#feed = feed;
    this.#clock = clock;
    this.#request = request;
  }

  /** True where the connection has taken nothing for so long that it is to be cut. */
  get isStuck(): boolean {
    return this.#handedMs !== null && this.#clock.monotonicMs() - this.#handedMs > slowMaxMs;
  }

  /** There may be something to send. */
  news(): void {
    this.#wake();
  }

  beat(): void {
    this.#isBeatDue = true;
    this.#wake();
  }

  /** Nobody is there any more. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async *pieces(): AsyncGenerator<string> {
    this.#scope = await this.#request.scope();
    const { ring } = this.#feed;
    let seq = this.#resumed();
    if (seq === null) {
      seq = ring.last;
      for (const piece of this.#joined(this.#snapshot())) yield* this.#handed(piece);
      yield frame('synced', this.#idOf(seq), this.#now());
    }
    while (!this.#isEnded && ring.reaches(seq)) {
      const until = ring.last;
      const from = seq;
      for (const piece of this.#joined(this.#changes(from, until))) yield* this.#handed(piece);
      seq = until;
      if (this.#isBeatDue) {
        this.#isBeatDue = false;
        this.#scope = await this.#request.scope();
        yield* this.#handed(frame('beat', this.#idOf(seq), this.#now()));
      }
      if (ring.last === seq && !this.#isBeatDue && !this.#isEnded) await this.#idle();
    }
  }

  /** Where the follower goes on; null where it has to begin anew. */
  #resumed(): number | null {
    const match = /^(.+)\.(\d{1,15})$/.exec(this.#request.lastId ?? '');
    const seq = Number(match?.[2]);
    return match?.[1] === this.#feed.run && this.#feed.ring.reaches(seq) ? seq : null;
  }

  *#snapshot(): Generator<string> {
    const why =
      this.#request.lastId === null ? 'a new watch' : 'what followed is not known here any more';
    yield frame('reset', null, JSON.stringify({ why }));
    for (const { json, ...about } of this.#feed.items) {
      if (this.#isWanted(about)) yield putFrame(null, about, json);
    }
  }

  *#changes(from: number, until: number): Generator<string> {
    for (let seq = from + 1; seq <= until; seq += 1) {
      const change = this.#feed.ring.at(seq);
      if (change !== undefined && this.#isWanted(change)) yield this.#changeFrame(change);
    }
  }

  #isWanted(about: Pick<FeedItem, 'kind' | 'name' | 'owners'>): boolean {
    const { kinds } = this.#request;
    return (kinds === null || kinds.has(about.kind)) && this.#scope(about);
  }

  #changeFrame({ json, seq, kind, name }: FeedChange): string {
    const id = this.#idOf(seq);
    return json === null
      ? frame('delete', id, JSON.stringify({ kind, name }))
      : putFrame(id, { kind, name }, json);
  }

  #idOf(seq: number): string {
    return `${this.#feed.run}.${seq}`;
  }

  #now(): string {
    const beat: WatchBeat = { atMs: this.#clock.wallMs(), seenMs: this.#feed.seenMs };
    return JSON.stringify(beat);
  }

  *#handed(piece: string): Generator<string> {
    this.#handedMs = this.#clock.monotonicMs();
    yield piece;
    this.#handedMs = null;
  }

  *#joined(frames: Iterable<string>): Generator<string> {
    let piece = '';
    for (const one of frames) {
      piece += one;
      if (piece.length < pieceCharsMin) continue;
      yield piece;
      piece = '';
    }
    if (piece !== '') yield piece;
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function putFrame(
  id: string | null,
  { kind, name }: Pick<FeedItem, 'kind' | 'name'>,
  json: string,
): string {
  const about = JSON.stringify({ kind, name }).slice(0, -1);
  return frame('put', id, `${about},"object":${json}}`);
}

// JSON has no line breaks, which would end the data.
function frame(event: string, id: string | null, data: string): string {
  return `${id === null ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;
}
