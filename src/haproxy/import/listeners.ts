import { type BindAddress, parseBindAddress } from '../bind-address.ts';
import { findBinds } from '../binds.ts';
import type { ConfigLine } from '../config-lines.ts';
import type { Word } from '../tokenize.ts';
import type { Environment } from './environment.ts';

/** Words of one line that say where it listens. */
export interface Listener {
  readonly line: ConfigLine;
  /** Number of the line among all that are imported. */
  readonly index: number;
  readonly word: Word;
  /** The word cut at its commas, with environment variables expanded; each with what it says. */
  readonly parts: readonly ListenerPart[];
  /** True where the word stands in the header of its section, as in HAProxy 1.4. */
  readonly isHeader: boolean;
  /** True for the line that names the local peer. */
  readonly isPeer: boolean;
  /** False where the word has a variable without a value. */
  readonly isKnown: boolean;
}

export interface ListenerPart {
  readonly text: string;
  readonly address: BindAddress;
}

/**
 * The listener of a line, or null for a line that listens nowhere.
 *
 * @param localPeer name of the machine among its peers
 */
export function listenerOf(
  line: ConfigLine,
  index: number,
  localPeer: string,
  environment: Environment,
): Listener | null {
  const header = headerAddress(line);
  const bind = header === null ? findBinds([line], localPeer)[0] : undefined;
  const word = header ?? bind?.word;
  if (word === undefined) return null;
  const transport = line.words[0]?.text === 'dgram-bind' ? 'dgram' : 'stream';
  const text = environment.expand(word);
  const isV6Only = line.words.some((option) => option.text === 'v6only');
  const parts = (text ?? '')
    .replace(/,$/, '')
    .split(',')
    .map((part) => {
      const address = parseBindAddress(part, transport);
      const isStrict = isV6Only && address.kind === 'wildcard' && address.family === 6;
      return { text: part, address: isStrict ? { ...address, strict: true } : address };
    });
  const keyword = line.words[0]?.text;
  const isPeer = line.section?.keyword === 'peers' && (keyword === 'peer' || keyword === 'server');
  return { line, index, word, parts, isHeader: header !== null, isPeer, isKnown: text !== null };
}

/** The address in `listen NAME ADDRESS`, which HAProxy took until 1.5. */
function headerAddress(line: ConfigLine): Word | null {
  if (!line.isHeader) return null;
  const keyword = line.section?.keyword;
  if (keyword !== 'listen' && keyword !== 'frontend') return null;
  const word = line.words[2];
  return word === undefined || word.text === 'from' || !/[:/]/.test(word.text) ? null : word;
}

/** The words behind the address: what makes one listener differ from another. */
export function optionsOf({ line, word }: Listener): readonly string[] {
  return line.words.filter(({ start }) => start > word.start).map(({ text }) => text);
}
