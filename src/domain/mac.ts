import { createHash } from 'node:crypto';
import type { InstanceId } from './ids.ts';

/**
 * The MAC that an instance owns wherever it runs, so that a neighbour's ARP entry stays right
 * when the instance moves. Locally administered and unicast: bit 1 of the first octet set, bit 0
 * clear (IEEE 802, clause 8.4).
 *
 * @returns six octets in lower-case hexadecimal, colon-separated
 */
export function macOfInstance(id: InstanceId): string {
  const octets = createHash('sha256').update(`bridgehead mac ${id}`).digest().subarray(0, 6);
  octets[0] = ((octets[0] ?? 0) & 0b1111_1100) | 0b0000_0010;
  return [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}

/**
 * Name of the host's end of an instance's veth pair. 14 characters: one less than the kernel's
 * limit of 15 (IFNAMSIZ, linux/if.h).
 */
export function portOfInstance(id: InstanceId): string {
  return `bh${createHash('sha256').update(`bridgehead port ${id}`).digest('hex').slice(0, 12)}`;
}
