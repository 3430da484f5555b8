import { createHmac } from 'node:crypto';
import type { Timings } from '../detection/timings.ts';
import { quorumOf, type WitnessSet, witnessesFor } from '../detection/witness-sets.ts';
import type { HostName } from '../domain/ids.ts';
import type { Host } from '../domain/model.ts';
import type { PulseFrame } from '../protocol/pulse-frames.ts';
import type { HostWitnesses } from '../store/store.ts';

const tokenBytes = 16;

/** What pulse frames are made of. */
export interface PulseSource {
  readonly session: string;
  readonly timings: Timings;
  /** From which the tokens of all pairs are derived; text. */
  readonly secret: string;
  readonly hosts: readonly Host[];
  readonly sets: readonly HostWitnesses[];
}

/** The secret of one witness and one host. Hexadecimal. */
export function tokenOf(secret: string, witness: HostName, host: HostName): string {
  const digest = createHmac('sha256', secret).update(`${witness}\n${host}`).digest();
  return digest.subarray(0, tokenBytes).toString('hex');
}

/**
 * Sets of witnesses that are to change: of hosts that were connected once, and only of those that
 * are not held for dead. Pure.
 */
export function setsToChange(
  hosts: readonly Host[],
  sets: readonly HostWitnesses[],
): readonly HostWitnesses[] {
  const able = hosts.filter(
    (host) => host.facts !== null && host.state !== 'dead' && bridgeAddress(host) !== null,
  );
  const newest = newestOf(sets);
  return able.flatMap((host) => {
    const witnesses = witnessesFor(host, able);
    const now = newest.get(host.name);
    if (now !== undefined && isSame(now.witnesses, witnesses)) return [];
    return [{ host: host.name, version: (now?.version ?? 0) + 1, witnesses }];
  });
}

/** What one host is told about who witnesses it, and whom it witnesses. Pure. */
export function pulseTelling(of: HostName, source: PulseSource): PulseFrame {
  const { session, timings, secret, hosts, sets } = source;
  const own = newestOf(sets).get(of);
  const witnesses = (own?.witnesses ?? []).map((host) => ({
    host,
    token: tokenOf(secret, host, of),
  }));
  // Also of sets that are on their way out: their hosts may still go by them.
  const watched = new Set(sets.filter((set) => set.witnesses.includes(of)).map(({ host }) => host));
  const targets = hosts.flatMap((host) => {
    const address = bridgeAddress(host);
    if (!watched.has(host.name) || address === null) return [];
    const token = tokenOf(secret, of, host.name);
    return [{ host: host.name, address, token, isFenced: host.state === 'dead' }];
  });
  const quorum = own === undefined ? 0 : quorumOf(own);
  const version = own?.version ?? 0;
  return { type: 'pulse', session, timings, version, witnesses, quorum, targets };
}

/** The IPv4 address of the host's own on its first bridge; null where it has told of none. */
export function bridgeAddress({ facts }: Host): string | null {
  const addresses = facts?.bridges.flatMap((bridge) => bridge.addresses) ?? [];
  const found = addresses.find((address) => !address.includes(':'));
  return found?.split('/')[0] ?? null;
}

/** The sets of one host. */
export function setsOf(host: HostName, sets: readonly HostWitnesses[]): readonly WitnessSet[] {
  return sets.filter((set) => set.host === host);
}

function newestOf(sets: readonly HostWitnesses[]): ReadonlyMap<HostName, HostWitnesses> {
  // Each host's oldest comes first.
  return new Map(sets.map((set) => [set.host, set]));
}

function isSame(a: readonly HostName[], b: readonly HostName[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}
