import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Access } from './context.ts';

/**
 * Writes a person's own context, readable for them alone.
 *
 * @param token null to keep none
 */
export async function writeContext(
  path: string,
  { url, others = [] }: Pick<Access, 'url' | 'others'>,
  token: string | null,
): Promise<void> {
  const where = others.length === 0 ? { url } : { urls: [url, ...others] };
  const content = { ...where, ...(token === null ? {} : { token }) };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Another name first: a file that is there already may be readable for more.
  const next = `${path}.${process.pid}.new`;
  await writeFile(next, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(next, path);
}

/** The token in a context file; null where there is none. */
export async function tokenIn(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch(() => '{}');
  try {
    return (JSON.parse(text) as { token?: string }).token ?? null;
  } catch {
    return null;
  }
}
