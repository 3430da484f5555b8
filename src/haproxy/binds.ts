import type { Finding } from '../domain/errors.ts';
import type { ServiceAddress } from '../domain/model.ts';
import {
  type BindAddress,
  bindText,
  type PortRange,
  parseBindAddress,
  type Transport,
} from './bind-address.ts';
import type { ConfigLine } from './config-lines.ts';
import type { Word } from './tokenize.ts';

/** A line that makes HAProxy listen, with the word that says where. */
export interface Bind {
  readonly line: ConfigLine;
  readonly word: Word;
  readonly addresses: readonly BindAddress[];
  /** True in `peers`, which HAProxy allows one listener only. */
  readonly isSingle: boolean;
}

/** One place where an instance listens. `address` is null for loopback and sockets. */
export interface BindTarget {
  /** As it stands in the rendered configuration. */
  readonly text: string;
  readonly address: string | null;
  readonly ports: PortRange | null;
  readonly transport: Transport;
}

/** A bind with where it listens; `targets` is null where its line stays as it was written. */
export interface ResolvedBind {
  readonly bind: Bind;
  readonly targets: readonly BindTarget[];
  readonly isRewritten: boolean;
}

/**
 * Finds the lines that listen: `bind` in frontends, listens, peers and log forwards, `dgram-bind`,
 * and the line of a peers section that names the local peer, which is the instance.
 */
export function findBinds(lines: readonly ConfigLine[], instance: string): readonly Bind[] {
  return lines.flatMap((line) => {
    const at = addressWordOf(line, instance);
    const word = at === null ? undefined : line.words[at];
    if (word === undefined) return [];
    const transport = line.words[0]?.text === 'dgram-bind' ? 'dgram' : 'stream';
    const isV6Only = line.words.some((option) => option.text === 'v6only');
    const addresses = word.text
      .replace(/,$/, '')
      .split(',')
      .map((part) => parseBindAddress(part, transport))
      .map((address) =>
        isV6Only && address.kind === 'wildcard' && address.family === 6
          ? { ...address, strict: true }
          : address,
      );
    return [{ line, word, addresses, isSingle: line.section?.keyword === 'peers' }];
  });
}

function addressWordOf(line: ConfigLine, instance: string): number | null {
  const keyword = line.words[0]?.text;
  const section = line.section?.keyword;
  if (section === 'frontend' || section === 'listen') return keyword === 'bind' ? 1 : null;
  if (section === 'log-forward') {
    return keyword === 'bind' || keyword === 'dgram-bind' ? 1 : null;
  }
  if (section !== 'peers') return null;
  if (keyword === 'bind') return 1;
  if (keyword !== 'peer' && keyword !== 'server') return null;
  // `server NAME` may take its address from the section's bind: what follows is an option then.
  const isOwn = line.words[1]?.text === instance && line.words[2]?.text.includes(':') === true;
  return isOwn ? 2 : null;
}

/**
 * Says for each bind where the instance listens. A wildcard listens on every address of the
 * instance, whatever its family, but for those that another bind claims for the same port: one that
 * names the address, or a wildcard written for the other family (`bind :80` beside `bind :::80`).
 * So each listener gets what it would get from the kernel, and no address is bound twice.
 */
export function resolveBinds(
  binds: readonly Bind[],
  own: readonly ServiceAddress[],
): { readonly resolved: readonly ResolvedBind[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  // What stands between .if and .endif may never be read, so that it takes nothing from others.
  const claims = binds
    .filter((bind) => !bind.line.isConditional)
    .flatMap((bind) => bind.addresses.map((address) => ({ bind, address })));
  const resolved = binds.map((bind) => {
    const report = (message: string) =>
      findings.push({ line: bind.line.number, column: bind.word.start + 1, message });
    const targets = bind.addresses.flatMap((address) =>
      targetsOf(bind, address, { own, claims, report }),
    );
    const isRewritten = bind.addresses.some(({ kind }) => kind === 'wildcard');
    return { bind, targets, isRewritten: isRewritten && targets.length > 0 };
  });
  return { resolved, findings };
}

interface Surroundings {
  readonly own: readonly ServiceAddress[];
  readonly claims: readonly { readonly bind: Bind; readonly address: BindAddress }[];
  readonly report: (message: string) => void;
}

function targetsOf(
  bind: Bind,
  address: BindAddress,
  { own, claims, report }: Surroundings,
): readonly BindTarget[] {
  const listed = own.map((one) => one.address).join(', ');
  if (bind.word.expands) {
    report(
      'an environment variable in the address of a bind is unknown before the instance runs: ' +
        'write the address and the port out',
    );
    return [];
  }
  // HAProxy reads as far as the digits go: `:8O` would listen on port 8, and be called valid.
  if ('port' in address && address.port !== '' && address.ports === null) {
    report(
      `'${address.port}' is no port: write a number from 1 to 65535, or a range such as 8000-8010`,
    );
    return [];
  }
  switch (address.kind) {
    case 'local':
      return [{ text: localText(bind, address), address: null, ports: null, transport: 'stream' }];
    case 'unclear':
      report(
        `'${address.host}' is no IP address: bind to ':PORT' for all addresses of the ` +
          `instance, or to one of them (${listed})`,
      );
      return [];
    case 'address': {
      if (!own.some((one) => one.address === address.address)) {
        report(
          `${address.address} is not an address of this instance: bind to ':${address.port}' ` +
            `for all of its addresses, or to one of them (${listed})`,
        );
        return [];
      }
      return [target(address, address.address)];
    }
    case 'wildcard': {
      const reachable = own.filter((one) => !address.strict || one.family === address.family);
      if (reachable.length === 0) {
        report(
          `this instance has no IPv${address.family} address: bind to ':${address.port}', or ` +
            `give it an address from an IPv${address.family} pool`,
        );
        return [];
      }
      const free = reachable.filter(
        (one) => !claims.some((claim) => takes(claim.address, one, address)),
      );
      const taker = claims.find((claim) =>
        reachable.some((one) => takes(claim.address, one, address)),
      );
      if (free.length === 0 && taker !== undefined) {
        report(
          `every address this bind could take is bound to port ${address.port} by line ` +
            `${taker.bind.line.number} already: remove one of the two`,
        );
      }
      const taken = bind.isSingle ? free.slice(0, 1) : free;
      return taken.map((one) => target(address, one.address));
    }
  }
}

// True where `claim` takes the instance's address `one` from the wildcard on all of its ports.
function takes(
  claim: BindAddress,
  one: ServiceAddress,
  wildcard: Extract<BindAddress, { kind: 'wildcard' }>,
): boolean {
  if (claim.kind !== 'address' && claim.kind !== 'wildcard') return false;
  if (claim.transport !== wildcard.transport) return false;
  const [theirs, ours] = [claim.ports, wildcard.ports];
  if (theirs === null || ours === null) return false;
  if (theirs.from > ours.from || theirs.to < ours.to) return false;
  if (claim.kind === 'address') return claim.address === one.address;
  return claim.family === one.family && wildcard.family !== one.family;
}

function target(
  from: Extract<BindAddress, { kind: 'wildcard' | 'address' }>,
  address: string,
): BindTarget {
  const text = bindText(from.prefix, address, from.port);
  return { text, address, ports: from.ports, transport: from.transport };
}

// A local address is rewritten only beside a wildcard in one list; it keeps its text.
function localText(bind: Bind, address: BindAddress): string {
  return bind.word.text.split(',')[bind.addresses.indexOf(address)] ?? '';
}
