/** One line of a table of HAProxy's runtime API, by the names of its columns; '' for one that is not there. */
export type ServerRow = (column: string) => string;

/** The servers in the answer to `show servers state`, version 1 (management guide, 9.3). */
export function serverRows(text: string): readonly ServerRow[] {
  const lines = text.split('\n');
  const header =
    lines
      .find((line) => line.startsWith('# '))
      ?.slice(2)
      .split(' ') ?? [];
  return lines.flatMap((line) => {
    const fields = line.split(' ');
    if (line.startsWith('#') || header.length === 0 || fields.length < header.length) return [];
    return [(column: string) => fields[header.indexOf(column)] ?? ''];
  });
}
