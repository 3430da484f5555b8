import { familyOf } from '../../domain/address.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Claim } from '../machine.ts';
import {
  claimant,
  duplicateQuestion,
  etherTypeArp,
  etherTypeIpv6,
  resolveQuestion,
} from './frames.ts';
import { PacketSocket } from './libc.ts';

const pollMs = 5;
const etherTypes = { 4: etherTypeArp, 6: etherTypeIpv6 } as const;

/**
 * Asks the wire whether anybody holds one of the addresses: two questions for each, `gapMs` apart,
 * and as long again for late answers. RFC 5227 waits seconds; a takeover cannot, and the probe is
 * a second line behind the grant, so it is kept to two questions 75 ms apart.
 *
 * @param namespace path of the network namespace whose eth0 asks; its link has to be up
 * @returns the first claim seen, or null after the time is over
 */
export async function findDuplicate(
  namespace: string,
  mac: string,
  addresses: readonly string[],
  clock: Clock,
  gapMs = 75,
): Promise<Claim | null> {
  using sockets = new EarSockets(namespace, 'eth0', addresses);
  for (let round = 0; round < 2; round += 1) {
    for (const address of addresses) sockets.send(duplicateQuestion(address, mac));
    const claim = await sockets.listen(addresses, mac, gapMs, clock);
    if (claim !== null) return claim;
  }
  return null;
}

/**
 * Asks who has `address`, three times at most, in the name of `own` at `mac`.
 *
 * @param namespace path of the asking namespace; @param name its interface, such as br0
 * @returns the MAC that answered, or null when nobody did within `timeoutMs`
 */
export async function resolveMac(
  question: {
    readonly namespace: string;
    readonly name: string;
    readonly mac: string;
    readonly own: string;
    readonly address: string;
    readonly timeoutMs: number;
  },
  clock: Clock,
): Promise<string | null> {
  using sockets = new EarSockets(question.namespace, question.name, [question.address]);
  const rounds = 3;
  for (let round = 0; round < rounds; round += 1) {
    sockets.send(resolveQuestion(question.address, question.mac, question.own));
    const patience = question.timeoutMs / rounds;
    const claim = await sockets.listen([question.address], question.mac, patience, clock);
    if (claim !== null) return claim.mac;
  }
  return null;
}

/** One socket for ARP and one for neighbour discovery, as addresses need them, on the same interface. */
class EarSockets implements Disposable {
  readonly #sockets: ReadonlyMap<4 | 6, PacketSocket>;

  constructor(namespace: string, name: string, addresses: readonly string[]) {
    const families = new Set(addresses.map(familyOf));
    this.#sockets = new Map(
      [...families].map((family) => {
        return [family, new PacketSocket(namespace, name, etherTypes[family])] as const;
      }),
    );
  }

  /** By any of them: a frame has its type itself. */
  send(frame: Uint8Array): void {
    this.#sockets.values().next().value?.send(frame);
  }

  async listen(
    addresses: readonly string[],
    ownMac: string,
    durationMs: number,
    clock: Clock,
  ): Promise<Claim | null> {
    const endMs = clock.monotonicMs() + durationMs;
    while (clock.monotonicMs() < endMs) {
      await clock.sleep(pollMs);
      const claim = this.#drain(addresses, ownMac);
      if (claim !== null) return claim;
    }
    return null;
  }

  #drain(addresses: readonly string[], ownMac: string): Claim | null {
    for (const [family, socket] of this.#sockets) {
      for (let frame = socket.receive(); frame !== null; frame = socket.receive()) {
        for (const address of addresses) {
          if (familyOf(address) !== family) continue;
          const mac = claimant(frame, address, ownMac);
          if (mac !== null) return { address, mac };
        }
      }
    }
    return null;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets.values()) socket[Symbol.dispose]();
  }
}
