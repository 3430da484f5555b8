import { readFile } from 'node:fs/promises';
import { BridgeheadError } from '../domain/errors.ts';
import { runCommand } from '../system/command.ts';

export interface Mount {
  readonly path: string;
  readonly type: string;
}

/**
 * Mounts in the order they were made, from the text of /proc/self/mountinfo (proc(5)). Blanks and
 * the like stand there as three octal digits behind a backslash.
 */
export function parseMountinfo(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const path = before?.split(' ')[4];
    const type = after?.split(' ')[0];
    if (path === undefined || type === undefined) return [];
    const plain = path.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    return [{ path: plain, type }];
  });
}

/** Paths of the mounts at or below `folder`, the last made first. */
export function mountsBelow(mounts: readonly Mount[], folder: string): readonly string[] {
  return mounts
    .map(({ path }) => path)
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .toReversed();
}

/** The mounts of this process's mount namespace. */
export async function readMounts(): Promise<readonly Mount[]> {
  return parseMountinfo(await readFile('/proc/self/mountinfo', 'utf8'));
}

const roundsMax = 5;

/**
 * Unmounts everything at or below `folder`.
 *
 * @returns how many mounts there were
 * @throws BridgeheadError LAB_FAILED when something stays mounted
 */
export async function unmountBelow(folder: string): Promise<number> {
  const count = mountsBelow(await readMounts(), folder).length;
  for (let round = 0; round < roundsMax; round += 1) {
    const left = mountsBelow(await readMounts(), folder);
    if (left.length === 0) return count;
    // What a dying process still holds is taken out of the tree at least, after a first fair try.
    const how = round === 0 ? [] : ['--lazy'];
    await runCommand(['umount', ...how, '--', ...left], { timeoutMs: 30_000 });
  }
  const left = mountsBelow(await readMounts(), folder);
  if (left.length === 0) return count;
  throw new BridgeheadError(
    'LAB_FAILED',
    `cannot unmount ${left.join(', ')}`,
    'See what holds it (fuser -m PATH), end that, and run the same command again.',
  );
}
