import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Lets next to nothing wait on a bridge for an answer to ARP (arp(7), `unres_qlen_bytes`; with 0 the
 * kernel still keeps one packet). What waits leaves when the answer comes, up to seconds late: a
 * grant too, after its witness has told of the host's silence and others count on that. The probes
 * after it, which grant nothing, put it out.
 *
 * @throws Error where there is no such bridge
 */
export function limitBacklog(bridge: string): void {
  const path = `/proc/sys/net/ipv4/neigh/${bridge}/unres_qlen_bytes`;
  if (readFileSync(path, 'utf8').trim() !== '0') writeFileSync(path, '0');
}
