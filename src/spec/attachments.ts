// Attachments as a spec has them: read, checked, and told apart into files for the container and
// fragments of the configuration.

import { createHash } from 'node:crypto';
import type { Attachment } from '../domain/model.ts';
import { attachmentFolder } from '../haproxy/attachments.ts';
import { readConfig } from '../haproxy/config-lines.ts';
import { plainNamePattern } from '../haproxy/plain-name.ts';
import type { Report } from './pool-rules.ts';
import type { InstanceFields } from './schema.ts';

/** Most that one attachment holds, bytes. */
export const attachmentBytesMax = 4 * 1024 * 1024;
/** Most that the attachments of one instance hold, bytes. */
export const attachmentsBytesMax = 16 * 1024 * 1024;
/** Most attachments of one instance. */
export const attachmentsMax = 64;

/** Files that specs name, by the path under which they name them. */
export type SpecFiles = ReadonlyMap<string, Uint8Array>;

/** A part of the configuration that stands in a file of its own. */
export interface Fragment {
  readonly name: string;
  readonly text: string;
}

/** What a spec attaches to an instance. */
export interface ReadAttachments {
  /** In the order of their names. */
  readonly attachments: readonly Attachment[];
  /** In the order of the spec. */
  readonly fragments: readonly Fragment[];
  /** What is in the attachments, by its SHA-256 in hexadecimal. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

type Source = NonNullable<InstanceFields['attachments']>[string];

/** Names that would be taken for something else in the instance's folder. */
const reservedNames: ReadonlySet<string> = new Set(['haproxy.cfg']);

// The lines that begin a private key in PEM (RFC 7468), in all its forms.
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/**
 * Reads the attachments of an instance; what is wrong with them is reported.
 *
 * @param files those that the spec's `file` entries name
 */
export function readAttachments(
  sources: InstanceFields['attachments'],
  files: SpecFiles,
  report: Report,
): ReadAttachments {
  const attachments: Attachment[] = [];
  const fragments: Fragment[] = [];
  const contents = new Map<string, Uint8Array>();
  const meant = new Set<string>();
  let bytesLeft = attachmentsBytesMax;
  const entries = Object.entries(sources ?? {});
  if (entries.length > attachmentsMax)
    report(['attachments'], `an instance has ${attachmentsMax} attachments at most`);
  for (const [name, source] of entries.slice(0, attachmentsMax)) {
    const refuse = (message: string) => report(['attachments', name], message);
    const nameFault = faultOfName(name);
    if (nameFault !== null) {
      refuse(nameFault);
      continue;
    }
    const content = contentOf(source, files);
    if (typeof content === 'string') {
      refuse(content);
      continue;
    }
    bytesLeft -= content.length;
    const fault = faultOfContent(content, bytesLeft) ?? faultOfPath(source, meant);
    if (fault !== null) refuse(fault);
    else if (source.include) {
      const text = textOf(content);
      const fragmentFault = text === null ? 'a fragment must be text' : faultOfFragment(text);
      if (fragmentFault !== null) refuse(fragmentFault);
      else fragments.push({ name, text: text ?? '' });
    } else {
      const sha256 = createHash('sha256').update(content).digest('hex');
      contents.set(sha256, content);
      attachments.push({ name, sha256, sizeBytes: content.length, path: source.path ?? null });
    }
  }
  return {
    attachments: attachments.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    fragments,
    contents,
  };
}

/** Whether there is a private key in PEM in it. */
export function holdsPrivateKey(content: Uint8Array): boolean {
  return privateKey.test(new TextDecoder('latin1').decode(content));
}

function faultOfName(name: string): string | null {
  if (reservedNames.has(name)) return `'${name}' is the configuration itself: choose another name`;
  return plainNamePattern.test(name)
    ? null
    : "the name of an attachment is one of a file without a folder: letters, digits, '.', '-' and " +
        "'_', a letter or digit first, no '..', 128 characters at most";
}

function contentOf(source: Source, files: SpecFiles): Uint8Array | string {
  const { file, text, base64 } = source;
  if ([file, text, base64].filter((one) => one !== undefined).length !== 1)
    return "an attachment has one of 'file', 'text' and 'base64'";
  if (text !== undefined) return Buffer.from(text, 'utf8');
  if (base64 !== undefined) {
    const plain = base64.replace(/\s/g, '');
    const bytes = Buffer.from(plain, 'base64');
    return bytes.toString('base64') === plain ? bytes : "its 'base64' is not valid Base64";
  }
  return (
    files.get(file ?? '') ??
    `the file ${file} did not come with the spec: apply it with 'bridgehead apply', which sends ` +
      "it, or give 'text' or 'base64'"
  );
}

function faultOfContent(content: Uint8Array, bytesLeft: number): string | null {
  if (content.length > attachmentBytesMax)
    return `it has ${content.length} bytes: an attachment has ${attachmentBytesMax} at most`;
  if (bytesLeft < 0)
    return `with it, the instance's attachments have over ${attachmentsBytesMax} bytes`;
  return holdsPrivateKey(content)
    ? 'it holds a private key, and attachments are kept as they are: keys belong to certificates'
    : null;
}

// `meant` has the paths of the attachments before.
function faultOfPath({ path, include }: Source, meant: Set<string>): string | null {
  if (path === undefined) return null;
  if (include) return "a fragment has no 'path': the configuration refers to it nowhere";
  if (path.startsWith(attachmentFolder))
    return `attachments are in ${attachmentFolder} without saying so: leave 'path' out`;
  if (meant.has(path)) return `'${path}' is the path of an attachment before it`;
  meant.add(path);
  return null;
}

// HAProxy reads files one by one: a section, and a condition, ends with its file.
function faultOfFragment(text: string): string | null {
  let depth = 0;
  for (const { words, section, number } of readConfig(text)) {
    const first = words[0]?.text ?? '';
    if (first === '.if') depth += 1;
    if (first === '.endif') depth -= 1;
    if (depth < 0) return `line ${number}: .endif without .if`;
    if (section === null && first !== '' && !first.startsWith('.'))
      return `line ${number}: a fragment begins with a section of its own, such as 'backend NAME'`;
  }
  return depth === 0 ? null : 'an .if of the fragment has no .endif';
}

function textOf(content: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return null;
  }
}
