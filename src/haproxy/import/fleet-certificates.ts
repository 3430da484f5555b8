// Certificates that HAProxy loads by their paths on a machine. In an instance they are the fleet's, by
// their names: their keys belong into no spec.

import { readCrtList } from '../crt-list.ts';
import { freeName, plainNamePattern } from '../plain-name.ts';
import { tokenizeLine } from '../tokenize.ts';
import { contentOf, type FoundFiles } from './attached-files.ts';
import { edited, refusal, type SourceLine, type Verdict } from './fate.ts';
import { certificateListPurpose, certificatePurpose, fileReferences } from './file-references.ts';

/** A file that HAProxy loads as a certificate. */
export interface MachineCertificate {
  /** Where it is. */
  readonly path: string;
  /** Where its key is: in the same file, in another one, or unknown where it is not to be found here. */
  readonly key: 'inside' | { readonly path: string } | null;
}

/**
 * What was found of the certificates that a configuration names, by what it calls them: a file each,
 * more for a folder or a bundle; or why they cannot be told.
 */
export type FoundCertificates = ReadonlyMap<string, readonly MachineCertificate[] | string>;

/** One that the fleet has to have before the instance can be applied. */
export interface ImportedCertificate extends MachineCertificate {
  readonly name: string;
}

/** Lines with names where paths were. */
export interface NamedCertificates {
  readonly sources: readonly SourceLine[];
  /** The lists of certificates with names in them too. */
  readonly files: FoundFiles;
  readonly certificates: readonly ImportedCertificate[];
  /** By the numbers of lines: what was done to them. */
  readonly notes: ReadonlyMap<number, CertificateNote>;
  /** By the numbers of lines: what cannot be taken. */
  readonly faults: ReadonlyMap<number, Verdict>;
}

export interface CertificateNote {
  /** Empty where nothing is in other words. */
  readonly detail: string;
  readonly warnings: readonly string[];
}

/** Gives the certificates names, and puts these where lines and lists have paths. */
export function nameCertificates(
  sources: readonly SourceLine[],
  files: FoundFiles,
  found: FoundCertificates,
): NamedCertificates {
  const names = new Names(found);
  const notes = new Map<number, CertificateNote>();
  const faults = new Map<number, Verdict>();
  const written = new Map(files);
  const named = sources.map((source, index) => {
    const taken: ImportedCertificate[] = [];
    let isOther = false;
    const edits = fileReferences(source.line).flatMap(({ purpose, path, word }) => {
      const refuse = (why: string) =>
        faults.set(index, refusal(`${purpose} ${path}: ${why}`, word.start + 1));
      if (purpose === certificateListPurpose) {
        const content = contentOf(files, path);
        const list = content === undefined ? null : listWithNames(content, names);
        if (typeof list === 'string') refuse(list);
        else if (list !== null) {
          taken.push(...list.taken);
          written.set(path, new Map([[path, list.content]]));
          isOther ||= list.isOther;
        }
        return [];
      }
      if (purpose !== certificatePurpose) return [];
      const own = word.expands ? 'its path depends on the environment' : names.of(path);
      if (typeof own === 'string') {
        refuse(own);
        return [];
      }
      taken.push(...own);
      const text = own.map(({ name }) => name).join(' crt ');
      return text === path ? [] : [{ start: word.start, end: word.end, text }];
    });
    if (taken.length > 0) notes.set(index, noteOf(taken, isOther || edits.length > 0));
    if (edits.length === 0) return source;
    const text = edited(source.line.text, edits);
    return {
      ...source,
      line: { ...source.line, text, words: tokenizeLine(text) },
      was: source.line.text,
    };
  });
  return { sources: named, files: written, certificates: names.all, notes, faults };
}

function noteOf(taken: readonly ImportedCertificate[], isOther: boolean): CertificateNote {
  const all = taken.map(({ name }) => name);
  const missing = taken.filter(({ key }) => key === null);
  const words = all.length === 1 ? 'certificate' : 'certificates';
  return {
    detail: isOther ? `with the fleet's ${words} ${all.join(', ')}` : '',
    warnings: missing.map(({ path }) => `${path} is not to be found here with its key`),
  };
}

function listWithNames(content: Uint8Array, names: Names) {
  const text = new TextDecoder().decode(content);
  const entries = new Map(readCrtList(text).map((entry) => [entry.line, entry]));
  const taken: ImportedCertificate[] = [];
  const lines: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const entry = entries.get(index + 1);
    if (entry === undefined) {
      lines.push(line);
      continue;
    }
    const own = names.of(entry.path);
    if (typeof own === 'string') return `line ${entry.line}: ${entry.path}: ${own}`;
    taken.push(...own);
    const [before, behind] = [entry.start, entry.start + entry.path.length];
    for (const { name } of own) lines.push(line.slice(0, before) + name + line.slice(behind));
  }
  const rewritten = lines.join('\n');
  return { taken, isOther: rewritten !== text, content: new TextEncoder().encode(rewritten) };
}

/** Hands out a name for each file: its own where that is free. */
class Names {
  readonly #found: FoundCertificates;
  readonly #byPath = new Map<string, ImportedCertificate>();

  constructor(found: FoundCertificates) {
    this.#found = found;
  }

  get all(): readonly ImportedCertificate[] {
    return [...this.#byPath.values()];
  }

  /** The certificates that HAProxy loads by a path; why they cannot be told. */
  of(path: string): readonly ImportedCertificate[] | string {
    const found = this.#found.get(path) ?? [{ path, key: null }];
    if (typeof found === 'string') return found;
    if (found.some((one) => one.path.endsWith('/')))
      return 'the folder is not here, so that nobody knows what is in it';
    return found.map((one) => this.#named(one));
  }

  #named(certificate: MachineCertificate): ImportedCertificate {
    const { path } = certificate;
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const taken = new Set(this.all.map(({ name }) => name));
    const parts = path.split('/').filter((part) => part !== '');
    const base = plain(parts.at(-1) ?? '');
    // A name that is taken gets its folder's in front, and where that is no help a number.
    const apart = plain(parts.slice(-2).join('-'));
    const name = taken.has(base) && !taken.has(apart) ? apart : freeName(base, taken);
    const named = { ...certificate, name };
    this.#byPath.set(path, named);
    return named;
  }
}

function plain(text: string): string {
  const name = text
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .replaceAll(/\.\.+/g, '.')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 128);
  return plainNamePattern.test(name) ? name : 'certificate.pem';
}
