import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
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
  const next = await writeBeside(path, content, async (file) => {
    await file.chmod(mode);
    if (owner !== null) await file.chown(owner, owner);
    await file.sync();
  });
  await rename(next, path);
  await syncFolder(dirname(path));
}

/**
 * Replaces a file for as long as the host runs: a reader finds the old text or the new, one after a
 * power cut perhaps neither.
 */
export async function replaceBootFile(path: string, content: string): Promise<void> {
  await rename(await writeBeside(path, content, async () => undefined), path);
}

/** Puts names that were made or changed in a folder on the disk. Blocks nobody else. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeBeside(
  path: string,
  content: string | Uint8Array,
  settle: (file: FileHandle) => Promise<void>,
): Promise<string> {
  const next = `${path}.next`;
  await mkdir(dirname(path), { recursive: true });
  const file = await open(next, 'w', 0o600);
  try {
    await file.writeFile(content);
    await settle(file);
  } finally {
    await file.close();
  }
  return next;
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
