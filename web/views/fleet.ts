import { useMemo } from 'preact/hooks';
import type { TopView } from '../../src/protocol/number-views.ts';
import { pathOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { type Fleet, fleet, type HostBrief, onHost } from '../fleet.ts';
import { html } from '../html.ts';
import { HostTile, SmallTile, smallTilePx } from '../parts/host-tile.ts';
import { Addresses, InstanceLink } from '../parts/links.ts';
import { instanceState, StateWord, Tier } from '../parts/mark.ts';
import { Empty, Panel, Table } from '../parts/panel.ts';
import { Tiles } from '../parts/tiles.ts';
import { useAnswer } from '../query.ts';
import { route, setQuery } from '../route.ts';
import { counted } from '../words.ts';
import { Summary } from './fleet-summary.ts';
import { Trouble } from './fleet-trouble.ts';

/** More hosts than these are shown small: the nearer one looks, the more there is to see. */
const largeTilesMax = 60;
const noHosts = 'No host has joined yet. Make a token for one: bridgehead token create HOST.';
/** Requests by the second are asked for one by one of so many at most. */
const ratedMax = 2_000;

/** The fleet's map: how it does, what needs a look, and every host with what is on it. */
export function FleetPage() {
  const now = useCell(fleet);
  if (now === null) return html`<h1>Fleet</h1><${Empty}>Asking the scheduler …<//>`;
  return html`
    <h1 class="hidden">Fleet</h1>
    <${Summary} fleet=${now} />
    <${Trouble} fleet=${now} />
    ${now.hosts.size === 0 && now.instances.size > 0 ? html`<${OwnInstances} fleet=${now} />` : html`<${FleetMap} fleet=${now} />`}
  `;
}

/** For those who see only what is their own, and no host of the fleet. */
function OwnInstances({ fleet: now }: { readonly fleet: Fleet }) {
  const rows = [...now.instances.values()].slice(0, ratedMax).map((one) => ({
    key: one.name,
    cells: [
      html`<${StateWord} state=${instanceState(one)} />`,
      html`<${InstanceLink} name=${one.name} />`,
      html`<${Tier} tier=${one.tier} />`,
      html`<${Addresses} of=${one} />`,
      one.host ?? 'no host',
      one.owner,
    ],
  }));
  const head = ['State', 'Instance', 'Tier', 'Addresses', 'Host', 'Owner'];
  return html`<${Panel} title="Your instances"><${Table} label="Instances" head=${head} rows=${rows} /><//>`;
}

function FleetMap({ fleet: now }: { readonly fleet: Fleet }) {
  const text = useCell(route, ({ query }) => query.get('show') ?? '');
  const hosts = useMemo(() => shownHosts(now, text), [now, text]);
  const isSmall = hosts.length > largeTilesMax;
  const path = isSmall || now.instances.size > ratedMax ? null : pathOf('getNumbers', {});
  const { answer } = useAnswer<TopView>(path);
  const rates = useMemo(
    () => new Map<string, number>(answer?.items.map((one) => [one.instance, one.requests])),
    [answer],
  );
  return html`<section class="map" aria-label="Hosts">
    <header class="bar">
      <h2>Hosts</h2>
      <input
        type="search"
        aria-label="Show only hosts that match"
        placeholder="Name, zone, owner, address, state"
        value=${text}
        onInput=${(event: Event) => setQuery({ show: (event.target as HTMLInputElement).value })}
      />
      <p class="note" role="status">
        ${text === '' ? counted(hosts.length, 'host') : `${counted(hosts.length, 'host')} of ${now.hosts.size}`}</p>
      <${Legend} />
    </header>
    ${
      hosts.length === 0
        ? html`<${Empty}>
      ${now.hosts.size === 0 ? noHosts : 'No host matches.'}<//>`
        : null
    }
    ${
      isSmall
        ? html`<${Tiles}
            items=${hosts}
            keyOf=${(host: HostBrief) => host.name}
            minWidthPx=${smallTilePx.width}
            heightPx=${smallTilePx.height}
            draw=${(host: HostBrief) => html`<${SmallTile} host=${host} on=${onHost(now, host.name)} />`}
          />`
        : html`<div class="tiles">
            ${hosts.map((host) => html`<${HostTile} key=${host.name} host=${host} on=${onHost(now, host.name)} rates=${rates} />`)}
          </div>`
    }
  </section>`;
}

function Legend() {
  return html`<p class="legend" aria-hidden="true">
    ${['T0', 'T1', 'T2', 'T3'].map(
      (name) => html`<span key=${name} class=${`tier ${name.toLowerCase()}`}>${name}
      </span>`,
    )}
    <span class="muted">tier, 0 the most important</span>
  </p>`;
}

/** Those that have the words in themselves or in what is on them; by zone, rack and name. */
function shownHosts(now: Fleet, text: string): readonly HostBrief[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const hosts = [...now.hosts.values()].toSorted(byPlace);
  if (words.length === 0) return hosts;
  return hosts.filter((host) => {
    const { name, zone, rack, state, cordonReason } = host;
    const on = onHost(now, name);
    const own = [name, zone, rack, state, cordonReason === null ? '' : 'cordoned'];
    const rest = [...on.active, ...on.standby].flatMap((one) => [
      ...[one.name, one.owner, one.service, one.phase, `t${one.tier}`, ...one.addresses],
    ]);
    const all = [...own, ...rest].join(' ').toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

const collator = new Intl.Collator('en', { numeric: true });

function byPlace(a: HostBrief, b: HostBrief): number {
  return (
    collator.compare(a.zone, b.zone) ||
    collator.compare(a.rack, b.rack) ||
    collator.compare(a.name, b.name)
  );
}
