import type { LogMessage } from '../logs/message.ts';
import type { SearchTerm } from '../logs/query.ts';

/** A message on its way into the store. */
export interface UnstoredMessage extends LogMessage {
  /** Wall clock of whoever received it, milliseconds. */
  readonly receivedMs: number;
  /** The enrolled host that it is from; '' where that is not known. */
  readonly host: string;
  /** The address that it came from. */
  readonly source: string;
  /** How many of the same came one after the other. */
  readonly repeats: number;
}

export interface StoredMessage extends UnstoredMessage {
  /** Grows in the order in which messages were stored. */
  readonly id: number;
}

/** Which messages are wanted: all terms have to hold. Times are those of receipt. */
export interface Wanted {
  readonly terms: readonly SearchTerm[];
  readonly sinceMs: number | null;
  readonly untilMs: number | null;
  /** The next so many after this one; null for the newest. */
  readonly afterId: number | null;
  readonly limit: number;
}

/** Messages of hosts' logs. Each function rejects with DATABASE_UNAVAILABLE where that is so. */
export interface LogStore {
  append(messages: readonly UnstoredMessage[]): Promise<void>;
  /** In the order in which they were stored. */
  search(wanted: Wanted): Promise<readonly StoredMessage[]>;
  /** A message with so many before and after it of the same host, or of the same address. */
  around(id: number, lines: number): Promise<readonly StoredMessage[]>;
  /** Deletes what was received earlier, and the oldest beyond `most`. @returns how many */
  prune(beforeMs: number, most: number): Promise<number>;
}
