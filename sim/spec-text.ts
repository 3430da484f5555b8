import { badConfigMark } from './host.ts';
import { images } from './host-facts.ts';
import type { Random } from './random.ts';

export const instanceNames = ['web', 'api', 'mail', 'shop'] as const;
type Name = (typeof instanceNames)[number];

/** Addresses that specs name: few, so that they pass from one instance to another. */
const fixed = [5, 6, 7, 8, 9].map((last) => `198.18.10.${last}`);

/**
 * The specs of simulated operators, each the one before it with something changed: what runs, and
 * who has which address.
 */
export class SpecText {
  readonly #random: Random;
  readonly #isTierFree: boolean;
  /** The address that each instance names; those that are not in it leave the choice to the pool. */
  readonly #wishes = new Map<Name, string>();
  /** Instances that are to have a warm copy. */
  readonly #standbys = new Set<Name>();
  version = 0;

  /** @param isTierFree whether each spec gives every instance any tier, so that the last are first */
  constructor(random: Random, isTierFree: boolean) {
    this.#random = random;
    this.#isTierFree = isTierFree;
  }

  /** The next one, as text. */
  next(): string {
    const random = this.#random;
    this.version += 1;
    if (random.chance(0.5)) this.#changeAddresses();
    if (this.version === 1 || random.chance(0.3)) this.#changeStandbys();
    const instances = instanceNames
      .filter(() => random.chance(0.85))
      .map((name, index) => {
        const words = random.chance(0.6) ? `version ${this.version}` : 'the same as ever';
        const more = random.chance(0.06) ? `\n        ${badConfigMark}` : '';
        return `  - name: ${name}
    owner: team
    service: ${name}
    tier: ${this.#isTierFree ? random.between(0, 3) : index}
    standbys: ${this.#standbys.has(name) ? 1 : 0}
    image: ${random.chance(0.1) ? images[1] : images[0]}
    addresses: [${this.#addressesOf(name)}]
    config: |
      frontend f
        bind :80
        http-request return status 200 string "${words}"${more}
`;
      });
    const list = instances.length === 0 ? '' : `instances:\n${instances.join('')}`;
    return `apiVersion: bridgehead/v1
pools:
  - { name: public, cidr: 198.18.10.0/28, prefix: 16, gateway: 198.18.0.1, bridge: br0 }
${list}`;
  }

  #addressesOf(name: Name): string {
    const wish = this.#wishes.get(name);
    const first = wish === undefined ? '{ pool: public }' : `{ pool: public, address: ${wish} }`;
    return this.#random.chance(0.15) ? `${first}, { pool: public }` : first;
  }

  #changeAddresses(): void {
    const random = this.#random;
    const wishes = this.#wishes;
    const [one, other] = [random.pick(instanceNames), random.pick(instanceNames)];
    const free = fixed.filter((address) => ![...wishes.values()].includes(address));
    const [had, hadOther] = [wishes.get(one), wishes.get(other)];
    const dice = random.next();
    if (dice < 0.4) {
      this.#wish(one, random.pick(free));
    } else if (dice < 0.65) {
      // Handed over: at once, or in a later spec where this one is refused.
      this.#wish(one, random.pick(free));
      if (one !== other) this.#wish(other, had);
    } else if (dice < 0.75) {
      this.#wish(one, hadOther);
      this.#wish(other, had);
    } else {
      this.#wish(one, undefined);
    }
  }

  #changeStandbys(): void {
    for (const name of instanceNames) {
      if (this.#random.chance(0.5)) this.#standbys.add(name);
      else this.#standbys.delete(name);
    }
  }

  #wish(name: Name, address: string | undefined): void {
    if (address === undefined) this.#wishes.delete(name);
    else this.#wishes.set(name, address);
  }
}
