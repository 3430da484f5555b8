import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch } from '../domain/ids.ts';

/** One instance on this host as Docker, the kernel and HAProxy show it. */
export interface Seen {
  readonly container: {
    readonly running: boolean;
    /** Fingerprint of what cannot change while it runs: image, limits of files and processes. */
    readonly fingerprint: string;
    readonly memoryMib: number;
    readonly cpus: number;
  } | null;
  readonly port: { readonly up: boolean; readonly bridge: string | null } | null;
  readonly interior: { readonly mac: string; readonly addresses: readonly string[] } | null;
  /** Hash of the configuration that HAProxy says it runs; null while it does not answer. */
  readonly loadedHash: string | null;
  /** Epoch under which this host took the addresses, as its own disk says; null where it did not. */
  readonly heldEpoch: Epoch | null;
  readonly announcing: boolean;
}

/**
 * What one instance needs next. `release` and what removes come before everything that builds: an
 * address that is not granted goes first, whatever else is wrong.
 */
export type Step =
  | 'release'
  | 'remove-container'
  | 'remove-port'
  | 'create-container'
  | 'create-port'
  | 'set-limits'
  | 'take'
  | 'remove-strangers'
  | 'announce'
  | 'load-config';

/**
 * The next step from what is seen to what is desired; null when there is nothing left to do.
 * Taken again after each step, so that no step has to trust that the one before it worked.
 *
 * @param desired null where the instance is not meant to be on this host at all
 */
export function nextStep(
  desired: DesiredInstance | null,
  seen: Seen,
  fingerprint: string,
): Step | null {
  const mayAnswer = desired?.role === 'active';
  if (!mayAnswer && isOnTheWire(seen)) return 'release';
  if (desired === null) return nextRemoval(seen);
  if (mayAnswer && strangers(desired, seen).length > 0) return 'remove-strangers';

  const { container, port, interior } = seen;
  if (container !== null && (!container.running || container.fingerprint !== fingerprint)) {
    return 'remove-container';
  }
  if (container === null) return 'create-container';
  if (port === null || interior === null || interior.mac !== desired.mac) return 'create-port';
  if (
    container.memoryMib !== desired.resources.memoryMib ||
    container.cpus !== desired.resources.cpus
  ) {
    return 'set-limits';
  }
  // Some configuration is better than none while a new one is refused: taking comes first.
  if (seen.loadedHash === null) return 'load-config';
  if (mayAnswer && !holds(desired, seen)) return 'take';
  if (mayAnswer && !seen.announcing) return 'announce';
  if (seen.loadedHash !== desired.configHash) return 'load-config';
  return null;
}

/** Addresses on the instance's interface that it was not given. */
export function strangers(desired: DesiredInstance, seen: Seen): readonly string[] {
  const own = new Set(desired.addresses.map(({ address }) => address));
  return (seen.interior?.addresses ?? []).filter((address) => !own.has(address));
}

/** True where anything of the instance could reach the wire, or would as soon as its port is up. */
export function isOnTheWire(seen: Seen): boolean {
  return (
    !isOffTheBridge(seen.port) || (seen.interior?.addresses.length ?? 0) > 0 || seen.announcing
  );
}

/** True where the port is of no bridge and down: nothing is left to do to keep it off the wire. */
export function isOffTheBridge(port: Seen['port']): boolean {
  return port === null || (!port.up && port.bridge === null);
}

/** True where the port connects what is inside with the wire. */
export function isConnected(port: Seen['port']): boolean {
  return port !== null && port.up && port.bridge !== null;
}

/**
 * True where all of it was held here under the epoch right before this one, and still is: nobody
 * else can have been granted it in between, since that would have taken an epoch of its own.
 */
export function isHeldOn(
  { epoch, addresses }: DesiredInstance,
  { heldEpoch, port, interior }: Seen,
): boolean {
  const present = new Set(interior?.addresses);
  return (
    heldEpoch !== null &&
    heldEpoch + 1 === epoch &&
    isConnected(port) &&
    addresses.every(({ address }) => present.has(address))
  );
}

function nextRemoval(seen: Seen): Step | null {
  if (seen.container !== null) return 'remove-container';
  return seen.port === null ? null : 'remove-port';
}

function holds(desired: DesiredInstance, seen: Seen): boolean {
  const present = new Set(seen.interior?.addresses);
  return (
    seen.heldEpoch === desired.epoch &&
    seen.port?.up === true &&
    seen.port.bridge === desired.addresses[0]?.bridge &&
    desired.addresses.every(({ address }) => present.has(address))
  );
}
