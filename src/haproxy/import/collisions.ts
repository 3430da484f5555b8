import type { BindAddress } from '../bind-address.ts';
import { type Listener, optionsOf } from './listeners.ts';

/** A part of a listener with where it listens in the instance. */
export interface Claim {
  readonly listener: Listener;
  /** Before the import. */
  readonly was: BindAddress;
  /** After it. */
  readonly now: BindAddress;
}

/** What stands in the way of a claim, and whether it does what the claim would do. */
export interface Collision {
  readonly with: Listener;
  /** True where the other one listens for the same section with the same options. */
  readonly isCovered: boolean;
}

/**
 * The earlier or wider claim that takes the same port as `claim` does, which lay on another address
 * of the machine; null for none. HAProxy would bind both, and the kernel share the connections out.
 *
 * @param families of the instance's addresses; a wildcard of another family finds nothing to bind
 */
export function collisionOf(
  claim: Claim,
  claims: readonly Claim[],
  families: ReadonlySet<number>,
): Collision | null {
  const now = portsOf(claim.now);
  if (now === null) return null;
  for (const other of claims) {
    if (other === claim || other.listener.line.isConditional !== claim.listener.line.isConditional)
      continue;
    const theirs = portsOf(other.now);
    if (theirs === null || theirs.transport !== now.transport) continue;
    if (theirs.to < now.from || theirs.from > now.to) continue;
    if (!isShared(claim, other, families)) continue;
    const isCovered =
      other.listener.line.section === claim.listener.line.section &&
      optionsWithoutFamily(other.listener) === optionsWithoutFamily(claim.listener) &&
      theirs.from <= now.from &&
      theirs.to >= now.to;
    return { with: other.listener, isCovered };
  }
  return null;
}

// A collision is the import's only where the two were apart before and are not any more.
function isShared(claim: Claim, other: Claim, families: ReadonlySet<number>): boolean {
  const { now, was } = claim;
  if (now.kind !== 'wildcard' || other.now.kind !== 'wildcard') return false;
  if (now.family !== other.now.family) {
    // `:::80` beside `:80`: where there is one family only, the later one finds all taken.
    const isLost = !families.has(now.family) && families.has(other.now.family);
    return isLost && was.kind === 'wildcard';
  }
  if (hostOf(was) === hostOf(other.was)) return false;
  if (was.kind === 'wildcard') return false;
  return other.was.kind === 'wildcard' || isBefore(other, claim);
}

function isBefore(a: Claim, b: Claim): boolean {
  return a.listener.index < b.listener.index;
}

function hostOf(address: BindAddress): string {
  return address.kind === 'address' ? address.address : address.kind;
}

function optionsWithoutFamily(listener: Listener): string {
  return optionsOf(listener)
    .filter((word) => word !== 'v4v6' && word !== 'v6only')
    .join('\0');
}

function portsOf(address: BindAddress) {
  if (address.kind !== 'wildcard' && address.kind !== 'address') return null;
  return address.ports === null ? null : { ...address.ports, transport: address.transport };
}
