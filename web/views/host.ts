import type { HostView } from '../../src/protocol/api.ts';
import type { BootView } from '../../src/protocol/boot-views.ts';
import type { IncidentItem } from '../../src/protocol/incident-views.ts';
import { pathOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { fleet, type HostBrief, type OnHost, onHost } from '../fleet.ts';
import { type Children, html } from '../html.ts';
import { Holder } from '../parts/act.ts';
import { HostActs, LossOf } from '../parts/acts-host.ts';
import { Events } from '../parts/events.ts';
import { Addresses, HostLink, InstanceLink } from '../parts/links.ts';
import {
  hostState,
  instanceState,
  type State,
  StateWord,
  standbyState,
  Tier,
} from '../parts/mark.ts';
import { Answered, Empty, Facts, Failure, Panel, Table } from '../parts/panel.ts';
import { useAnswer } from '../query.ts';
import { memory, moment, percent, span } from '../words.ts';
import { IncidentList } from './incidents.ts';
import { OperationsOf } from './operations.ts';

const bootsMax = 20;

/** One host: what is held true of it, what is on it, and what its loss would do. */
export function HostPage({ name }: { readonly name: string }) {
  const host = useCell(fleet, (now) => now?.hosts.get(name) ?? null);
  const on = useCell(fleet, (now) => (now === null ? null : onHost(now, name)));
  const path = pathOf('getHost', { path: { name } });
  const { answer, error } = useAnswer<HostView>(path, 5_000);
  const incidents = useAnswer<{ items: IncidentItem[] }>(
    pathOf('getIncidents', { query: { limit: 10, host: name } }),
  );
  const boots = useAnswer<{ items: BootView[] }>(
    pathOf('getBoots', { query: { limit: bootsMax, host: name } }),
    15_000,
  );
  if (host === null || on === null) {
    return html`<h1>${name}</h1>
      ${error === null ? html`<${Empty}>Asking the scheduler …<//>` : html`<${Failure} error=${error} />`}`;
  }
  return html`
    <div class="head">
      <h1>${host.name}</h1><${StateWord} state=${hostState(host)} />
      <span class="muted">${host.zone} · ${host.rack}</span>
      <div class="acts"><${HostActs} host=${host} /></div>
    </div>
    <${Holder} object=${`host/${name}`} />
    <div class="columns">
      <${Panel} title="What is held true"><${Held} host=${host} /><//>
      <${Panel} title="If it were lost"><${LossOf} host=${name} /><//>
    </div>
    <${Panel} title="Instances"><${Carried} on=${on} /><//>
    <${Panel} title="Machine"><${Machine} host=${host} on=${on} view=${answer} /><//>
    <${Panel} title="Incidents"><${Answered} asked=${incidents}>
      ${({ items }: { items: IncidentItem[] }) => html`<${IncidentList} items=${items} />`}<//><//>
    <${Panel} title="Boots"><${Answered} asked=${boots}>
      ${({ items }: { items: BootView[] }) => html`<${Boots} items=${items} />`}<//><//>
    <${OperationsOf} object=${`host/${name}`} />
    <${Events} object=${`host/${name}`} />
  `;
}

const verdicts: Readonly<Record<HostBrief['verdict']['state'], State>> = {
  alive: { tone: 'ok', shape: 'check', word: 'alive' },
  suspect: { tone: 'warn', shape: 'triangle', word: 'suspect' },
  silenced: { tone: 'bad', shape: 'cross', word: 'proven silent' },
  unwitnessed: { tone: 'idle', shape: 'ring', word: 'unwitnessed' },
};

function Held({ host }: { readonly host: HostBrief }) {
  const { verdict, lastSeenMs, cordonReason } = host;
  const reasons = verdict.reasons.length === 0 ? ['its witnesses hear it'] : verdict.reasons;
  return html`<${Facts} rows=${[
    ['Verdict', html`<${StateWord} state=${verdicts[verdict.state]} />`],
    ['Evidence', html`<ul>${reasons.map((reason) => html`<li key=${reason}>${reason}</li>`)}</ul>`],
    [
      'Last heard',
      lastSeenMs === null
        ? 'never'
        : host.state === 'ready'
          ? `${moment(lastSeenMs)}, connected`
          : moment(lastSeenMs),
    ],
    ['Cordon', cordonReason === null ? 'none' : cordonReason || 'without a reason'],
  ]} />`;
}

function Carried({ on }: { readonly on: OnHost }) {
  if (on.active.length + on.standby.length === 0)
    return html`<${Empty}>Nothing runs here, and it stands by for nothing.<//>`;
  const rows = [
    ...on.active.map((one) => ({ one, state: instanceState(one), role: 'runs here' as Children })),
    ...on.standby.map((one) => ({
      one,
      state: standbyState,
      role: html`runs on <${HostLink} name=${one.host} />`,
    })),
  ];
  return html`<${Table} label="Instances" head=${['State', 'Instance', 'Tier', 'Addresses', 'Owner', '', '#Memory', '#CPU']}
    rows=${rows.map(({ one, state, role }) => ({
      key: `${state.word} ${one.name}`,
      cells: [
        html`<${StateWord} state=${state} />`,
        html`<${InstanceLink} name=${one.name} />`,
        html`<${Tier} tier=${one.tier} />`,
        html`<${Addresses} of=${one} />`,
        one.owner,
        role,
        memory(one.resources.memoryMib),
        one.resources.cpus,
      ],
    }))} />`;
}

function Machine({
  host,
  on,
  view,
}: {
  readonly host: HostBrief;
  readonly on: OnHost;
  readonly view: HostView | null;
}) {
  const facts = view?.facts ?? null;
  const all = [...on.active, ...on.standby];
  const claimed = all.reduce((total, one) => total + one.resources.memoryMib, 0);
  const cpus = all.reduce((total, one) => total + one.resources.cpus, 0);
  const { capacity } = host;
  const of = (part: number, whole: number) => (whole > 0 ? ` (${percent(part / whole)})` : '');
  const rows: (readonly [string, Children])[] = [];
  if (capacity !== null) {
    rows.push(
      [
        'Memory',
        `${memory(claimed)} of ${memory(capacity.memoryMib)} claimed${of(claimed, capacity.memoryMib)}`,
      ],
      ['CPU', `${Number(cpus.toFixed(2))} of ${capacity.cpus} claimed${of(cpus, capacity.cpus)}`],
      ['Instances', `${all.length} of ${capacity.instances}`],
    );
  }
  if (facts !== null) {
    rows.push(
      ['Kernel', facts.kernel],
      ['Docker', facts.docker],
      ['Agent', facts.agentVersion],
      ['Up for', span(facts.uptimeS * 1_000)],
      ['Boot', html`<code>${facts.bootId}</code>`],
      ['NICs', facts.nics.map(({ name, driver }) => `${name} (${driver})`).join(', ')],
      [
        'Bridges',
        facts.bridges.map(({ name, addresses }) => `${name} ${addresses.join(' ')}`).join(', '),
      ],
      [
        'Gateways',
        facts.gateways.length === 0
          ? 'none known'
          : facts.gateways
              .map(
                ({ address, answers }) => `${address} ${answers ? 'answers' : 'does not answer'}`,
              )
              .join(', '),
      ],
      [
        'Images',
        html`<ul>${facts.images.map(
          ({ reference, haproxy }) => html`<li key=${reference}>
          ${reference} <span class="muted">HAProxy ${haproxy}</span></li>`,
        )}</ul>`,
      ],
    );
  }
  const labels = Object.entries(view?.labels ?? {});
  if (labels.length > 0)
    rows.push(['Labels', labels.map(([key, value]) => `${key}=${value}`).join(' ')]);
  return rows.length === 0
    ? html`<${Empty}>Nothing is known of it before its agent says hello.<//>`
    : html`<${Facts} rows=${rows} />`;
}

const ends: Readonly<Record<string, State>> = {
  crash: { tone: 'bad', shape: 'cross', word: 'crashed' },
  planned: { tone: 'ok', shape: 'check', word: 'in order' },
  unknown: { tone: 'warn', shape: 'triangle', word: 'nobody knows' },
};
const up: State = { tone: 'ok', shape: 'disc', word: 'up' };

function Boots({ items }: { readonly items: readonly BootView[] }) {
  if (items.length === 0) return html`<${Empty}>None on record yet.<//>`;
  return html`<${Table} label="Boots" head=${['End', 'Began', '#Lasted', 'Kernel']}
    rows=${items.map((one) => ({
      key: one.bootId,
      cells: [
        html`<${StateWord} state=${one.ended === null ? up : (ends[one.ended.by] ?? up)} />`,
        html`<time>${moment(one.startedMs)}</time>`,
        span((one.ended?.atMs ?? one.lastSeenMs) - one.startedMs),
        one.facts['kernel'] ?? '',
      ],
    }))} />`;
}
