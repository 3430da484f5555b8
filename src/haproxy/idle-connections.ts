import type { ConfigLine } from './config-lines.ts';

const option = 'idle-close-on-response';

/**
 * The lines that let connections which are kept alive outlast a reload. An old process would close all
 * that are idle at once, and a request that is on its way by then is answered with a reset: of 4,000
 * requests kept alive over 60 reloads, 25 failed so (docs/decisions/0035). With the option it closes
 * each behind its next answer, which says `Connection: close`. For frontends in HTTP mode only; others
 * have it ignored, with a warning. An owner who names it anywhere decides for all.
 *
 * @returns by the number of the header that each comes behind
 */
export function idleConnectionLines(lines: readonly ConfigLine[]): ReadonlyMap<number, string> {
  const added = new Map<number, string>();
  if (lines.some(({ words }) => words.some(({ text }) => text === option))) return added;
  const modes = modesOf(lines);
  for (const { section, isHeader, isConditional, number } of lines) {
    if (!isHeader || isConditional) continue;
    if (section?.keyword !== 'frontend' && section?.keyword !== 'listen') continue;
    if (modes.get(number) === 'http') added.set(number, `    option ${option}`);
  }
  return added;
}

/** By the line of its header the mode of each section: its own, else that of its defaults. */
function modesOf(lines: readonly ConfigLine[]): ReadonlyMap<number, string> {
  const modes = new Map<number, string>();
  const named = new Map<string, number>();
  let last: number | null = null;
  for (const { section, words, isHeader, isConditional, number } of lines) {
    if (section === null) continue;
    if (isHeader) {
      const from = words.findIndex(({ text }) => text === 'from');
      const base = from < 0 ? last : named.get(words[from + 1]?.text ?? '');
      const isHeir = section.keyword !== 'defaults' || from >= 0;
      const inherited = isHeir ? modes.get(base ?? 0) : undefined;
      if (inherited !== undefined) modes.set(number, inherited);
      if (section.keyword === 'defaults') {
        last = number;
        named.set(section.name, number);
      }
    } else if (words[0]?.text === 'mode') {
      // One that only HAProxy knows whether it reads is none that could be relied on.
      modes.set(section.line, isConditional ? '' : (words[1]?.text ?? ''));
    }
  }
  return modes;
}
