import type { CrashReport } from '../crash/report.ts';

const maxQueries = 4;

/**
 * Exact phrases to look a report up with, in the project's own search or anywhere else: what differs
 * from host to host (addresses, offsets, numbers of tasks, names of devices) is left out, and each
 * phrase is a stretch of text between two such places.
 */
export function queriesOf(report: CrashReport): readonly string[] {
  const queries: string[] = [];
  const head = phraseOf(report.lines[0] ?? '');
  const place = report.function;
  if (place !== null && head !== null) queries.push(`"${head}" "${place}"`);
  else if (head !== null) queries.push(`"${head}"`);
  const address = /(?:at|address:) ((?:0x)?0{4,14}[0-9a-f]{1,4})$/.exec(report.lines[0] ?? '')?.[1];
  if (place !== null && address !== undefined) queries.push(`"${address}" "${place}"`);
  const others = report.frames.filter((frame) => frame.function !== place);
  const sure = others.filter((frame) => frame.isReliable);
  const callers = (sure.length > 0 ? sure : others).map((frame) => frame.function);
  if (place !== null && callers.length > 0) {
    const names = [place, ...new Set(callers)].slice(0, 3);
    queries.push(names.map((name) => `"${name}"`).join(' '));
  }
  if (place !== null && report.release !== null) queries.push(`"${place}" "${report.release}"`);
  return [...new Set(queries)].slice(0, maxQueries);
}

const volatile = new RegExp(
  [
    String.raw`\+?0x[0-9a-f]+(?:\/0x[0-9a-f]+)?|\b[0-9a-f]{8,16}\b|#\d+|`,
    String.raw`\b(?:veth|vnet|tap|eth|cali|vxlan|br-)[\w.-]*\d[\w.-]*|\[[^\]]*\]|\S+:\d+|\b\d[\d.]*s?\b`,
  ].join(''),
  'gi',
);

/** The longest stretch of a line without anything that changes; null where it is too short. */
export function phraseOf(line: string): string | null {
  const longest = line
    .split(volatile)
    .map((part) => part.trim().replace(/[\s(:,-]+$/, ''))
    .toSorted((a, b) => b.length - a.length)[0];
  return longest === undefined || longest.length < 8 ? null : longest;
}
