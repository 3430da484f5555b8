// Entries of maps and ACLs that are kept over a reload: lines at the head of the rendered configuration
// say them, behind those of the attachments, so that its files have them before a worker reads them. A
// configuration from before, which comes back, brings its own along.

import type { AclOverride, MapOverride, Override } from '../domain/live.ts';
import { attachmentLines, attachmentPath, attachmentsIn } from './attachments.ts';

/** An entry of the attachment of that name. */
export type KeptEntry = MapOverride | AclOverride;

const start = '# kept ';

/** Adds the entries that are in attachments; what is in other files has to be set in a HAProxy that runs. */
export function withKeptEntries(config: string, overrides: readonly Override[]): string {
  const attachments = attachmentsIn(config);
  const entries = overrides.flatMap((one) => {
    if (one.kind === 'server') return [];
    const file = attachments.find(({ name }) => attachmentPath(name) === one.file)?.name;
    return file === undefined ? [] : [{ ...one, file }];
  });
  const last = attachmentLines(attachments).at(-1);
  if (entries.length === 0 || last === undefined) return config;
  const lines = entries.map((entry) => `${start}${JSON.stringify(entry)}`);
  return config.replace(`${last}\n`, () => [last, ...lines, ''].join('\n'));
}

/** The entries that a rendered configuration keeps. */
export function keptEntriesIn(config: string): readonly KeptEntry[] {
  const head = attachmentLines(attachmentsIn(config));
  if (head.length === 0) return [];
  const kept: KeptEntry[] = [];
  for (const line of config.split('\n').slice(1 + head.length)) {
    if (!line.startsWith(start)) break;
    kept.push(JSON.parse(line.slice(start.length)) as KeptEntry);
  }
  return kept;
}

/**
 * A file of patterns with the entries, and without those that are not to be there. Lines are read as
 * HAProxy reads them (`pat_ref_read_from_file` and `pat_ref_read_from_file_smp` of src/pattern.c): all
 * of a line of an ACL is one pattern, of a map the first word.
 */
export function withEntries(text: string, entries: readonly KeptEntry[]): string {
  let lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const entry of entries) {
    const wanted = lineOf(entry);
    const isMeant = (line: string) => patternOf(entry, line) === entry.key;
    const isThere = lines.some(isMeant);
    if (wanted === null) lines = lines.filter((line) => !isMeant(line));
    else if (isThere) lines = lines.map((line) => (isMeant(line) ? wanted : line));
    else lines.push(wanted);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function lineOf(entry: KeptEntry): string | null {
  if (entry.kind === 'acl') return entry.isPresent ? entry.key : null;
  return entry.value === null ? null : `${entry.key} ${entry.value}`;
}

function patternOf({ kind }: KeptEntry, line: string): string {
  const pattern = line.replace(/^[ \t]+/, '').replace(/\r$/, '');
  return kind === 'acl' ? pattern : (pattern.split(/[ \t]/, 1)[0] ?? '');
}
