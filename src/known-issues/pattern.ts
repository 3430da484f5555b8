/**
 * Patterns of messages. No regular expressions: a file of entries is data that somebody else may
 * have written, and a regular expression can be made to run for hours. A pattern is text that has to
 * be in the line, with placeholders in it: `{number}`, `{hex}`, `{name}` (letters, digits, `_.:@-`),
 * `{word}` (no white space), `{any}` (up to 200 characters), and `{one|another}`. The time is
 * bounded by length of the line × length of the pattern.
 */
export interface Pattern {
  readonly text: string;
  readonly parts: readonly Part[];
  /** Text that every match holds: a cheap test before the real one. */
  readonly hint: string;
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'span'; readonly test: RegExp; readonly min: number; readonly max: number };

/** Longest pattern and most placeholders in one. */
export const patternLimits = { length: 300, placeholders: 12, lineLength: 2048 } as const;

const spans: Readonly<Record<string, Part>> = {
  number: { kind: 'span', test: /[0-9]/, min: 1, max: 20 },
  hex: { kind: 'span', test: /[0-9a-fx]/i, min: 1, max: 18 },
  name: { kind: 'span', test: /[\w.:@-]/, min: 1, max: 64 },
  word: { kind: 'span', test: /\S/, min: 1, max: 64 },
  any: { kind: 'span', test: /[^]/, min: 0, max: 200 },
};

/** Reads a pattern. @throws Error that says what is wrong with it */
export function parsePattern(text: string): Pattern {
  if (text.length > patternLimits.length) throw new Error(`is longer than ${patternLimits.length}`);
  const parts: Part[] = [];
  for (const piece of text.split(/(\{[^{}]*\})/)) {
    if (piece === '') continue;
    if (!piece.startsWith('{')) parts.push({ kind: 'text', text: piece });
    else parts.push(placeholder(piece.slice(1, -1)));
  }
  if (parts.filter(({ kind }) => kind !== 'text').length > patternLimits.placeholders)
    throw new Error(`has more than ${patternLimits.placeholders} placeholders`);
  const texts = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
  const hint = texts.toSorted((a, b) => b.length - a.length)[0] ?? '';
  if (hint.trim().length < 4) throw new Error('has no plain text of 4 characters or more');
  return { text, parts, hint };
}

function placeholder(name: string): Part {
  const span = spans[name];
  if (span !== undefined) return span;
  if (!name.includes('|')) {
    throw new Error(`has {${name}}, which is none of ${Object.keys(spans).join(', ')}, {a|b}`);
  }
  return { kind: 'choice', of: name.split('|') };
}

/** Whether the pattern is in the line. */
export function isIn(pattern: Pattern, line: string): boolean {
  const text = line.slice(0, patternLimits.lineLength);
  if (!text.includes(pattern.hint)) return false;
  let reached: readonly number[] = Array.from({ length: text.length + 1 }, (_, at) => at);
  for (const part of pattern.parts) {
    reached = after(part, text, reached);
    if (reached.length === 0) return false;
  }
  return true;
}

/** Where a part can end that begins at one of `starts` (rising). */
function after(part: Part, text: string, starts: readonly number[]): readonly number[] {
  if (part.kind === 'text') return endsOf(part.text, text, starts);
  if (part.kind === 'choice') {
    const ends = new Set(part.of.flatMap((one) => endsOf(one, text, starts)));
    return [...ends].toSorted((a, b) => a - b);
  }
  const ends = new Set<number>();
  for (const start of starts) {
    for (let at = start, length = 0; length <= part.max; at++, length++) {
      if (length >= part.min) ends.add(at);
      if (at >= text.length || !part.test.test(text.charAt(at))) break;
    }
  }
  return [...ends].toSorted((a, b) => a - b);
}

function endsOf(word: string, text: string, starts: readonly number[]): readonly number[] {
  return starts.flatMap((start) => (text.startsWith(word, start) ? [start + word.length] : []));
}

const parsed = new Map<string, Pattern | null>();
const maxParsed = 5000;

/** Whether the pattern is in the line; one that cannot be read is in none. */
export function matches(pattern: string, line: string): boolean {
  let known = parsed.get(pattern);
  if (known === undefined) {
    if (parsed.size >= maxParsed) parsed.clear();
    try {
      known = parsePattern(pattern);
    } catch {
      known = null;
    }
    parsed.set(pattern, known);
  }
  return known !== null && isIn(known, line);
}
