import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import type { GatewayFact } from '../domain/model.ts';

const periodMs = 1_000;
const timeoutMs = 600;
/** A gateway that is busy may miss a question or two: hardware answers ARP with its slowest part. */
const missesMax = 3;
/** More than a segment has; each costs a question a second. */
const gatewaysMax = 16;

export interface GatewayParts {
  readonly clock: Clock;
  readonly desired: () => Iterable<DesiredInstance>;
  /** @returns whether it answered the host itself; null where this host cannot ask */
  readonly ask: (bridge: string, gateway: string, timeoutMs: number) => Promise<boolean | null>;
  /** One has begun or ceased to answer; `before` is null where that was not known. */
  readonly changed: (gateway: GatewayFact, before: boolean | null) => void;
}

/**
 * Asks each second whether the gateways answer of all that this host answers for or may have to.
 * With it a person, and a failover that has the choice, can tell a host whose way out is lost from
 * one whose neighbours are.
 */
export class Gateways {
  readonly #parts: GatewayParts;
  /** What is known of each, by bridge and address, and how often in a row it has not answered. */
  readonly #known = new Map<string, GatewayFact>();
  readonly #misses = new Map<string, number>();
  #isAsking = false;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  get facts(): readonly GatewayFact[] {
    return [...this.#known.values()];
  }

  /** @returns what ends it */
  watch(): () => void {
    return this.#parts.clock.every(periodMs, () => void this.look());
  }

  async look(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const wanted = gatewaysOf(this.#parts.desired());
      for (const key of this.#misses.keys()) if (!wanted.has(key)) this.#forget(key);
      await Promise.all([...wanted].map(([key, gateway]) => this.#askOne(key, gateway)));
    } finally {
      this.#isAsking = false;
    }
  }

  async #askOne(key: string, gateway: Pick<GatewayFact, 'bridge' | 'address'>): Promise<void> {
    const { ask, changed } = this.#parts;
    const heard = await ask(gateway.bridge, gateway.address, timeoutMs).catch(() => null);
    if (heard === null) return;
    const misses = heard ? 0 : (this.#misses.get(key) ?? 0) + 1;
    this.#misses.set(key, misses);
    const before = this.#known.get(key)?.answers ?? null;
    if (before === heard || (misses > 0 && misses < missesMax)) return;
    const fact = { ...gateway, answers: heard };
    this.#known.set(key, fact);
    changed(fact, before);
  }

  #forget(key: string): void {
    this.#known.delete(key);
    this.#misses.delete(key);
  }
}

// From inside a VLAN only its own members can ask: the bridge's address is outside of it.
function gatewaysOf(
  desired: Iterable<DesiredInstance>,
): ReadonlyMap<string, Pick<GatewayFact, 'bridge' | 'address'>> {
  const found = new Map<string, Pick<GatewayFact, 'bridge' | 'address'>>();
  for (const { addresses } of desired) {
    for (const { bridge, gateway, vlan } of addresses) {
      if (gateway === null || vlan !== null || found.size >= gatewaysMax) continue;
      found.set(`${bridge} ${gateway}`, { bridge, address: gateway });
    }
  }
  return found;
}
