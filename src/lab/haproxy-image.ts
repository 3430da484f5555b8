import { createReadStream } from 'node:fs';
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  mkdtemp,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { commandOutput } from '../system/command.ts';
import { DockerEngine } from '../system/docker-engine.ts';
import { httpOverSocket } from './lab-api.ts';

const repository = 'bridgehead/haproxy';
const versionLabel = 'org.bridgehead.haproxy';
const program = '/usr/sbin/haproxy';
/** The user that the agent runs HAProxy as; Debian's and the official image both use it. */
const user = 99;

/** The machine's HAProxy: `full` such as 2.6.12-1+deb12u3, `minor` such as 2.6. */
export interface HaproxyVersion {
  readonly full: string;
  /** Without what the distribution appended: a tag may not hold a plus sign. */
  readonly release: string;
  readonly minor: string;
}

/** Reads the first line that `haproxy -v` prints; null where it is something else. */
export function parseHaproxyVersion(text: string): HaproxyVersion | null {
  const match = /^HA-?Proxy version (((\d+\.\d+)[\w.]*)\S*)/.exec(text);
  const [, full, release, minor] = match ?? [];
  if (full === undefined || release === undefined || minor === undefined) return null;
  return { full, release, minor };
}

/** Files that `ldd` says a program is loaded with, the loader among them. */
export function parseLdd(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/.exec(line);
    return match?.[1] === undefined ? [] : [match[1]];
  });
}

/** The version of the HAProxy that is installed on this machine. */
export async function installedHaproxy(): Promise<HaproxyVersion> {
  const text = await commandOutput([program, '-v']);
  const version = parseHaproxyVersion(text);
  if (version === null) throw new Error(`${program} -v says: ${text.split('\n')[0] ?? ''}`);
  return version;
}

/**
 * A tar with the machine's HAProxy, the libraries that it is loaded with, and nothing else: no
 * shell, no package manager. The same files make the same bytes.
 *
 * @returns path of the tar, below `folder`
 */
export async function buildHaproxyTar(folder: string, version: HaproxyVersion): Promise<string> {
  const tar = join(folder, `haproxy-${version.full}.tar`);
  if (await isThere(tar)) return tar;
  await mkdir(folder, { recursive: true });
  const root = await mkdtemp(join(folder, 'root-'));
  try {
    await chmod(root, 0o755);
    for (const path of [program, ...parseLdd(await commandOutput(['ldd', program]))]) {
      await mkdir(join(root, dirname(path)), { recursive: true });
      await copyFile(path, join(root, path));
    }
    for (const path of ['etc/haproxy', 'run/haproxy', 'tmp']) {
      await mkdir(join(root, path), { recursive: true });
    }
    await chown(join(root, 'run/haproxy'), user, user);
    await chmod(join(root, 'tmp'), 0o1777);
    await writeFile(
      join(root, 'etc/passwd'),
      `root:x:0:0:root:/:/sbin/nologin\nhaproxy:x:${user}:${user}:haproxy:/:/sbin/nologin\n`,
    );
    await writeFile(join(root, 'etc/group'), `root:x:0:\nhaproxy:x:${user}:\n`);
    const next = `${tar}.next`;
    await commandOutput(
      [
        ...(['tar', '--create', '--file', next, '--directory', root] as const),
        ...['--sort=name', '--mtime=@0', '--numeric-owner', '--format=gnu', '.'],
      ],
      { timeoutMs: 60_000 },
    );
    await rename(next, tar);
    return tar;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/**
 * Gives the Engine the image of that HAProxy, tagged with its minor version and its release.
 *
 * @returns false where the Engine had it already
 */
export async function importHaproxyImage(
  engine: DockerEngine,
  version: HaproxyVersion,
  tar: () => Promise<string>,
): Promise<boolean> {
  const tags = [`${repository}:${version.minor}`, `${repository}:${version.release}`];
  const images = await engine.images();
  const hasAll = tags.every((tag) =>
    images.some((image) => image.tags.includes(tag) && image.labels[versionLabel] === version.full),
  );
  if (hasAll) return false;
  await engine.importImage(createReadStream(await tar()), {
    repo: repository,
    tag: version.minor,
    changes: [
      `LABEL ${versionLabel}=${version.full}`,
      `USER ${user}:${user}`,
      `ENTRYPOINT ["haproxy"]`,
      `CMD ["-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"]`,
    ],
  });
  const query = new URLSearchParams({ repo: repository, tag: version.release });
  const path = `/images/${repository}:${version.minor}/tag?${query.toString()}`;
  const answer = await httpOverSocket(engine.socketPath, {
    method: 'POST',
    path,
    timeoutMs: 10_000,
  });
  if (answer.status >= 400) throw new Error(`Docker Engine refused POST ${path}: ${answer.text}`);
  return true;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
