import type { ServiceAddress } from '../domain/model.ts';
import { findBinds, resolveBinds } from './binds.ts';
import { type ConfigLine, readConfig, type Section } from './config-lines.ts';

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

// A section is disabled by its own word, or by that of a defaults section before it.
function disabledSections(lines: readonly ConfigLine[]): ReadonlySet<number> {
  const disabled = new Set<number>();
  let byDefault = false;
  for (const line of lines) {
    if (line.section === null) continue;
    if (line.isHeader && inherits(line.section) && byDefault) disabled.add(line.section.line);
    if (line.isHeader && line.section.keyword === 'defaults') byDefault = false;
    const keyword = line.isHeader ? undefined : line.words[0]?.text;
    if (keyword !== 'disabled' && keyword !== 'enabled') continue;
    if (line.section.keyword === 'defaults') byDefault = keyword === 'disabled';
    else if (keyword === 'disabled') disabled.add(line.section.line);
    else disabled.delete(line.section.line);
  }
  return disabled;
}

function inherits(section: Section): boolean {
  return section.keyword === 'frontend' || section.keyword === 'listen';
}
