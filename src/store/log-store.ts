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
  /** Id of the boot in which a kernel said it; '' where that is not known. */
  readonly boot: string;
  /** Number of a kernel's record in its boot and source; null where it came without. */
  readonly sequence: number | null;
  /** The instance whose HAProxy said it; left out, or '', for none. */
  readonly instance?: string | undefined;
}

export interface StoredMessage extends UnstoredMessage {
  readonly instance: string;
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
  /** Only those before this one; left out or null for all. */
  readonly beforeId?: number | null;
  readonly limit: number;
}

/** What is kept; the oldest goes first. */
export interface LogRetention {
  /** Nothing that was received earlier, wall-clock milliseconds. */
  readonly beforeMs: number;
  readonly messages: number;
  /** Of the rows themselves, without the indexes. */
  readonly bytes: number;
}

export interface LogSize {
  readonly messages: number;
  /** Of the rows themselves; `diskBytes` has the indexes, and room that is free again. */
  readonly bytes: number;
  readonly diskBytes: number;
  /** When the oldest was received; null where there is none. */
  readonly oldestMs: number | null;
}

/** Messages of hosts' logs. Each function rejects with DATABASE_UNAVAILABLE where that is so. */
export interface LogStore {
  append(messages: readonly UnstoredMessage[]): Promise<void>;
  /**
   * Appends but for those that are there: same host, source, boot and sequence.
   *
   * @returns how many were new
   */
  appendOnce(messages: readonly UnstoredMessage[]): Promise<number>;
  /** In the order in which they were stored. */
  search(wanted: Wanted): Promise<readonly StoredMessage[]>;
  /** A message with so many before and after it of the same host, or of the same address. */
  around(id: number, lines: number): Promise<readonly StoredMessage[]>;
  /** Deletes what is not to be kept, but for what has come since the last time. @returns how many */
  prune(keep: LogRetention): Promise<number>;
  /** About how much there is. */
  size(): Promise<LogSize>;
}
