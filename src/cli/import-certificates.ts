import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { readConfig } from '../haproxy/config-lines.ts';
import { readCrtList } from '../haproxy/crt-list.ts';
import { contentOf, type FoundFiles } from '../haproxy/import/attached-files.ts';
import type { ImportFile } from '../haproxy/import/fate.ts';
import {
  certificateListPurpose,
  certificatePurpose,
  fileReferences,
} from '../haproxy/import/file-references.ts';
import type {
  FoundCertificates,
  MachineCertificate,
} from '../haproxy/import/fleet-certificates.ts';
import { holdsPrivateKey } from '../spec/attachments.ts';
import { placesOf } from './import-attachments.ts';

/** Most certificates that are looked for, and most of a folder. */
const certificatesMax = 1_024;
/** Far more than a certificate with its chain and key has. */
const bytesMax = 1024 * 1024;
/** Files of a folder that belong to a certificate, and of which HAProxy makes none (2.6, `crt`). */
const besides = /^\.|\.(?:issuer|ocsp|sctl|key)$/;
/** Endings of the files of one certificate with several kinds of keys (2.6, `crt`). */
const bundleEnds = ['.rsa', '.ecdsa', '.dsa'] as const;

/**
 * The certificates that configurations have HAProxy load, and where their keys are. A relative path is
 * looked for in `crt-base`, or else beside the configuration and where the command was called.
 *
 * @param attached what was found of the other files: lists of certificates name more of them
 * @param root folder in which the machine's files are, for a copy of them; null for this machine's own
 */
export async function readCertificates(
  files: readonly ImportFile[],
  attached: FoundFiles,
  root: string | null,
): Promise<FoundCertificates> {
  const lines = files.flatMap((file) =>
    readConfig(file.text).map((line) => ({ line, beside: dirname(file.name) })),
  );
  const base = lines.findLast(
    ({ line }) => line.section?.keyword === 'global' && line.words[0]?.text === 'crt-base',
  )?.line.words[1]?.text;
  const wanted = new Map<string, string>();
  for (const { line, beside } of lines) {
    for (const { path, purpose, word } of fileReferences(line)) {
      if (purpose === certificatePurpose && !word.expands) wanted.set(path, beside);
      const content = purpose === certificateListPurpose ? contentOf(attached, path) : undefined;
      if (content === undefined) continue;
      for (const entry of readCrtList(new TextDecoder().decode(content)))
        wanted.set(entry.path, beside);
    }
  }
  const found = new Map<string, readonly MachineCertificate[] | string>();
  for (const [path, beside] of [...wanted].slice(0, certificatesMax)) {
    const whole = base === undefined || isAbsolute(path) ? path : join(base, path);
    found.set(path, await firstOf(placesOf(whole, beside, root)));
  }
  return found;
}

async function firstOf(places: readonly string[]): Promise<readonly MachineCertificate[] | string> {
  for (const place of places) {
    const there = await kindOf(place);
    if (there === 'folder') {
      const names = (await readdir(place)).filter((name) => !besides.test(name)).toSorted();
      if (names.length === 0 || names.length > certificatesMax)
        return `there are ${names.length} certificates in the folder`;
      return Promise.all(names.map((name) => certificateAt(join(place, name))));
    }
    if (there === 'file') return [await certificateAt(place)];
    const bundle: string[] = [];
    for (const end of bundleEnds)
      if ((await kindOf(place + end)) === 'file') bundle.push(place + end);
    if (bundle.length > 0) return Promise.all(bundle.map((one) => certificateAt(one)));
  }
  const [first = ''] = places;
  return [{ path: first, key: null }];
}

async function certificateAt(path: string): Promise<MachineCertificate> {
  const apart = [`${path}.key`, path.replace(/\.[^./]*$/, '.key')];
  if (await hasKey(path)) return { path, key: 'inside' };
  for (const one of apart) if (await hasKey(one)) return { path, key: { path: one } };
  return { path, key: null };
}

async function hasKey(path: string): Promise<boolean> {
  try {
    const { size } = await stat(path);
    return size <= bytesMax && holdsPrivateKey(await readFile(path));
  } catch {
    return false;
  }
}

async function kindOf(path: string): Promise<'file' | 'folder' | null> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? 'folder' : found.isFile() ? 'file' : null;
  } catch {
    return null;
  }
}
