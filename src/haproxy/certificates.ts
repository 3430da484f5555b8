// Certificates that a configuration means by name: which ones those are, and how the rendered text
// says so. That text alone tells a scheduler what to deliver with it, and an agent what to have there.

import type { Attachment } from '../domain/model.ts';
import { attachmentMeant } from './attachments.ts';
import type { ConfigLine } from './config-lines.ts';
import { crtListReferences } from './crt-list.ts';
import { plainNamePattern } from './plain-name.ts';

/** Where an instance's certificates are inside its container, each under its name. */
export const certificateFolder = '/run/bridgehead/certificates';

const headPattern = /^# certificate (\S+)$/;
/** Where the options of a line begin: behind names and addresses, which may be spelled like one. */
const optionsFrom: ReadonlyMap<string, number> = new Map([
  ['bind', 2],
  ['default-server', 1],
  ['server', 3],
  ['server-template', 4],
]);

/** A certificate by its name, and where a configuration names it. */
export interface CertificateReference {
  readonly name: string;
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The list that has it, as the line calls that; left out where the line names the certificate. */
  readonly list?: string;
}

/**
 * Where lines name a certificate: `crt NAME` without a folder, or a list that is attached and has such
 * names. None where the owner has a `crt-base` of their own, which says where such names are looked for.
 */
export function certificateReferences(
  lines: readonly ConfigLine[],
  attachments: readonly Attachment[] = [],
): readonly CertificateReference[] {
  const hasOwnBase = lines.some(
    ({ section, words }) => section?.keyword === 'global' && words[0]?.text === 'crt-base',
  );
  if (hasOwnBase) return [];
  const listed = crtListReferences(lines).flatMap(({ path, line, word }) =>
    (attachmentMeant(attachments, path)?.certificates ?? []).map((name) => ({
      ...{ name, line, column: word.start + 1, list: path },
    })),
  );
  const named = lines.flatMap(({ words, number, isHeader }) => {
    const from = isHeader ? undefined : optionsFrom.get(words[0]?.text ?? '');
    if (from === undefined) return [];
    return words.flatMap((word, index) => {
      const isNamed = index > from && words[index - 1]?.text === 'crt';
      if (!isNamed || word.expands || !plainNamePattern.test(word.text)) return [];
      return [{ name: word.text, line: number, column: word.start + 1 }];
    });
  });
  return [...named, ...listed];
}

/** Lines for the head of a rendered configuration. */
export function certificateLines(names: Iterable<string>): readonly string[] {
  return [...new Set(names)].toSorted().map((name) => `# certificate ${name}`);
}

/**
 * The certificates that a rendered configuration needs. Only the managed head counts: what an owner
 * writes stands behind it.
 */
export function certificatesIn(rendered: string): readonly string[] {
  const names: string[] = [];
  let at = 0;
  while (rendered.startsWith('# ', at)) {
    const end = rendered.indexOf('\n', at);
    const line = rendered.slice(at, end < 0 ? undefined : end);
    const name = headPattern.exec(line)?.[1];
    if (name !== undefined && plainNamePattern.test(name)) names.push(name);
    if (end < 0) break;
    at = end + 1;
  }
  return names;
}
