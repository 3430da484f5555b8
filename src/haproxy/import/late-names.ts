import type { ConfigLine, Section } from '../config-lines.ts';

/** Words by which a server may begin without knowing the address behind its name. */
export const lateWords: ReadonlySet<string> = new Set(['init-addr', 'resolvers']);

/**
 * The sections whose `default-server`, their own or that of the `defaults` they are made from, says
 * how names are resolved (configuration manual, 5.3 "Server IP address resolution using DNS").
 */
export function lateSections(lines: Iterable<ConfigLine>): ReadonlySet<Section> {
  const late = new Set<Section>();
  const defaults = new Map<string, Section>();
  let current: Section | undefined;
  for (const { section, isHeader, words } of lines) {
    if (section === null) continue;
    if (isHeader) {
      const from = words.findIndex(({ text }, index) => index > 1 && text === 'from');
      const named = from > 0 ? defaults.get(words[from + 1]?.text ?? '') : undefined;
      const base = named ?? (section.keyword === 'defaults' ? undefined : current);
      if (base !== undefined && late.has(base)) late.add(section);
      if (section.keyword !== 'defaults') continue;
      current = section;
      if (section.name !== '') defaults.set(section.name, section);
    } else if (
      words[0]?.text === 'default-server' &&
      words.some(({ text }) => lateWords.has(text))
    ) {
      late.add(section);
    }
  }
  return late;
}
