import { createReadStream } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BridgeheadError } from '../domain/errors.ts';
import { filesNamedIn } from '../spec/attachment-files.ts';
import { attachmentBytesMax } from '../spec/attachments.ts';

/** Most that the files of one spec hold, bytes: a server takes no more at once. */
const filesBytesMax = 16 * 1024 * 1024;

/**
 * Reads the files that the attachments of a spec name, by the paths that it has for them.
 *
 * @param file the spec's own, or `-`: relative paths begin at its folder
 * @throws BridgeheadError REQUEST_INVALID for one that cannot be read, and where they are too large
 */
export async function readSpecFiles(
  text: string,
  file: string,
): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const folder = file === '-' ? '.' : dirname(file);
  let left = filesBytesMax;
  for (const name of filesNamedIn(text)) {
    const bytes = await readFileOf(name, resolve(folder, name));
    left -= bytes.length;
    if (left < 0) {
      throw new BridgeheadError(
        'REQUEST_INVALID',
        `the files that the spec attaches have over 16 MiB, with ${name}`,
        'Apply the spec in parts, without --prune.',
      );
    }
    files.set(name, bytes);
  }
  return files;
}

/** Files as a request carries them, in Base64; undefined for none. */
export function carried(
  files: ReadonlyMap<string, Buffer>,
): Readonly<Record<string, string>> | undefined {
  if (files.size === 0) return undefined;
  return Object.fromEntries([...files].map(([name, bytes]) => [name, bytes.toString('base64')]));
}

async function readFileOf(name: string, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > attachmentBytesMax) throw new Error(`it has over ${attachmentBytesMax} bytes`);
    }
  } catch (error) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `the file ${name} that the spec attaches cannot be taken: ${(error as Error).message}`,
      "Check 'file' in the spec's attachments: a relative path begins at the folder of the spec.",
    );
  }
  return Buffer.concat(chunks);
}
