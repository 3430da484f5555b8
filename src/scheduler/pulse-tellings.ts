import { createHmac } from 'node:crypto';
import type { Timings } from '../detection/timings.ts';
import { quorumOf, type WitnessSet, witnessesFor } from '../detection/witness-sets.ts';
import type { HostName } from '../domain/ids.ts';
import type { Host } from '../domain/model.ts';
import type { PulseFrame } from '../protocol/pulse-frames.ts';
import type { HostWitnesses } from '../store/store.ts';

/** What pulse frames are made of. */
export interface PulseSource {
  readonly session: string;
  readonly timings: Timings;
  /** From which the secrets of all pairs are derived; text. */
  readonly secret: string;
  readonly hosts: readonly Host[];
  readonly sets: readonly HostWitnesses[];
  /** Whether a witness says that it hears a host. */
  readonly hears: (witness: HostName, host: HostName) => boolean;
}

/** The secret of one witness and one host. Hexadecimal. */
export function secretOf(secret: string, witness: HostName, host: HostName): string {
  return createHmac('sha256', secret).update(`${witness}\n${host}`).digest('hex');
}

/**
 * Sets of witnesses that are to change: those of hosts that can be told. A host that has none yet
 * begins with an empty one, by which nobody's grants are asked for, until it confirms the other. Pure.
 *
 * @param mayWitness hosts that are there to witness others
 */
export function setsToChange(
  hosts: readonly Host[],
  sets: readonly HostWitnesses[],
  mayWitness: (host: Host) => boolean,
): readonly HostWitnesses[] {
  const able = hosts.filter((host) => mayWitness(host) && bridgeAddress(host) !== null);
  const newest = newestOf(sets);
  return hosts.flatMap((host) => {
    if (host.state !== 'ready' || bridgeAddress(host) === null) return [];
    const { name } = host;
    const witnesses = witnessesFor(host, able);
    const now = newest.get(name);
    if (now !== undefined && isSame(now.witnesses, witnesses)) return [];
    const next = { host: name, version: (now?.version ?? 0) + 1, witnesses };
    return now === undefined ? [{ host: name, version: 0, witnesses: [] }, next] : [next];
  });
}

/**
 * What each of some hosts is told about who witnesses it, and whom it witnesses: one pass over the
 * fleet, however many are asked for. Pure.
 */
export function pulseTellings(
  tell: readonly HostName[],
  { session, timings, secret, hosts, sets, hears }: PulseSource,
): ReadonlyMap<HostName, PulseFrame> {
  const setsOfHost = Map.groupBy(sets, ({ host }) => host);
  const known = new Map(hosts.map((host) => [host.name, host]));
  // Also of sets that are on their way out: their hosts may still go by them.
  const watched = new Map<HostName, Set<HostName>>();
  for (const { host, witnesses } of sets) {
    for (const witness of witnesses) {
      watched.set(witness, (watched.get(witness) ?? new Set()).add(host));
    }
  }
  const frameFor = (of: HostName): PulseFrame => {
    const own = setToGoBy(of, setsOfHost.get(of) ?? [], hears);
    const witnesses = (own?.witnesses ?? []).map((host) => ({
      host,
      secret: secretOf(secret, host, of),
    }));
    const targets = [...(watched.get(of) ?? [])].flatMap((name) => {
      const host = known.get(name);
      const address = host === undefined ? null : bridgeAddress(host);
      if (host === undefined || address === null) return [];
      const isFenced = host.state === 'dead';
      return [{ host: name, address, secret: secretOf(secret, of, name), isFenced }];
    });
    const quorum = own === null ? 0 : quorumOf(own);
    const version = own?.version ?? 0;
    return { type: 'pulse', session, timings, version, witnesses, quorum, targets };
  };
  return new Map(tell.map((of) => [of, frameFor(of)]));
}

// A kernel that waits for grants which do not come silences its host. So a host goes over to a new
// set only when enough of that hear it; a network that lets no probes through never gets so far.
function setToGoBy(
  of: HostName,
  own: readonly HostWitnesses[],
  hears: PulseSource['hears'],
): HostWitnesses | null {
  const newest = own.at(-1) ?? null;
  if (newest === null || own.length === 1) return newest;
  const count = newest.witnesses.filter((witness) => hears(witness, of)).length;
  return count >= quorumOf(newest) ? newest : (own[0] ?? null);
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
