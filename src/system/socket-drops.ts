import { readFile } from 'node:fs/promises';

/**
 * Datagrams that the kernel has dropped since the receive buffers of the UDP sockets at that port were
 * full: the last column of /proc/net/udp and udp6. Grows as long as the sockets are open.
 */
export async function udpDrops(port: number): Promise<number> {
  const files = ['/proc/net/udp', '/proc/net/udp6'];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return texts
    .flatMap((text) => text.split('\n').map((line) => line.trim().split(/\s+/)))
    .filter(([, local]) => local?.endsWith(end))
    .reduce((sum, fields) => sum + Number(fields.at(-1)), 0);
}
