import type { ServiceAddress } from '../domain/model.ts';
import { findBinds, resolveBinds } from './binds.ts';
import { readConfig } from './config-lines.ts';
import { disabledSections } from './disabled-sections.ts';

/** TCP ports that answer on one service address, in rising order. */
export interface PublicPorts {
  readonly address: string;
  readonly ports: readonly number[];
}

/**
 * The TCP ports on which an instance listens at each of its addresses, from its owner's
 * configuration: what a probe after a move can knock at. Left out is what may rightly be closed:
 * lines between `.if` and `.endif`, disabled sections, QUIC and datagrams, and the peers' port.
 *
 * @param limit most ports for one address; of port ranges the first ports come before all others
 */
export function publicPorts(
  input: {
    readonly name: string;
    readonly config: string;
    readonly addresses: readonly ServiceAddress[];
  },
  limit = 16,
): readonly PublicPorts[] {
  const lines = readConfig(input.config);
  const disabled = disabledSections(lines);
  const { resolved } = resolveBinds(findBinds(lines, input.name), input.addresses);
  const open = resolved
    .filter(({ bind }) => !bind.isSingle && !bind.line.isConditional)
    .filter(({ bind }) => !disabled.has(bind.line.section?.line ?? 0))
    .flatMap(({ targets }) => targets)
    .filter(({ transport }) => transport === 'stream');
  return input.addresses.map(({ address }) => {
    const ranges = open.flatMap((target) =>
      target.address === address && target.ports !== null ? [target.ports] : [],
    );
    const ports = new Set(ranges.slice(0, limit).map(({ from }) => from));
    for (const { from, to } of ranges) {
      for (let port = from; port <= to && ports.size < limit; port += 1) ports.add(port);
    }
    return { address, ports: [...ports].toSorted((a, b) => a - b) };
  });
}
