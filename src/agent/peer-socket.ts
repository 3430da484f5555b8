import { closeSync, openSync } from 'node:fs';
import { chown, rename, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../domain/clock.ts';
import { haproxyUser } from './configuration.ts';
import type { PeerConnection } from './machine.ts';

/**
 * Listens on a unix socket until a HAProxy connects.
 *
 * @param folder folder of the socket. It is held open and named by its descriptor, because a
 * socket's whole path may be no longer than 107 bytes (unix(7)) and data folders are longer.
 * @returns null where none connected within `waitMs`
 */
export async function acceptPeer(
  folder: string,
  socket: string,
  waitMs: number,
  clock: Clock,
): Promise<PeerConnection | null> {
  const fd = openSync(folder, 'r');
  const path = `/proc/self/fd/${fd}/${socket}`;
  const over = new AbortController();
  const server = createServer();
  try {
    const connected = new Promise<PeerConnection>((resolve) => {
      server.once('connection', (connection) => resolve(new SocketConnection(connection)));
    });
    // It gets its name once HAProxy may use it: an attempt that is refused is made again in 5 s.
    await listen(server, `${path}.new`);
    await chown(`${path}.new`, haproxyUser, haproxyUser);
    await rename(`${path}.new`, path);
    const late = clock.sleep(waitMs, over.signal).then(
      () => null,
      () => null,
    );
    const first = await Promise.race([connected, late]);
    // One that comes while the socket is being closed is nobody's.
    if (first === null) void connected.then((connection) => connection.close());
    return first;
  } finally {
    over.abort();
    server.close();
    await rm(path, { force: true });
    closeSync(fd);
  }
}

function listen(server: Server, path: string): Promise<void> {
  server.maxConnections = 1;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

class SocketConnection implements PeerConnection {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;

  constructor(socket: Socket) {
    this.#socket = socket;
    // A reset ends the reading, which is where it is noticed.
    socket.on('error', () => undefined);
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  async read(): Promise<Uint8Array | null> {
    try {
      const { done, value } = await this.#chunks.next();
      return done === true ? null : value;
    } catch {
      return null;
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
