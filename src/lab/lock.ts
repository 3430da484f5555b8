import { createServer } from 'node:net';
import { BridgeheadError } from '../domain/errors.ts';

/**
 * Runs `work` while no other command changes the lab of that name. The lock is a name in the kernel
 * (an abstract unix socket, unix(7)): it ends with the process, however that ends.
 *
 * @throws BridgeheadError BUSY when another command holds it
 */
export async function withLock<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const release = await lock(name);
  try {
    return await work();
  } finally {
    release();
  }
}

function lock(name: string): Promise<() => void> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new BridgeheadError(
              'BUSY',
              `another command is at work on lab ${name}`,
              'Wait until it has ended, then run this again.',
              { cause },
            )
          : cause,
      );
    });
    server.listen(`\0bridgehead-lab/${name}`, () => {
      server.unref();
      resolve(() => void server.close());
    });
  });
}
