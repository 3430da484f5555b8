import type { Fate, ImportFile, SourceLine, Verdict } from './fate.ts';

/** What became of one line that says something; comments and blank lines have no report. */
export interface LineReport {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1: of the word that decided. */
  readonly column: number;
  readonly text: string;
  readonly fate: Fate;
  readonly detail: string;
  readonly warnings: readonly string[];
  /** Lines of the new configuration that stand for it, from 1. */
  readonly now: readonly number[];
}

/** Puts the new configuration together, with the report of each line. */
export function compose(
  sources: readonly SourceLine[],
  verdicts: ReadonlyMap<number, Verdict>,
  added: readonly string[],
) {
  const out: { text: string; index: number | null }[] = added.map((text) => ({
    text,
    index: null,
  }));
  const lines: LineReport[] = [];
  const reportOf = new Map<number, number>();
  let file: ImportFile | null = null;
  const areMany = new Set(sources.map((source) => source.file)).size > 1;
  for (const [index, source] of sources.entries()) {
    if (areMany && source.file !== file)
      out.push({ text: `# From ${source.file.name.replace(/[^\x20-\x7e]/g, '?')}`, index: null });
    file = source.file;
    const verdict = verdicts.get(index);
    const text = source.was ?? source.line.text;
    if (verdict === undefined) {
      out.push({ text: text.replaceAll('\0', ' '), index: null });
      continue;
    }
    const texts =
      verdict.fate === 'refused' ? [`# REFUSED: ${text.replaceAll('\0', ' ')}`] : verdict.texts;
    const first = out.length + 1;
    for (const each of texts) out.push({ text: each, index });
    reportOf.set(index, lines.length);
    lines.push({
      file: source.file.name,
      line: source.line.number,
      column: verdict.column,
      text,
      fate: verdict.fate,
      detail: verdict.detail,
      warnings: verdict.warnings,
      now: texts.map((_, offset) => first + offset),
    });
  }
  while (out.at(-1)?.index === null && /^[ \t\v\f\r]*$/.test(out.at(-1)?.text ?? '')) out.pop();
  return {
    config: `${out.map(({ text }) => text).join('\n')}\n`,
    lines,
    sourceIndexes: out.map(({ index }) => index),
    origins: out.map(({ index }) => (index === null ? null : (reportOf.get(index) ?? null))),
  };
}
