import { canonicalAddress, familyOf, parseNetwork } from '../domain/address.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { namePattern } from '../domain/ids.ts';
import type { Family } from '../domain/model.ts';
import type { ImportPool } from '../haproxy/import/addresses.ts';

/** Pools from `NAME` or `NAME=CIDR`. @throws BridgeheadError REQUEST_INVALID */
export function poolsOf(texts: readonly string[], family: Family): readonly ImportPool[] {
  return texts.map((text) => {
    const [name = '', cidr] = text.split('=', 2);
    const network = cidr === undefined ? null : parseNetwork(cidr);
    if (!namePattern.test(name) || (cidr !== undefined && network === null)) {
      throw invalid(
        `--pool ${text} is no pool`,
        'Give its name, or NAME=CIDR with its network, such as public-v4=198.18.10.0/24.',
      );
    }
    return { name, family: network?.family ?? family, cidr: network?.cidr ?? null };
  });
}

/** New addresses by old ones, from `OLD=NEW`. @throws BridgeheadError REQUEST_INVALID */
export function addressesOf(texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    texts.map((text) => {
      const [old = '', wanted = ''] = text.split('=', 2);
      const from = canonicalAddress(old);
      const to = canonicalAddress(wanted);
      const isName = from === null && /^[\w.-]+$/.test(old);
      if (to === null || (from === null && !isName)) {
        throw invalid(
          `--address ${text} is no pair of addresses`,
          'Give OLD=NEW: an address or host name of the configuration, and one of a pool.',
        );
      }
      if (from !== null && familyOf(from) !== familyOf(to)) {
        throw invalid(
          `--address ${text} turns IPv${familyOf(from)} into IPv${familyOf(to)}`,
          'Give a new address of the same family.',
        );
      }
      return [from ?? old, to] as const;
    }),
  );
}

/** Variables from `NAME=VALUE`. @throws BridgeheadError REQUEST_INVALID */
export function environmentOf(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([A-Za-z_]\w{0,127})=([^\n\r\0]{0,4096})$/.exec(text) ?? [];
      if (name === undefined || value === undefined) {
        throw invalid(
          `--env ${text} is no variable`,
          'Give NAME=VALUE, the value on one line of at most 4096 characters.',
        );
      }
      return [name, value] as const;
    }),
  );
}

function invalid(message: string, next: string): BridgeheadError {
  return new BridgeheadError('REQUEST_INVALID', message, next);
}
