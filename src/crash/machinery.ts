import { machineryGroups } from './machinery-names.ts';

const exact = new Set<string>();
// `beginning*`, the most of the families: found by the beginnings of a name, which is quicker than
// one expression of a thousand branches, above all for the one file of `crash parse`.
const beginnings = new Set<string>();
const others: string[] = [];
for (const name of machineryGroups.flatMap(({ names }) => names.trim().split(/\s+/))) {
  const star = name.indexOf('*');
  if (star < 0) exact.add(name);
  else if (star === name.length - 1) beginnings.add(name.slice(0, -1));
  else others.push(name.replaceAll('*', '\\w*'));
}
const pattern = new RegExp(`^(?:${others.join('|')})$`);
const maxBeginning = Math.max(...[...beginnings].map((beginning) => beginning.length));
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
  const is = beginsSo(name) || (name.length <= 200 && pattern.test(name));
  if (known.size >= maxKnown) known.clear();
  known.set(name, is);
  return is;
}

function beginsSo(name: string): boolean {
  for (let length = Math.min(name.length, maxBeginning); length > 0; length--) {
    if (beginnings.has(name.slice(0, length))) return true;
  }
  return false;
}
