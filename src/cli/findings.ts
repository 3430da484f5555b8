import type { Finding } from '../domain/errors.ts';
import { printable, printableInPlace } from './printable.ts';
import type { Paint } from './terminal.ts';

/** Wider lines are cut around the place that is meant. */
const columnsMax = 120;

/**
 * A finding as compilers print one: `FILE:LINE:COLUMN: message`, the line itself, and a caret under
 * the column (counted from 1, in UTF-16 units, as the findings are). A place outside the text is
 * named without its line.
 */
export function findingText(
  file: string,
  source: string,
  { line, column, message, object }: Finding,
  severity: 'error' | 'warning',
  paint: Paint,
): string {
  const label = severity === 'warning' ? paint('yellow', 'warning: ') : '';
  const about = object === undefined || message.includes(object) ? '' : ` (${object})`;
  const place = paint('bold', printable(`${file}:${line}:${column}:`));
  const head = `${place} ${label}${printable(message + about)}`;
  const text = source.split(/\r?\n/)[line - 1];
  if (text === undefined || text.trim() === '') return head;
  const { shown, before } = excerpt(text, Math.min(column, text.length + 1) - 1);
  return `${head}\n  ${printableInPlace(shown)}\n  ${padding(before)}${paint('red', '^')}`;
}

// Two marks of three dots are part of the width, so that the caret still stands under its place.
function excerpt(line: string, index: number): { readonly shown: string; readonly before: string } {
  if (line.length <= columnsMax) return { shown: line, before: line.slice(0, index) };
  const from = Math.max(0, Math.min(index - columnsMax / 2, line.length - columnsMax));
  const head = from === 0 ? '' : '...';
  const tail = from + columnsMax >= line.length ? '' : '...';
  const shown = `${head}${line.slice(from, from + columnsMax)}${tail}`;
  return { shown, before: head + line.slice(from, index) };
}

// Tabs stay tabs, and a character of two units takes one place, as the terminal shows them.
function padding(before: string): string {
  return Array.from(before, (character) => (character === '\t' ? '\t' : ' ')).join('');
}
