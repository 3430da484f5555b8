import type { ImportFinding } from '../haproxy/import/check.ts';
import type { LineReport } from '../haproxy/import/compose.ts';
import { type Fate, fates } from '../haproxy/import/fate.ts';
import type { ImportedCertificate } from '../haproxy/import/fleet-certificates.ts';
import type { ImportedConfig } from '../haproxy/import/import.ts';
import { printable } from './printable.ts';
import { tableText } from './table.ts';
import type { Paint } from './terminal.ts';

const colours: Readonly<Record<Fate, Parameters<Paint>[0] | null>> = {
  kept: null,
  changed: 'yellow',
  moved: 'yellow',
  managed: null,
  refused: 'red',
};

/** What became of each line, for a person: lines that were kept one after another are one row. */
export function reportText(
  imported: ImportedConfig,
  findings: readonly ImportFinding[],
  owner: string,
  paint: Paint,
  columns: number,
): string {
  const isOne = new Set(imported.lines.map(({ file }) => file)).size <= 1;
  const rows: string[][] = [];
  let run: LineReport[] = [];
  const flush = () => {
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) return;
    const place = first === last ? placeOf(first, isOne) : `${placeOf(first, isOne)}-${last.line}`;
    rows.push([place, 'kept', first === last ? shown(first.text) : `${run.length} lines`, '']);
    run = [];
  };
  for (const line of imported.lines) {
    const isPlain = line.fate === 'kept' && line.warnings.length === 0;
    if (!isPlain || (run[0] !== undefined && run[0].file !== line.file)) flush();
    if (isPlain) run.push(line);
    else rows.push(rowOf(line, isOne, paint));
  }
  flush();
  const table = tableText(['LINE', 'FATE', 'TEXT', 'WHAT BECAME OF IT'], rows, { columns });
  const problems = imported.problems.map(
    (problem) => `${paint('red', 'refused:')} ${printable(problem)}`,
  );
  const said = findings.map((finding) => findingText(finding, paint));
  const attached = imported.attachments.map(
    ({ name, path, content }) =>
      `attached: ${printable(name)} (${content.length} bytes) from ${printable(path)}`,
  );
  const wanted = imported.certificates.map(
    (one) => `the fleet has to have: ${printable(addingText(one, owner))}`,
  );
  return [table, ...attached, ...wanted, ...problems, ...said, summaryText(imported)].join('\n');
}

/** The command that gives the fleet a certificate of this machine. */
function addingText({ name, path, key }: ImportedCertificate, owner: string): string {
  const words = ['bridgehead', 'cert', 'add', name, '--cert', path];
  if (key !== null && key !== 'inside') words.push('--key', key.path);
  return [...words, '--owner', owner].map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** How many lines there are of each fate, in one line. */
export function summaryText({ lines }: ImportedConfig): string {
  const counts = fates.flatMap((fate) => {
    const count = lines.filter((line) => line.fate === fate).length;
    return count === 0 ? [] : [`${count} ${fate}`];
  });
  const warnings = lines.filter((line) => line.warnings.length > 0).length;
  const more = warnings === 0 ? '' : `; ${warnings} to look at`;
  return `${lines.length} line${lines.length === 1 ? '' : 's'}: ${counts.join(', ') || 'none'}${more}`;
}

function findingText(finding: ImportFinding, paint: Paint): string {
  const place = finding.line === null ? '' : `${finding.file}:${finding.line}:${finding.column}: `;
  const isAlert = finding.severity === 'alert';
  const label = paint(isAlert ? 'red' : 'yellow', isAlert ? 'HAProxy refuses:' : 'HAProxy warns:');
  return `${label} ${printable(place + finding.message)}`;
}

function rowOf(line: LineReport, isOne: boolean, paint: Paint): string[] {
  const colour = colours[line.fate];
  const fate = colour === null ? line.fate : paint(colour, line.fate);
  const warnings = line.warnings.map((warning) => `look at it: ${warning}`);
  const detail = [line.detail, ...warnings].filter((text) => text !== '').join('; ');
  return [placeOf(line, isOne), fate, shown(line.text), printable(detail)];
}

function placeOf({ file, line }: LineReport, isOne: boolean): string {
  return isOne ? String(line) : `${printable(file)}:${line}`;
}

const shownMax = 48;

function shown(text: string): string {
  const line = printable(text.trim().replaceAll('\t', ' '));
  return line.length <= shownMax ? line : `${line.slice(0, shownMax - 3)}...`;
}
