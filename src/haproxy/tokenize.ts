// HAProxy's own rules for cutting a configuration line into words, so that a keyword inside a
// quoted string or a comment is never taken for one.

/** One word of a configuration line. `start` and `end` are offsets in the line as written. */
export interface Word {
  /** What HAProxy reads: quotes and escapes resolved, environment variables left as written. */
  readonly text: string;
  readonly start: number;
  /** Offset behind the word's last character. */
  readonly end: number;
  /** True where an environment variable stands in it, so that `text` is not what is read. */
  readonly expands: boolean;
}

// isspace() of the C locale, without the line feed that ends the line.
const blanks = new Set([' ', '\t', '\v', '\f', '\r']);

const escapes: Readonly<Record<string, string>> = {
  ' ': ' ',
  '"': '"',
  '#': '#',
  "'": "'",
  '\\': '\\',
  n: '\n',
  r: '\r',
  t: '\t',
};

/**
 * Cuts a line into words as HAProxy does: blanks separate, `#` outside quotes starts a comment even
 * in the middle of a word, a backslash escapes outside single quotes, and variables are expanded in
 * double quotes only (configuration manual 2.2 "Quoting and escaping" and 2.3 "Environment
 * variables"). A quote that is never closed reaches to the end of the line: HAProxy itself refuses
 * that line.
 */
export function tokenizeLine(line: string): readonly Word[] {
  const words: Word[] = [];
  let at = 0;
  while (at < line.length) {
    if (blanks.has(line.charAt(at))) {
      at += 1;
      continue;
    }
    if (line[at] === '#') break;
    const word = readWord(line, at);
    words.push(word);
    at = word.end;
  }
  return words;
}

function readWord(line: string, start: number): Word {
  let text = '';
  let quote = '';
  let expands = false;
  let at = start;
  for (; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (quote === '' && (char === '#' || blanks.has(char))) break;
    if (char === quote) {
      quote = '';
    } else if (quote === '' && (char === '"' || char === "'")) {
      quote = char;
    } else if (char === '\\' && quote !== "'") {
      const escape = readEscape(line, at, quote === '"');
      text += escape.text;
      at += escape.length - 1;
    } else {
      if (char === '$' && quote === '"') expands = true;
      text += char;
    }
  }
  return { text, start, end: at, expands };
}

function readEscape(
  line: string,
  at: number,
  isQuoted: boolean,
): { readonly text: string; readonly length: number } {
  const next = line.charAt(at + 1);
  // Only where a variable would be expanded is there a dollar sign to escape.
  const plain = next === '$' && isQuoted ? '$' : escapes[next];
  if (plain !== undefined) return { text: plain, length: 2 };
  const code = /^x([0-9a-fA-F]{2})/.exec(line.slice(at + 1, at + 4))?.[1];
  if (code !== undefined)
    return { text: String.fromCharCode(Number.parseInt(code, 16)), length: 4 };
  return { text: '\\', length: 1 };
}
