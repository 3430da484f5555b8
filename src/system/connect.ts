import { createConnection, type NetConnectOpts } from 'node:net';

/** True where something accepts a connection there within `timeoutMs`. */
export function canConnect(target: NetConnectOpts, timeoutMs = 1_000): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection({ ...target, timeout: timeoutMs });
    const end = (isOpen: boolean) => {
      connection.destroy();
      resolve(isOpen);
    };
    connection.once('connect', () => end(true));
    connection.once('timeout', () => end(false));
    connection.once('error', () => end(false));
  });
}
