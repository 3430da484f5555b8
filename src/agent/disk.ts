import { closeSync, fsyncSync, openSync } from 'node:fs';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces a file so that a reader, also one after a power cut, finds the old text or the new and
 * never a part: written beside it, synced, renamed, and the folder synced.
 *
 * @param owner user and group that it is to belong to; whose the process is unless told
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  mode = 0o600,
  owner: number | null = null,
): Promise<void> {
  const next = `${path}.next`;
  await mkdir(dirname(path), { recursive: true });
  const file = await open(next, 'w', mode);
  try {
    await file.writeFile(content);
    await file.chmod(mode);
    if (owner !== null) await file.chown(owner, owner);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The file's text, or null where there is no such file. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
