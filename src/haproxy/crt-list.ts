// Lists of certificates (configuration manual, `crt-list`): in each line a certificate, in brackets what
// holds for it, and the names that it is for.

import type { Attachment } from '../domain/model.ts';
import { attachmentMeant } from './attachments.ts';
import { type ConfigLine, readConfig } from './config-lines.ts';
import {
  certificateListPurpose,
  type FileReference,
  fileReferences,
} from './import/file-references.ts';
import { plainNamePattern } from './plain-name.ts';

/** What a line of a list names. */
export interface ListedCertificate {
  /** As it is written: a name of the fleet's where it has no folder. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** Offset of the path in its line. */
  readonly start: number;
}

/** The certificates of a list, in its order. */
export function readCrtList(text: string): readonly ListedCertificate[] {
  return text.split('\n').flatMap((line, index) => {
    const [, blanks = '', path] = /^([ \t]*)([^\s#[][^\s[]*)/.exec(line) ?? [];
    return path === undefined ? [] : [{ path, line: index + 1, start: blanks.length }];
  });
}

/** Where lines name a list of certificates. */
export function crtListReferences(
  lines: readonly ConfigLine[],
): readonly (FileReference & { readonly line: number })[] {
  return lines.flatMap((line) =>
    fileReferences(line)
      .filter(({ purpose }) => purpose === certificateListPurpose)
      .map((reference) => ({ ...reference, line: line.number })),
  );
}

/**
 * The attachments, those that a configuration names as a list of certificates with the fleet's certificates that
 * are in it: what an instance needs is known then without a look into the file.
 */
export function withListedCertificates(
  config: string,
  attachments: readonly Attachment[],
  contentOf: (attachment: Attachment) => Uint8Array | undefined,
): readonly Attachment[] {
  if (attachments.length === 0) return attachments;
  const lists = new Set(
    crtListReferences(readConfig(config)).map(({ path }) => attachmentMeant(attachments, path)),
  );
  if (lists.size === 0) return attachments;
  return attachments.map((one) => {
    const content = lists.has(one) ? contentOf(one) : undefined;
    if (content === undefined) return one;
    const named = readCrtList(new TextDecoder().decode(content)).map(({ path }) => path);
    const certificates = named.filter((path) => plainNamePattern.test(path));
    return certificates.length === 0
      ? one
      : { ...one, certificates: [...new Set(certificates)].toSorted() };
  });
}
