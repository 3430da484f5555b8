import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOutput } from '../../system/command.ts';

const downloadMs = 300_000;

/** Debian's newest kernel for this release of it. None of its packages is ever installed. */
export interface KernelRelease {
  /** As `uname -r` prints it in the machine, such as `6.1.0-56-amd64`. */
  readonly release: string;
  /** Of its packages, such as `6.1.192-2`: image and headers of one version are of one build. */
  readonly version: string;
}

let known: Promise<KernelRelease> | null = null;

/** Asks apt, once. @throws Error where it has image and headers of different versions */
export function kernelRelease(): Promise<KernelRelease> {
  known ??= withLists(async () => {
    const image = await dependenciesOf('linux-image-amd64');
    const headers = await dependenciesOf('linux-headers-amd64');
    const [, release = '', version = ''] = /linux-image-(\S+) \(= (\S+)\)/.exec(image) ?? [];
    if (!headers.includes(`linux-headers-${release} (= ${version})`)) {
      throw new Error(`apt has a kernel and headers that do not match: ${image}; ${headers}`);
    }
    return { release, version };
  });
  return known;
}

/** Packages as apt takes them, each of exactly that version. */
export function imagePackages({ release, version }: KernelRelease): readonly string[] {
  return [`linux-image-${release}=${version}`];
}

/** What a module is built with, as {@link imagePackages}. */
export async function headerPackages(kernel: KernelRelease): Promise<readonly string[]> {
  const own = `linux-headers-${kernel.release}`;
  const others = (await dependenciesOf(own)).match(/linux-(?:headers|kbuild)-[^\s,]+/g) ?? [];
  return [own, ...others].map((name) => `${name}=${kernel.version}`);
}

async function dependenciesOf(name: string): Promise<string> {
  const text = await commandOutput(['apt-cache', 'show', '--no-all-versions', name], {
    timeoutMs: downloadMs,
  });
  const found = /^Depends: (.*)$/m.exec(text)?.[1];
  if (found === undefined) throw new Error(`apt knows no package ${name}`);
  return found;
}

/**
 * Downloads packages into a folder of their own and hands it to `use`; it is gone after that.
 *
 * @param use is given the folder, with one `.deb` for each package
 */
export async function withDownloaded(
  packages: readonly string[],
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-kernel-'));
  try {
    await withLists(() => inFolder(folder, `apt-get -qq download ${packages.join(' ')}`));
    const got = (await readdir(folder)).filter((name) => name.endsWith('.deb')).length;
    if (got !== packages.length) throw new Error(`apt-get gave ${got} of ${packages.join(' ')}`);
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a command line in a folder. */
export async function inFolder(folder: string, line: string): Promise<void> {
  await commandOutput(['sh', '-c', `cd "$1" && ${line}`, 'sh', folder], { timeoutMs: downloadMs });
}

// apt's lists are missing on a fresh machine, and on an old one name files that are gone.
async function withLists<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch {
    await commandOutput(['apt-get', '-qq', 'update'], { timeoutMs: downloadMs });
    return ask();
  }
}
