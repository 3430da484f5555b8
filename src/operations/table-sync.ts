import type { Epoch, HostName, InstanceId } from '../domain/ids.ts';
import type { SyncedSection } from '../haproxy/migration-peers.ts';
import { relayOpened, relayPiece, relayWritten } from '../protocol/relay-frames.ts';
import type { Hands } from './hands.ts';

/** HAProxy looks for its peer once in 5 seconds. */
const openWaitMs = 7_000;
const readWaitMs = 250;
const writeWaitMs = 1_000;
/** What an answer may take beside the wait that it was asked for. */
const answerMs = 3_000;
/** Most sections of one instance that are carried at once; the others' tables begin anew. */
export const sectionsMax = 8;
/** Pieces that may still come once the end was asked for: a source that talks on is cut off. */
const lastPiecesMax = 32;

/** The hosts, and the instance whose tables go from one to the other. */
export interface TableSyncParts {
  readonly hands: Pick<Hands, 'ask'>;
  readonly instance: InstanceId;
  /** Of the source's grant, under which the target stands by. */
  readonly epoch: Epoch;
  readonly source: HostName;
  readonly target: HostName;
  readonly sections: readonly SyncedSection[];
}

/**
 * Carries stick tables from one host's HAProxy to another's, in HAProxy's own peers protocol: first
 * all that is in them, then each change, until {@link end}. Goes on in the background and fails
 * nobody: what went wrong is in {@link problems}.
 */
export class TableSync {
  readonly #sections: readonly SectionSync[];

  /** Begins at once. */
  constructor(parts: TableSyncParts) {
    this.#sections = parts.sections
      .slice(0, sectionsMax)
      .map((section) => new SectionSync(parts, section));
  }

  /** True once the target has learned all tables, or cannot. */
  get isSettled(): boolean {
    return this.#sections.every(({ isLearned, problem }) => isLearned || problem !== null);
  }

  /** Sections whose tables the target has said to have learned whole. */
  get learned(): readonly string[] {
    return this.#sections.filter(({ isLearned }) => isLearned).map(({ name }) => name);
  }

  /** What kept the other sections from it so far, each as a text for people. */
  get problems(): readonly string[] {
    return this.#sections.flatMap(({ isLearned, problem, name }) =>
      isLearned ? [] : [`${name}: ${problem ?? 'not all has come over yet'}`],
    );
  }

  /** Carries what the source has said until now, and then no more. Never rejects. */
  async end(): Promise<void> {
    await Promise.all(this.#sections.map((section) => section.end()));
  }
}

class SectionSync {
  readonly name: string;
  isLearned = false;
  problem: string | null = null;
  readonly #parts: TableSyncParts;
  readonly #socket: string;
  readonly #done: Promise<void>;
  #isEnding = false;

  constructor(parts: TableSyncParts, { name, socket }: SyncedSection) {
    this.name = name;
    this.#parts = parts;
    this.#socket = socket;
    this.#done = this.#run().catch((error: unknown) => {
      this.problem = error instanceof Error ? error.message : String(error);
    });
  }

  end(): Promise<void> {
    this.#isEnding = true;
    return this.#done;
  }

  async #run(): Promise<void> {
    const { source, target } = this.#parts;
    const ends = [
      { host: source, end: 'source' },
      { host: target, end: 'target' },
    ] as const;
    const opened = await Promise.allSettled(ends.map(({ host, end }) => this.#open(host, end)));
    try {
      const [from, to] = opened.map((one) => {
        if (one.status === 'rejected') throw one.reason;
        return one.value;
      });
      if (from === undefined || to === undefined) throw new Error('a relay without two ends');
      await this.#carry(from, to);
    } finally {
      const closing = opened.map(async (one, index) => {
        const host = ends[index]?.host;
        if (one.status === 'rejected' || host === undefined) return;
        await this.#ask(host, { kind: 'relay-close', relay: one.value }, 0);
      });
      // One that is not told ends by itself.
      await Promise.allSettled(closing);
    }
  }

  async #open(host: HostName, end: 'source' | 'target'): Promise<number> {
    const { instance, epoch } = this.#parts;
    const socket = this.#socket;
    const answer = await this.#ask(
      host,
      { kind: 'relay-open', instance, epoch, end, socket, waitMs: openWaitMs },
      // As long for the connection, and again for the greeting.
      2 * openWaitMs,
    );
    return relayOpened.parse(answer).relay;
  }

  // One piece at a time: the source's agent keeps what it may, and its HAProxy the rest.
  async #carry(from: number, to: number): Promise<void> {
    const { source, target } = this.#parts;
    for (let last = 0; last < lastPiecesMax; ) {
      const isLast = this.#isEnding;
      const waitMs = isLast ? 0 : readWaitMs;
      const read = { kind: 'relay-read', relay: from, waitMs } as const;
      const { data, isTaught } = relayPiece.parse(await this.#ask(source, read, waitMs));
      if (data !== '' || (isTaught && !this.isLearned)) {
        const write = { kind: 'relay-write', relay: to, data, waitMs: writeWaitMs } as const;
        const written = relayWritten.parse(await this.#ask(target, write, writeWaitMs));
        this.isLearned = written.isLearned;
      } else if (isLast) {
        return;
      }
      if (isLast) last += 1;
    }
  }

  #ask(host: HostName, body: Parameters<Hands['ask']>[1], waitMs: number): Promise<unknown> {
    return this.#parts.hands.ask(host, body, waitMs + answerMs);
  }
}
