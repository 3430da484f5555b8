import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BridgeheadError } from '../domain/errors.ts';
import { readConfig } from '../haproxy/config-lines.ts';
import { errorPageMax, errorPagePath } from '../haproxy/import/error-page.ts';
import type { ImportFile } from '../haproxy/import/fate.ts';

/** Far more than the 1 MiB that a spec takes, so that what is left out does not count. */
const bytesMax = 4 * 1024 * 1024;
const filesMax = 1_024;

/**
 * Reads configurations in the order in which HAProxy would: of a folder the files that end in
 * `.cfg` and are not hidden, in the order of their bytes. `-` is standard input.
 *
 * @throws BridgeheadError REQUEST_INVALID for what cannot be read
 */
export async function readImportFiles(
  paths: readonly string[],
  input: () => AsyncIterable<Uint8Array>,
): Promise<readonly ImportFile[]> {
  const files: ImportFile[] = [];
  let left = bytesMax;
  for (const path of await filesIn(paths)) {
    const name = path === '-' ? 'stdin' : path;
    const bytes = await readBytes(path === '-' ? input() : createReadStream(path), name, left);
    left -= bytes.length;
    files.push(decode(name, bytes));
  }
  return files;
}

async function filesIn(paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) {
    if (path === '-' || !(await isFolder(path))) found.push(path);
    else {
      const names = (await readdir(path)).filter(
        (name) => name.endsWith('.cfg') && !name.startsWith('.'),
      );
      const inside = names
        .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .map((name) => join(path, name));
      for (const file of inside) if (!(await isFolder(file))) found.push(file);
    }
  }
  if (found.length > 0 && found.length <= filesMax) return found;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    found.length === 0
      ? `there is no file that ends in .cfg in ${paths.join(', ')}`
      : `${paths.join(', ')} holds over ${filesMax} files`,
    'Name the configuration files of one HAProxy, or the folder that holds them.',
  );
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw unreadable(path, error as Error);
  }
}

async function readBytes(
  stream: AsyncIterable<Uint8Array>,
  name: string,
  left: number,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > left) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreadable(name, error as Error);
  }
  if (size <= left) return Buffer.concat(chunks);
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `the configuration is longer than 4 MiB, with ${name}`,
    'A spec takes a configuration of 1 MiB: give the files of one HAProxy only.',
  );
}

function unreadable(path: string, error: Error): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    `${path} cannot be read: ${error.message}`,
    'Check the path; - reads the configuration from standard input.',
  );
}

/** Most error pages that are read; HAProxy has 17 codes for them. */
const pagesMax = 256;

/**
 * The error pages that the configurations name, by their paths. One that is not there, or too long
 * to be written out, is left out: its line is refused then.
 */
export async function readErrorPages(
  files: readonly ImportFile[],
): Promise<ReadonlyMap<string, string>> {
  const paths = new Set(
    files.flatMap(({ text }) => readConfig(text).flatMap((line) => errorPagePath(line) ?? [])),
  );
  const pages = new Map<string, string>();
  for (const path of [...paths].slice(0, pagesMax)) {
    try {
      if (!(await stat(path)).isFile()) continue;
      const bytes = await readBytes(createReadStream(path), path, errorPageMax);
      const { text, encoding } = decode(path, bytes);
      if (encoding === 'utf-8') pages.set(path, text);
    } catch {
      // Not there, not readable or too long: the report says so at its line.
    }
  }
  return pages;
}

function decode(name: string, bytes: Buffer): ImportFile {
  try {
    return {
      name,
      text: new TextDecoder('utf-8', { fatal: true }).decode(bytes),
      encoding: 'utf-8',
    };
  } catch {
    return { name, text: bytes.toString('latin1'), encoding: 'latin1' };
  }
}
