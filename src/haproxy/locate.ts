import type { Finding } from '../domain/errors.ts';
import type { CheckFinding } from './check-output.ts';
import { type ConfigLine, readConfig } from './config-lines.ts';
import type { RenderedConfig } from './render.ts';
import type { Word } from './tokenize.ts';

/**
 * The place in the owner's configuration that a finding of `haproxy -c` on the rendered text is
 * about. The column is that of the word it quotes, else that of the first word. A finding without a
 * line stands at the section and word that it names, where they can be told, else at the start.
 *
 * @param config the owner's configuration that `rendered` was made of
 */
export function locateFinding(
  check: CheckFinding,
  rendered: Pick<RenderedConfig, 'sourceLines'>,
  config: string,
): Finding {
  const lines = readConfig(config);
  const sourceOf = (line: number) => rendered.sourceLines[line - 1] ?? null;
  const message = check.message.replace(/(?<!')\bline (\d+)\b/g, (_, line: string) => {
    const source = sourceOf(Number(line));
    return source === null ? 'the managed part' : `line ${source}`;
  });
  if (check.line === null) {
    const named = lineNamed(lines, message);
    return { line: named?.number ?? 1, column: columnOf(named, message), message };
  }
  const source = sourceOf(check.line);
  if (source === null) return { line: 1, column: 1, message: managedMessage(message) };
  const line = lines[source - 1];
  return { line: source, column: columnOf(line, message), message };
}

function managedMessage(message: string): string {
  return (
    `HAProxy refuses the part that Bridgehead manages: ${message}. Probably the image's HAProxy ` +
    'is older than 2.6, or a resource of the instance is out of the range it takes'
  );
}

function columnOf(line: ConfigLine | undefined, message: string): number {
  if (line === undefined) return 1;
  const position = /\bat position (\d+)$/.exec(message)?.[1];
  if (position !== undefined && !message.includes('conditional expression')) {
    return Math.min(Number(position), line.text.length + 1);
  }
  const [first, ...others] = line.words;
  const word = wordQuoted(others, message) ?? addressRendered(line, message) ?? first;
  return (word?.start ?? 0) + 1;
}

// Of a bind HAProxy may quote the address that was rendered for it.
function addressRendered({ words }: ConfigLine, message: string): Word | undefined {
  const [first, address] = words;
  const isBind = first?.text === 'bind' || first?.text === 'dgram-bind';
  return isBind && quotedIn(message).some((text) => text.includes(':')) ? address : undefined;
}

// HAProxy names the rule first and what is wrong in it last, so the last quotation counts most, and
// a whole word more than a part of one. The line's first word is what it names the rule by.
function wordQuoted(words: readonly Word[], message: string): Word | undefined {
  const quotations = quotedIn(message).toReversed();
  const equal = (text: string) => words.find((word) => word.text === text);
  const partly = (text: string) =>
    text.length < 2 ? undefined : words.find((word) => word.text.includes(text));
  return (
    firstFound(quotations, equal) ??
    firstFound(quotations, partly) ??
    firstFound(quotations.flatMap(partsOf), equal)
  );
}

function firstFound(
  texts: readonly string[],
  find: (text: string) => Word | undefined,
): Word | undefined {
  for (const text of texts) {
    const word = find(text);
    if (word !== undefined) return word;
  }
  return undefined;
}

/** The line that a message without a line number is about. */
function lineNamed(lines: readonly ConfigLine[], message: string): ConfigLine | undefined {
  // Later sentences are general advice, and quote keywords that stand anywhere.
  const quoted = quotedIn(message.split('. ', 1)[0] ?? '').flatMap((text) => [
    text,
    ...partsOf(text),
  ]);
  const header = lines.find(
    ({ isHeader, section }) => isHeader && section !== null && quoted.includes(section.name),
  );
  if (header === undefined) return undefined;
  const others = new Set(quoted.filter((text) => text !== header.section?.name));
  let best = header;
  let bestCount = 0;
  for (const line of lines) {
    if (line.isHeader || line.section?.line !== header.number) continue;
    const count = line.words.slice(1).filter(({ text }) => others.has(text)).length;
    if (count <= bestCount) continue;
    best = line;
    bestCount = count;
  }
  return best;
}

function quotedIn(message: string): readonly string[] {
  return [...message.matchAll(/'([^']+)'|<([^>]+)>/g)].map((match) => match[1] ?? match[2] ?? '');
}

// Such as `server b/s1` or `peers p`, where the words count one by one too.
function partsOf(quotation: string): readonly string[] {
  return quotation.split(/[ /]/).filter((part) => part !== '' && part !== quotation);
}
