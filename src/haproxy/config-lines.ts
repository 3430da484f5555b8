import { tokenizeLine, type Word } from './tokenize.ts';

/** A section of a configuration: what its header line says. */
export interface Section {
  /** Such as `frontend`. */
  readonly keyword: string;
  /** Empty where the header names none. */
  readonly name: string;
  /** Line of the header, from 1. */
  readonly line: number;
}

/** One line of a configuration with where it stands. */
export interface ConfigLine {
  /** From 1. */
  readonly number: number;
  /** As written, without the line feed; a carriage return before it is kept. */
  readonly text: string;
  readonly words: readonly Word[];
  /** Section it belongs to, its own header included; null before the first one. */
  readonly section: Section | null;
  readonly isHeader: boolean;
  /** True between `.if` and `.endif`: only HAProxy knows whether it is read. */
  readonly isConditional: boolean;
}

// Every section that HAProxy 2.6 knows, and those that came with later versions.
const sectionKeywords = new Set([
  'acme',
  'backend',
  'cache',
  'crt-store',
  'defaults',
  'fcgi-app',
  'frontend',
  'global',
  'http-errors',
  'listen',
  'log-forward',
  'log-profile',
  'mailers',
  'namespace_list',
  'peers',
  'program',
  'resolvers',
  'ring',
  'traces',
  'userlist',
]);

/** Cuts a text into lines at line feeds, as HAProxy reads it; an end without one is a line too. */
export function splitLines(text: string): readonly string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Reads a configuration into lines with their words and sections. Never fails. */
export function readConfig(text: string): readonly ConfigLine[] {
  let section: Section | null = null;
  let depth = 0;
  return splitLines(text).map((line, index) => {
    const number = index + 1;
    const words = tokenizeLine(line);
    const first = words[0]?.text ?? '';
    const isHeader = sectionKeywords.has(first);
    if (isHeader) section = { keyword: first, name: words[1]?.text ?? '', line: number };
    if (first === '.endif') depth = Math.max(0, depth - 1);
    const isConditional = depth > 0;
    if (first === '.if') depth += 1;
    return { number, text: line, words, section, isHeader, isConditional };
  });
}
