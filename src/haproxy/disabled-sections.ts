import type { ConfigLine, Section } from './config-lines.ts';

/**
 * Lines of the headers of sections that are disabled, each by its own word or by that of a defaults
 * section before it.
 */
export function disabledSections(lines: readonly ConfigLine[]): ReadonlySet<number> {
  const disabled = new Set<number>();
  let byDefault = false;
  for (const line of lines) {
    if (line.section === null) continue;
    if (line.isHeader && inherits(line.section) && byDefault) disabled.add(line.section.line);
    if (line.isHeader && line.section.keyword === 'defaults') byDefault = false;
    const keyword = line.isHeader ? undefined : line.words[0]?.text;
    if (keyword !== 'disabled' && keyword !== 'enabled') continue;
    if (line.section.keyword === 'defaults') byDefault = keyword === 'disabled';
    else if (keyword === 'disabled') disabled.add(line.section.line);
    else disabled.delete(line.section.line);
  }
  return disabled;
}

function inherits(section: Section): boolean {
  return section.keyword === 'frontend' || section.keyword === 'listen';
}
