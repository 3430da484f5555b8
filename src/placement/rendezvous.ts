/**
 * FNV-1a over the UTF-16 units of `text`, 32 bits (Fowler, Noll and Vo; constants from RFC 9923
 * section 5).
 */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * How much the thing behind `hashA` is drawn to the thing behind `hashB`, 0 to 2^32 - 1: of hosts
 * that are equal otherwise, each instance takes the one with the highest weight. Every instance
 * has its own order of hosts, so equal hosts fill evenly, and a host that goes away changes the
 * choice of nobody but those who chose it (rendezvous hashing, Thaler and Ravishankar 1998).
 * The mixing is the finalizer of MurmurHash3 (Appleby).
 */
export function rendezvousWeight(hashA: number, hashB: number): number {
  let mixed = hashA ^ Math.imul(hashB, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
