import type { ConfigLine } from '../config-lines.ts';

/**
 * What became of one line.
 *
 * - `kept`: stands in the configuration as it was written
 * - `changed`: stands there in other words, which do the same
 * - `moved`: its value is a field of the spec now
 * - `managed`: Bridgehead sees to it, so that the line is left out
 * - `refused`: cannot be taken; somebody has to decide
 */
export type Fate = 'kept' | 'changed' | 'moved' | 'managed' | 'refused';

/** Every fate, in the order in which a summary names them. */
export const fates: readonly Fate[] = ['kept', 'changed', 'moved', 'managed', 'refused'];

/** A file of the configuration that is imported. */
export interface ImportFile {
  /** As a person knows it; shown in the report. */
  readonly name: string;
  readonly text: string;
  /** `latin1` where the bytes are no UTF-8, so that not all of its lines mean what they show. */
  readonly encoding: 'utf-8' | 'latin1';
}

/** A line of one of the files, with the number of its file in the list. */
export interface SourceLine {
  readonly file: ImportFile;
  readonly line: ConfigLine;
  /** How the line was written, where names of certificates stand in it now. */
  readonly was?: string;
}

/** What became of a line, before the whole is put together. */
export interface Verdict {
  readonly fate: Fate;
  /** Why, and where it is now; empty for a line that is kept. */
  readonly detail: string;
  /** Column of the word that decided, from 1. */
  readonly column: number;
  /** What stands in the configuration for the line. */
  readonly texts: readonly string[];
  /** What may not be as it was, though the line is there. */
  readonly warnings: readonly string[];
  /** Fields of the spec that the line sets. */
  readonly sets?: SpecFields | undefined;
}

/** The verdict on a line that cannot be taken. */
export function refusal(detail: string, column: number): Verdict {
  return { fate: 'refused', detail, column, texts: [], warnings: [] };
}

/** Fields of the instance that lines of a configuration set. */
export interface SpecFields {
  readonly maxConnections?: number | undefined;
  readonly notes?: string | undefined;
  readonly node?: string | undefined;
}

/** A part of a line that is replaced. `start` and `end` are offsets in the line. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The line with its edits made. They must not overlap. */
export function edited(text: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

/** The edit that takes `count` words from the line, with the blanks before them. */
export function withoutWords(line: ConfigLine, at: number, count: number): Edit {
  const end = line.words[Math.min(at + count, line.words.length) - 1]?.end ?? line.text.length;
  return { start: line.words[at - 1]?.end ?? 0, end, text: '' };
}
