import type { ConfigLine } from '../config-lines.ts';
import { edited } from './fate.ts';
import { isProxy } from './old-keywords.ts';

/** Longest error page that is written into the configuration, characters. */
export const errorPageMax = 12 * 1024;

// Set by HAProxy for what it answers itself.
const framing = new Set(['connection', 'content-length']);

/** The path in an `errorfile` line of a proxy whose file could be written out; null for others. */
export function errorPagePath(line: ConfigLine): string | null {
  const [keyword, , path] = line.words;
  if (line.isHeader || !isProxy(line) || keyword?.text !== 'errorfile') return null;
  if (path === undefined || path.expands || line.words.length !== 3) return null;
  return path.text === '/dev/null' ? null : path.text;
}

/**
 * The line with its `errorfile` written out as `http-error`, which answers the same but for the
 * headers that frame the body (configuration manual, 4.2 "http-error"). Null where the file is no
 * such answer: another status, a transfer encoding, a header over several lines.
 */
export function writtenOut(line: ConfigLine, page: string): string | null {
  const [keyword, code, path] = line.words;
  if (keyword === undefined || code === undefined || path === undefined) return null;
  const [, status, head = '', body = ''] =
    /^HTTP\/\d(?:\.\d)? (\d{3})[^\r\n]*\r?\n((?:[^\r\n]+\r?\n)*)(?:\r?\n([\s\S]*))?$/.exec(page) ??
    [];
  if (status !== code.text || page.length > errorPageMax || page.includes('\0')) return null;
  const words: string[] = [];
  let type = 'text/html';
  for (const field of head.split(/\r?\n/).filter((text) => text !== '')) {
    const [, name, value = ''] = /^([\w-]+):[ \t]*(.*)$/.exec(field) ?? [];
    if (name === undefined || name.toLowerCase() === 'transfer-encoding') return null;
    if (name.toLowerCase() === 'content-type') type = value.trim();
    else if (!framing.has(name.toLowerCase())) {
      words.push('hdr', name, quoted(value.trim().replaceAll('%', '%%')));
    }
  }
  const payload = body === '' ? [] : ['content-type', quoted(type), 'string', quoted(body)];
  const text = ['http-error', 'status', code.text, ...payload, ...words].join(' ');
  return edited(line.text, [{ start: keyword.start, end: path.end, text }]);
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  $: '\\$',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function quoted(text: string): string {
  return `"${text.replace(/[\\"$\n\r\t]/g, (character) => escapes[character] ?? character)}"`;
}
