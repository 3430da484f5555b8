import { canonicalAddress, contains, familyOf, parseNetwork } from '../../domain/address.ts';
import type { Family } from '../../domain/model.ts';
import { type BindAddress, bindText } from '../bind-address.ts';
import type { Listener } from './listeners.ts';

/** A pool that the instance may take addresses from. */
export interface ImportPool {
  readonly name: string;
  readonly family: Family;
  /** Its network, where that was told; it decides which pool a given address comes from. */
  readonly cidr: string | null;
}

/** How the machine's addresses become those of the instance. */
export interface AddressWishes {
  /** Empty for the names that an example has, `public-v4` and `public-v6`. */
  readonly pools: readonly ImportPool[];
  /** The addresses stay what they are. */
  readonly isKeeping: boolean;
  /** All addresses of a family become one. */
  readonly isMerging: boolean;
  /** New addresses by what they were, a host name or an address in canonical form. */
  readonly mapped: ReadonlyMap<string, string>;
}

/** An address that the spec asks for; null for any free one of the pool. */
export interface AddressWish {
  readonly pool: string;
  readonly family: Family;
  readonly address: string | null;
}

/** Where a part of a listener listens in the instance, or why it cannot. */
export type Placed =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly address: BindAddress;
      /** Why it listens nowhere, so that another bind has to do it. */
      readonly lack?: string | undefined;
    }
  | { readonly kind: 'refused'; readonly reason: string };

/** Decides for all listeners at once, because each family has its addresses in common. */
export class AddressPlan {
  readonly #wishes: AddressWishes;
  readonly #pools: readonly ImportPool[];
  readonly #explicit: ReadonlyMap<Family, ReadonlySet<string>>;
  readonly #asked = new Map<string, string>();

  constructor(listeners: readonly Listener[], wishes: AddressWishes) {
    this.#wishes = wishes;
    const explicit = new Map<Family, Set<string>>();
    const families = new Set<Family>();
    for (const { parts, isPeer } of listeners) {
      for (const { address } of parts) {
        if (address.kind !== 'wildcard' && address.kind !== 'address') continue;
        families.add(address.family);
        if (address.kind !== 'address' || isPeer || wishes.mapped.has(address.address)) continue;
        const known = explicit.get(address.family) ?? new Set();
        explicit.set(address.family, known.add(address.address));
      }
    }
    this.#explicit = explicit;
    const needed: readonly Family[] =
      families.size === 0 ? [4] : [...families].toSorted((a, b) => a - b);
    this.#pools =
      wishes.pools.length > 0
        ? wishes.pools
        : needed.map((family) => ({ name: `public-v${family}`, family, cidr: null }));
  }

  has(family: Family): boolean {
    return this.#pools.some((pool) => pool.family === family);
  }

  /** Whether an address of the machine is one of the instance too, and which. */
  given(address: string): string | null {
    const mapped = this.#wishes.mapped.get(address);
    if (mapped !== undefined) return mapped;
    return this.#wishes.isKeeping && this.#asked.has(address) ? address : null;
  }

  place(listener: Listener, part: Listener['parts'][number]): Placed {
    const { address } = part;
    switch (address.kind) {
      case 'local':
        return this.#placeLocal(part);
      case 'unclear':
        return this.#placeName(part, address.host);
      case 'wildcard': {
        const isHome = !address.strict || this.has(address.family);
        const lack = isHome ? undefined : noPool(address.family);
        return { kind: 'text', text: part.text, address, lack };
      }
      case 'address':
        return this.#placeAddress(listener, address);
    }
  }

  // Loopback stays inside of the instance, unless it is given an address of its own.
  #placeLocal({ text, address }: Listener['parts'][number]): Placed {
    const [, host = '', port = ''] = /^\[?([\d.]+|[\da-f:]+?)\]?:([^:]*)$/.exec(text) ?? [];
    const mapped = this.#wishes.mapped.get(canonicalAddress(host) ?? '');
    if (mapped !== undefined) return this.#ask(mapped, '', port, 'stream');
    return { kind: 'text', text, address };
  }

  #placeName(part: Listener['parts'][number], host: string): Placed {
    const mapped = this.#wishes.mapped.get(host);
    const port = /:([^:]*)$/.exec(part.text)?.[1] ?? '';
    if (mapped !== undefined) return this.#ask(mapped, '', port, 'stream');
    if (host === 'localhost') {
      return { kind: 'text', text: `127.0.0.1:${port}`, address: { kind: 'local' } };
    }
    const reason = `'${host}' is no IP address: say which it becomes, --address ${host}=ADDRESS`;
    return { kind: 'refused', reason };
  }

  #placeAddress(listener: Listener, from: Extract<BindAddress, { kind: 'address' }>): Placed {
    const mapped = this.#wishes.mapped.get(from.address);
    const given = mapped ?? (this.#wishes.isKeeping ? from.address : null);
    if (given !== null) return this.#ask(given, from.prefix, from.port, from.transport);
    const others = this.#explicit.get(from.family)?.size ?? 0;
    if (others > 1 && !this.#wishes.isMerging && !listener.isPeer) {
      const reason =
        `the machine has ${others} IPv${from.family} addresses: say what ${from.address} becomes, ` +
        '--address OLD=NEW; or --keep-addresses, or --one-address for one in place of all';
      return { kind: 'refused', reason };
    }
    if (!this.has(from.family)) return { kind: 'refused', reason: noPool(from.family) };
    // Beside the other family a plain wildcard would take its addresses as well.
    const isStrict = this.has(from.family === 4 ? 6 : 4) && from.transport === 'stream';
    const prefix = from.prefix === '' && isStrict ? `ipv${from.family}@` : from.prefix;
    const address: BindAddress = { ...from, kind: 'wildcard', strict: prefix !== '', prefix };
    // Bare, `:80` means any address, whichever its family is.
    return { kind: 'text', text: `${prefix}:${from.port}`, address };
  }

  #ask(address: string, prefix: string, port: string, transport: 'stream' | 'quic' | 'dgram') {
    const family = familyOf(address);
    const pool = this.#poolOf(address, family);
    if (pool === null) {
      const reason = `no pool that was given has ${address}: --pool NAME=CIDR`;
      return { kind: 'refused', reason } as const;
    }
    this.#asked.set(address, pool);
    const shape = { family, prefix, transport, port, ports: null };
    const text = bindText(prefix, address, port);
    return { kind: 'text', text, address: { kind: 'address', address, ...shape } } as const;
  }

  #poolOf(address: string, family: Family): string | null {
    const own = this.#pools.filter((pool) => pool.family === family);
    const holding = own.find(({ cidr }) => {
      const network = cidr === null ? null : parseNetwork(cidr);
      return network !== null && contains(network, address);
    });
    const open = holding ?? own.find(({ cidr }) => cidr === null);
    if (open !== undefined) return open.name;
    return this.#wishes.pools.length === 0 ? `public-v${family}` : null;
  }

  /** What the spec asks for, once all listeners are placed. */
  wishes(): readonly AddressWish[] {
    const given = [...this.#asked].map(([address, pool]) => ({
      pool,
      family: familyOf(address),
      address,
    }));
    const families = new Set(given.map(({ family }) => family));
    const free = this.#pools
      .filter(({ family }) => !families.has(family))
      .map(({ name, family }) => ({ pool: name, family, address: null }));
    return [...given, ...free];
  }
}

function noPool(family: Family): string {
  const option = family === 6 ? '--pool6 NAME' : '--pool NAME';
  return `no IPv${family} pool was given: add ${option}`;
}
