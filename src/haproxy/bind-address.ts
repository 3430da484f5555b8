import { canonicalAddress, familyOf } from '../domain/address.ts';
import type { Family } from '../domain/model.ts';

/** First and last port, inclusive. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** What listens: TCP, QUIC or datagrams. Two of different kinds never meet on one port. */
export type Transport = 'stream' | 'quic' | 'dgram';

/**
 * One address that a `bind` names.
 *
 * - `wildcard`: any address. `family` is the one that HAProxy means by it; `strict` where the other
 *   one is ruled out in words (`ipv6@`, `0.0.0.0`).
 * - `address`: one IP address, in canonical form.
 * - `local`: loopback, a unix or abstract socket, an inherited descriptor: nothing on the wire.
 * - `unclear`: a host name, or not an address at all.
 */
export type BindAddress =
  | {
      readonly kind: 'wildcard';
      readonly family: Family;
      readonly strict: boolean;
      readonly prefix: string;
      readonly transport: Transport;
      readonly port: string;
      readonly ports: PortRange | null;
    }
  | {
      readonly kind: 'address';
      readonly address: string;
      readonly family: Family;
      readonly prefix: string;
      readonly transport: Transport;
      readonly port: string;
      readonly ports: PortRange | null;
    }
  | { readonly kind: 'local' }
  | { readonly kind: 'unclear'; readonly host: string };

/** Prefixes of an IP address (configuration manual, 11.1 "Address family prefixes"). */
const prefixes: Readonly<
  Record<string, { readonly family: Family | null; readonly transport: Transport }>
> = {
  'ipv4@': { family: 4, transport: 'stream' },
  'ipv6@': { family: 6, transport: 'stream' },
  'mptcp4@': { family: 4, transport: 'stream' },
  'mptcp6@': { family: 6, transport: 'stream' },
  'mptcp@': { family: null, transport: 'stream' },
  'quic4@': { family: 4, transport: 'quic' },
  'quic6@': { family: 6, transport: 'quic' },
  'tcp4@': { family: 4, transport: 'stream' },
  'tcp6@': { family: 6, transport: 'stream' },
  'tcp@': { family: null, transport: 'stream' },
  'udp4@': { family: 4, transport: 'dgram' },
  'udp6@': { family: 6, transport: 'dgram' },
  'udp@': { family: null, transport: 'dgram' },
};

/**
 * Reads one comma-separated part of a bind's address. `transport` is what an address without a
 * prefix means there: `stream` for `bind`, `dgram` for `dgram-bind`.
 */
export function parseBindAddress(text: string, transport: Transport): BindAddress {
  if (/^(?:\/|(?:unix|uxst|uxdg|abnsz?|fd|sockpair|rhttp|rev)@)/.test(text)) {
    return { kind: 'local' };
  }
  const prefix = /^(?:(?:stream|dgram)\+)?[a-z0-9]+@/.exec(text)?.[0] ?? '';
  const meaning = prefixes[prefix.replace(/^(?:stream|dgram)\+/, '')];
  if (prefix !== '' && meaning === undefined) return { kind: 'unclear', host: text };
  const { host, port } = splitPort(text.slice(prefix.length));
  const base = {
    prefix,
    transport: meaning?.transport ?? transport,
    port,
    ports: portRange(port),
  };
  const only = meaning?.family ?? null;
  if (host === '' || host === '*') {
    return { kind: 'wildcard', family: only ?? 4, strict: only !== null, ...base };
  }
  const address = canonicalAddress(host);
  if (address === null) return { kind: 'unclear', host };
  const family = familyOf(address);
  if (address === '0.0.0.0' || address === '::') {
    return { kind: 'wildcard', family, strict: family === 4 || only !== null, ...base };
  }
  if (address === '::1' || address.startsWith('127.')) return { kind: 'local' };
  return { kind: 'address', address, family, ...base };
}

/** The address part of a bind as HAProxy reads it: IPv6 in brackets, so that the port is clear. */
export function bindText(prefix: string, address: string, port: string): string {
  const host = familyOf(address) === 6 ? `[${address}]` : address;
  return port === '' ? `${prefix}${host}` : `${prefix}${host}:${port}`;
}

// The last colon starts the port, brackets or not: `:::80` is `::` and 80.
function splitPort(text: string): { readonly host: string; readonly port: string } {
  const colon = text.lastIndexOf(':');
  const isWhole = colon < 0 || colon < text.indexOf(']');
  const host = isWhole ? text : text.slice(0, colon);
  return { host: host.replace(/^\[(.*:.*)\]$/, '$1'), port: isWhole ? '' : text.slice(colon + 1) };
}

function portRange(port: string): PortRange | null {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(port);
  if (match === null) return null;
  const from = Number(match[1]);
  const to = match[2] === undefined ? from : Number(match[2]);
  return from >= 1 && to <= 65_535 && from <= to ? { from, to } : null;
}
