import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { certificateFolder, certificatesIn } from '../haproxy/certificates.ts';
import { createAuthority, issueServerCertificate } from '../trust/authority.ts';

const folderName = 'certificates';
let standIn: Promise<string> | null = null;

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
  if (certificatesIn(rendered).length === 0) return [];
  const source = join(folder, folderName);
  await writeStandIns(source, rendered);
  return [{ source, target: certificateFolder, writable: false }];
}

/** Makes a folder with a made-up certificate for each that a rendered configuration names. */
export async function writeStandIns(folder: string, rendered: string): Promise<void> {
  standIn ??= makeStandIn();
  const pem = await standIn;
  await mkdir(folder, { mode: 0o755 });
  for (const name of certificatesIn(rendered))
    await writeFile(join(folder, name), pem, { mode: 0o444 });
}

async function makeStandIn(): Promise<string> {
  const now = new Date();
  const authority = await createAuthority(now);
  const { certificate, key } = await issueServerCertificate(authority, ['stand-in.invalid'], now);
  return `${certificate}\n${key}\n`;
}
