import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { readConfig } from '../haproxy/config-lines.ts';
import type { FoundFiles } from '../haproxy/import/attached-files.ts';
import type { ImportFile } from '../haproxy/import/fate.ts';
import { fileReferences } from '../haproxy/import/file-references.ts';
import { attachmentBytesMax, holdsPrivateKey } from '../spec/attachments.ts';

/** Most files that are looked for. */
const namesMax = 256;

/**
 * The files that configurations have HAProxy read, but for those with private keys. A relative path
 * is looked for beside the configuration, then where the command was called.
 *
 * @param root folder in which the machine's files are, for a copy of them; null for this machine's own
 */
export async function readAttachedFiles(
  files: readonly ImportFile[],
  root: string | null,
): Promise<FoundFiles> {
  const wanted = new Map<string, { readonly beside: string; readonly isPattern: boolean }>();
  for (const file of files) {
    for (const line of readConfig(file.text)) {
      const isPattern = line.words[0]?.text === 'lua-prepend-path';
      for (const { path, isPrivate, word } of fileReferences(line)) {
        if (isPrivate || word.expands || wanted.size >= namesMax || wanted.has(path)) continue;
        wanted.set(path, { beside: dirname(file.name), isPattern });
      }
    }
  }
  const found = new Map<string, ReadonlyMap<string, Uint8Array> | string>();
  for (const [path, { beside, isPattern }] of wanted) {
    const paths = isPattern ? await modulesOf(path, root) : [path];
    if (paths.length === 0) continue;
    const contents = new Map<string, Uint8Array>();
    let fault: string | null = null;
    for (const own of paths) {
      const content = await readFirst(placesOf(own, beside, root));
      if (typeof content === 'string') fault = content;
      else if (content !== null) contents.set(own, content);
    }
    if (fault !== null) found.set(path, fault);
    else if (contents.size > 0) found.set(path, contents);
  }
  return found;
}

/** Where a path of a configuration may be on this machine, or below `root` where a copy of it is. */
export function placesOf(path: string, beside: string, root: string | null): readonly string[] {
  if (isAbsolute(path)) return [root === null ? path : join(root, path)];
  return [join(beside, path), path];
}

/** @returns why it cannot be taken, null where there is none */
async function readFirst(places: readonly string[]): Promise<Uint8Array | string | null> {
  for (const place of places) {
    try {
      const { size, isFile } = await stat(place).then((one) => ({
        size: one.size,
        isFile: one.isFile(),
      }));
      if (!isFile) return 'it is no plain file';
      if (size > attachmentBytesMax) return `it has over ${attachmentBytesMax} bytes`;
      const content = await readFile(place);
      return holdsPrivateKey(content) ? 'it holds a private key' : content;
    } catch {
      // Not there, or not readable: the report says so at its line.
    }
  }
  return null;
}

// The programs in the folder of `FOLDER/?.lua`, the one kind of pattern that attachments can stand for.
async function modulesOf(pattern: string, root: string | null): Promise<readonly string[]> {
  const folder = /^(\/.*)\/\?\.lua$/.exec(pattern)?.[1];
  if (folder === undefined) return [];
  const names = await readdir(root === null ? folder : join(root, folder)).catch(() => []);
  return names
    .filter((name) => name.endsWith('.lua'))
    .toSorted()
    .map((name) => `${folder}/${name}`);
}
