import { Lexer } from 'yaml';

/** Tokens that a text may have: some 20,000 instances, and a few seconds of parsing. */
const tokensMax = 2_000_000;

/** Collections in brackets that may be open at once, and block collections begun on one line. */
const nestingMax = 64;

// Markers of the lexer that stand for no text: start of a document, end of broken flow, scalar.
const markers = new Set(['\x02', '\x1f', '\x18']);

/** What makes a text too much to parse, and where in it. */
export interface Excess {
  readonly offset: number;
  readonly message: string;
}

/**
 * Looks over the tokens of a YAML text before it is parsed: parsing takes some twenty times as long
 * as this does, and far more for brackets that are never closed. Null where it may be parsed.
 */
export function excessOf(text: string): Excess | null {
  let [offset, count, open, begun] = [0, 0, 0, 0];
  for (const token of new Lexer().lex(text)) {
    if (markers.has(token)) continue;
    count += 1;
    if (token === '[' || token === '{') open += 1;
    else if (token === ']' || token === '}') open = Math.max(0, open - 1);
    else if (token === '-' || token === '?') begun += 1;
    else if (token.includes('\n')) begun = 0;
    if (open > nestingMax || begun > nestingMax) {
      return { offset, message: `more than ${nestingMax} collections are nested here` };
    }
    if (count > tokensMax) {
      const message = `the text has more than ${tokensMax} words and signs up to here: split it`;
      return { offset, message };
    }
    offset += token.length;
  }
  return null;
}
