import { machineryGroups } from './machinery-names.ts';

const exact = new Set<string>();
const globs: string[] = [];
for (const name of machineryGroups.flatMap(({ names }) => names.trim().split(/\s+/))) {
  if (name.includes('*')) globs.push(name.replaceAll('*', '\\w*'));
  else exact.add(name);
}
const pattern = new RegExp(`^(?:${globs.join('|')})$`);
const known = new Map<string, boolean>();
const maxKnown = 20_000;

/**
 * Whether a function (plain name) is one that reports, checks, copies, locks or enters, and so
 * stands in a trace above or below the function at fault without being it.
 */
export function isMachinery(name: string): boolean {
  if (exact.has(name)) return true;
  const had = known.get(name);
  if (had !== undefined) return had;
  const is = name.length <= 200 && pattern.test(name);
  if (known.size >= maxKnown) known.clear();
  known.set(name, is);
  return is;
}
