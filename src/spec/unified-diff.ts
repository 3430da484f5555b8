import { type DiffLine, diffLines } from './line-diff.ts';

const contextLines = 3;

/**
 * What changed between two texts as hunks of a unified diff with three lines of context (POSIX
 * `diff -u`, without the two lines that name the files). Empty where nothing did.
 */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return '';
  const lines = diffLines(linesOf(before), linesOf(after));
  return hunksOf(lines)
    .map(({ from, to }) => hunkText(lines, from, to))
    .join('\n');
}

const noLineFeed = '\n\\ No newline at end of file';

// The missing line feed is made part of the last line, so that it shows as a difference.
function linesOf(text: string): readonly string[] {
  if (text === '') return [];
  if (text.endsWith('\n')) return text.slice(0, -1).split('\n');
  return `${text}${noLineFeed}`.split(/\n(?!\\ No newline at end of file$)/);
}

interface Hunk {
  readonly from: number;
  /** Behind the last line. */
  readonly to: number;
}

function hunksOf(lines: readonly DiffLine[]): readonly Hunk[] {
  const hunks: Hunk[] = [];
  for (const [index, { kind }] of lines.entries()) {
    if (kind === 'same') continue;
    const from = Math.max(0, index - contextLines);
    const to = Math.min(lines.length, index + 1 + contextLines);
    const last = hunks.at(-1);
    if (last !== undefined && from <= last.to) hunks[hunks.length - 1] = { from: last.from, to };
    else hunks.push({ from, to });
  }
  return hunks;
}

const marks = { same: ' ', old: '-', new: '+' } as const;

function hunkText(lines: readonly DiffLine[], from: number, to: number): string {
  const hunk = lines.slice(from, to);
  const oldBefore = count(lines, 0, from, 'new');
  const newBefore = count(lines, 0, from, 'old');
  const old = extent(oldBefore, count(lines, from, to, 'new'));
  const fresh = extent(newBefore, count(lines, from, to, 'old'));
  return [`@@ -${old} +${fresh} @@`, ...hunk.map(({ kind, text }) => `${marks[kind]}${text}`)].join(
    '\n',
  );
}

/** Lines of a stretch that are not of the kind. */
function count(lines: readonly DiffLine[], from: number, to: number, not: DiffLine['kind']) {
  let total = 0;
  for (let index = from; index < to; index += 1) if (lines[index]?.kind !== not) total += 1;
  return total;
}

// An empty stretch is named by the line before it, and a length of 1 is left out.
function extent(before: number, length: number): string {
  if (length === 0) return `${before},0`;
  return length === 1 ? `${before + 1}` : `${before + 1},${length}`;
}
