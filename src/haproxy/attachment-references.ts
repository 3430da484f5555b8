// The files that lines of a configuration name, and what becomes of them when it is rendered: an
// attachment by where it is in the container, anything else that cannot be there a fault.

import type { Finding } from '../domain/errors.ts';
import type { Attachment } from '../domain/model.ts';
import { attachmentFolder, attachmentMeant, attachmentPath } from './attachments.ts';
import type { ConfigLine } from './config-lines.ts';
import { type Edit, edited } from './import/fate.ts';
import { type FileReference, fileReferences } from './import/file-references.ts';

/** Lines whose files were resolved. */
export interface ResolvedReferences {
  /** The texts of lines that are not as they were, by their numbers. */
  readonly texts: ReadonlyMap<number, string>;
  readonly findings: readonly Finding[];
}

type Files = readonly Pick<Attachment, 'name' | 'path'>[];

/**
 * Resolves what the lines of a configuration name as files. A relative name, a path that an
 * attachment declares, and an attachment's own path in the container are attachments. Of other
 * absolute paths only those below `/etc/haproxy` are refused: anything else may be in the image, whose
 * HAProxy has the last word. Keys and certificates are not looked at: they are no attachments.
 */
export function resolveReferences(lines: readonly ConfigLine[], files: Files): ResolvedReferences {
  const texts = new Map<number, string>();
  const findings: Finding[] = [];
  for (const line of lines) {
    const edits: Edit[] = [];
    for (const reference of fileReferences(line)) {
      if (reference.isPrivate || reference.word.expands) continue;
      const outcome = isModulePath(line) ? modulePath(reference, files) : resolve(reference, files);
      if (outcome === null) continue;
      if (typeof outcome !== 'string') {
        findings.push({ line: line.number, ...outcome });
        continue;
      }
      const edit = editOf(line, reference, outcome);
      if (edit !== null) edits.push(edit);
      else findings.push({ line: line.number, ...unwritten(reference) });
    }
    if (edits.length > 0) texts.set(line.number, edited(line.text, edits));
  }
  return { texts, findings };
}

/**
 * The line by which Lua programs among the attachments find each other with `require`; empty where
 * there is none.
 */
export function modulePathLines(files: Files): readonly string[] {
  return files.some(({ name }) => name.endsWith('.lua'))
    ? [`    lua-prepend-path ${attachmentFolder}/?.lua`]
    : [];
}

type Fault = Pick<Finding, 'column' | 'message'>;

/** @returns the path in the container, a fault, or null for what is left as it is */
function resolve(reference: FileReference, files: Files): string | Fault | null {
  const { path } = reference;
  const meant = attachmentMeant(files, path);
  if (meant !== undefined) {
    const there = attachmentPath(meant.name);
    return there === path ? null : there;
  }
  if (path.startsWith('/') && !path.startsWith('/etc/haproxy/')) return null;
  return fault(reference, noAttachment(reference));
}

/**
 * What there is to say of the files of a line that are no attachments, for when HAProxy has refused
 * the line; empty where all are.
 */
export function strangeFiles(line: ConfigLine, files: Files): string {
  return fileReferences(line)
    .filter(({ isPrivate, path }) => !isPrivate && attachmentMeant(files, path) === undefined)
    .map((reference) => noAttachment(reference))
    .join('; ');
}

function noAttachment({ path, purpose }: FileReference): string {
  const name = path.split('/').at(-1) ?? path;
  const more = path === name ? '' : `, path: ${path}`;
  return (
    `${purpose} '${path}' is no attachment of the instance: ` +
    `add it to 'attachments', as '${name}: { file: PATH${more} }'`
  );
}

// A pattern of folders that Lua looks for modules in. All of an instance's programs are in one.
function modulePath(reference: FileReference, files: Files): string | Fault | null {
  const { path } = reference;
  const folder = /^(?:(.*)\/)?\?\.lua$/.exec(path)?.[1] ?? (path === '?.lua' ? '.' : null);
  const isOurs =
    folder === '.' ||
    files.some((one) => one.path !== null && one.path.replace(/\/[^/]*$/, '') === folder);
  if (isOurs && folder !== null) return `${attachmentFolder}/?.lua`;
  if (path.startsWith('/') && !path.startsWith('/etc/haproxy/')) return null;
  if (path.startsWith(`${attachmentFolder}/`)) return null;
  return fault(
    reference,
    `'${path}' is no folder of the instance's Lua programs: attach them under plain names; they ` +
      "find each other there by themselves, so that the line can go, or be 'lua-prepend-path ?.lua'",
  );
}

function isModulePath(line: ConfigLine): boolean {
  return line.words[0]?.text === 'lua-prepend-path';
}

function fault({ word }: FileReference, message: string): Fault {
  return { column: word.start + 1, message };
}

function unwritten(reference: FileReference): Fault {
  return fault(
    reference,
    `'${reference.path}' cannot be put in its place here: write it without quotes and escapes`,
  );
}

function editOf(line: ConfigLine, reference: FileReference, text: string): Edit | null {
  const { word, path, offset } = reference;
  if (word.text === path) return { start: word.start, end: word.end, text };
  // A part of a word, such as the name of a map within a sample expression. The word as written may
  // have quotes and escapes in it: what is looked for is the same call, counted from the left.
  const opening = /[a-z_-]+\($/.exec(word.text.slice(0, offset))?.[0];
  if (opening === undefined) return null;
  const call = opening + path;
  const raw = line.text.slice(word.start, word.end);
  let at = -1;
  for (let left = word.text.slice(0, offset).split(call).length; left > 0; left -= 1) {
    at = raw.indexOf(call, at + 1);
    if (at < 0) return null;
  }
  const start = word.start + at + opening.length;
  return { start, end: start + path.length, text };
}
