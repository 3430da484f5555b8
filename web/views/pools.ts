import type { PoolView } from '../../src/protocol/api.ts';
import { pathOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { type Fleet, fleet } from '../fleet.ts';
import { html } from '../html.ts';
import { HostLink, InstanceLink } from '../parts/links.ts';
import { instanceState, StateWord, Tier } from '../parts/mark.ts';
import { Answered, Empty, Facts, Panel, Table } from '../parts/panel.ts';
import { useAnswer } from '../query.ts';
import { counted } from '../words.ts';

/** More than there are; the list is one page. */
const poolsMax = 10_000;

const rowsMax = 500;

interface Pools {
  readonly items: readonly PoolView[];
}

/** Pools of addresses, and who has which. */
export function PoolsPage() {
  const now = useCell(fleet);
  const asked = useAnswer<Pools>(pathOf('getPools', { query: { limit: poolsMax } }), 5_000);
  return html`<h1>Pools and addresses</h1>
    <${Answered} asked=${asked}>${({ items }: Pools) =>
      items.length === 0
        ? html`<${Empty}>There is no pool. They are part of a spec: bridgehead apply -f SPEC.<//>`
        : items.map((pool) => html`<${Pool} key=${pool.name} pool=${pool} now=${now} />`)}<//>`;
}

function Pool({ pool, now }: { readonly pool: PoolView; readonly now: Fleet | null }) {
  const { name, cidr, range, prefix, gateway, bridge, vlan, used } = pool;
  return html`<${Panel} title=${name} note=${`${cidr}, ${counted(used.length, 'address', 'addresses')} in use`}>
    <${Facts} rows=${[
      ['Range', range === null ? 'all of it' : `${range.from} – ${range.to}`],
      ['On the wire', `/${prefix} at ${bridge}${vlan === null ? '' : `, VLAN ${vlan}`}`],
      ['Gateway', gateway ?? 'none'],
    ]} />
    ${
      used.length === 0
        ? html`<${Empty}>No instance has an address of it.<//>`
        : html`<${Table} label=${`Addresses of ${name}`} head=${['Address', 'Instance', 'Tier', 'State', 'Host']}
      rows=${used.slice(0, rowsMax).map(({ address, instance }) => {
        const one = now?.instances.get(instance) ?? null;
        return {
          key: address,
          cells: [
            address,
            html`<${InstanceLink} name=${instance} />`,
            one === null ? '' : html`<${Tier} tier=${one.tier} />`,
            one === null ? '' : html`<${StateWord} state=${instanceState(one)} />`,
            one === null ? '' : html`<${HostLink} name=${one.host} />`,
          ],
        };
      })} />`
    }
    ${used.length > rowsMax ? html`<p class="note">and ${used.length - rowsMax} more; press / to find one</p>` : null}
  <//>`;
}
