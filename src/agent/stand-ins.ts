import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { certificateFolder, certificatesIn } from '../haproxy/certificates.ts';
import { standInPem } from '../trust/stand-in.ts';

const folderName = 'certificates';

/**
 * Puts a made-up certificate where a configuration names one, so that `haproxy -c` can judge it on a
 * host that is not given the real one.
 *
 * @returns what to mount for it; nothing where none is named
 */
export async function standInMounts(
  folder: string,
  rendered: string,
): Promise<readonly { source: string; target: string; writable: false }[]> {
  const names = certificatesIn(rendered);
  if (names.length === 0) return [];
  const pem = await standInPem();
  const source = join(folder, folderName);
  await mkdir(source, { mode: 0o755 });
  for (const name of names) await writeFile(join(source, name), pem, { mode: 0o444 });
  return [{ source, target: certificateFolder, writable: false }];
}
