import { mkdir, statfs } from 'node:fs/promises';
import { BridgeheadError } from '../domain/errors.ts';
import { runCommand } from '../system/command.ts';

/** TMPFS_MAGIC of linux/magic.h. */
const tmpfsMagic = 0x01021994;
const sizeMib = 64;

/**
 * Makes a folder that is in memory only, for root alone. It outlives this process and not the host;
 * where the kernel can (6.4 and later), it is never swapped out either.
 *
 * @throws BridgeheadError PREREQUISITE_MISSING where it cannot be mounted: nothing is written then
 */
export async function mountMemoryFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if ((await statfs(path)).type === tmpfsMagic) return;
  const options = `size=${sizeMib}m,mode=700,nosuid,nodev,noexec`;
  for (const more of [',noswap', '']) {
    const mounted = await runCommand([
      'mount',
      '-t',
      'tmpfs',
      '-o',
      `${options}${more}`,
      'bridgehead',
      path,
    ]).then(
      () => null,
      (error: unknown) => error,
    );
    if (mounted === null) return;
    if (more === '') throw unmounted(path, mounted);
  }
}

function unmounted(path: string, cause: unknown): BridgeheadError {
  return new BridgeheadError(
    'PREREQUISITE_MISSING',
    `no folder in memory can be mounted at ${path}: ${(cause as Error).message}`,
    'Start the agent as root on the host itself; it writes keys of certificates to no disk.',
    { cause },
  );
}
