import { stripVTControlCharacters } from 'node:util';
import { oneLine } from './printable.ts';

const gap = '  ';
/** In less than this a text cannot be read; the terminal may wrap it as it likes. */
const wrapColumnsMin = 20;

export interface TableShape {
  /** Headings of the columns that are set flush right. */
  readonly right?: ReadonlySet<string>;
  /** Width of the terminal; infinite where nobody looks, so that a record stays on its line. */
  readonly columns?: number;
}

/**
 * Rows under headings, columns as wide as their widest cell, two spaces apart, no space at the end
 * of a line. Cells may carry colours; one of several lines is joined to one. Where the table is
 * wider than the terminal, its last column goes on below itself; the others are never cut, because
 * names and addresses are there to be copied.
 */
export function tableText(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { right = new Set(), columns = Number.POSITIVE_INFINITY }: TableShape = {},
): string {
  const lines = [headings, ...rows.map((row) => row.map(oneLine))];
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => widthOf(line[column] ?? ''))),
  );
  const last = headings.length - 1;
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + gap.length, 0);
  const isWrapped = !right.has(headings[last] ?? '');
  return lines
    .flatMap((line) => {
      const cells = headings.slice(0, last).map((heading, column) => {
        const cell = line[column] ?? '';
        const padding = ' '.repeat((widths[column] ?? 0) - widthOf(cell));
        return `${right.has(heading) ? padding + cell : cell + padding}${gap}`;
      });
      const end = line[last] ?? '';
      const padding = isWrapped ? '' : ' '.repeat((widths[last] ?? 0) - widthOf(end));
      const [first = '', ...more] = isWrapped ? wrapped(end, columns - before) : [padding + end];
      return [cells.join('') + first, ...more.map((part) => ' '.repeat(before) + part)];
    })
    .map((line) => line.trimEnd())
    .join('\n');
}

/**
 * Names and values under each other, the values in one column; further lines of one indented, and
 * so is what is longer than a terminal of `columns` is wide.
 */
export function recordText(
  fields: readonly (readonly [name: string, value: string])[],
  columns = Number.POSITIVE_INFINITY,
): string {
  const width = Math.max(...fields.map(([name]) => name.length)) + gap.length;
  return fields
    .map(([name, value]) => {
      const [first = '', ...more] = value
        .split('\n')
        .flatMap((line) => wrapped(line, columns - width));
      return [name.padEnd(width) + first, ...more.map((line) => ' '.repeat(width) + line)]
        .map((line) => line.trimEnd())
        .join('\n');
    })
    .join('\n');
}

/** `text` with each line moved right. */
export function indented(text: string, by = '  '): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : by + line))
    .join('\n');
}

// Broken at spaces only: half an address is worse than a line that is too long.
function wrapped(text: string, columns: number): readonly string[] {
  if (columns < wrapColumnsMin || widthOf(text) <= columns) return [text];
  const lines: string[] = [];
  let line: string | null = null;
  for (const word of text.split(' ')) {
    const longer: string = line === null ? word : `${line} ${word}`;
    if (line !== null && widthOf(longer) > columns) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === null ? lines : [...lines, line];
}

function widthOf(cell: string): number {
  return Array.from(stripVTControlCharacters(cell)).length;
}
