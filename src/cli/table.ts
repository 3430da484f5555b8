import { stripVTControlCharacters } from 'node:util';

const gap = '  ';

/**
 * Rows under headings, columns as wide as their widest cell, two spaces apart, no space at the end
 * of a line. Cells may carry colours. Columns named in `right` are set flush right.
 */
export function tableText(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<string> = new Set(),
): string {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => widthOf(line[column] ?? ''))),
  );
  return lines
    .map((line) =>
      headings
        .map((heading, column) => {
          const cell = line[column] ?? '';
          const padding = ' '.repeat((widths[column] ?? 0) - widthOf(cell));
          return right.has(heading) ? padding + cell : cell + padding;
        })
        .join(gap)
        .trimEnd(),
    )
    .join('\n');
}

/** Names and values under each other, the values in one column; further lines of one indented. */
export function recordText(fields: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length)) + gap.length;
  return fields
    .map(([name, value]) => {
      const [first = '', ...more] = value.split('\n');
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

function widthOf(cell: string): number {
  return Array.from(stripVTControlCharacters(cell)).length;
}
