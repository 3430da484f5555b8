import type { IncidentItem } from '../../src/protocol/incident-views.ts';
import { pathOf } from '../api.ts';
import { html } from '../html.ts';
import { HostLink } from '../parts/links.ts';
import { type State, StateWord } from '../parts/mark.ts';
import { Answered, Empty, Panel, Table } from '../parts/panel.ts';
import { useAnswer } from '../query.ts';
import { linkTo } from '../route.ts';
import { moment, span } from '../words.ts';

interface Incidents {
  readonly items: readonly IncidentItem[];
}

const states: Readonly<Record<IncidentItem['state'], State>> = {
  open: { tone: 'bad', shape: 'triangle', word: 'open' },
  recovered: { tone: 'warn', shape: 'half', word: 'recovered' },
  resolved: { tone: 'ok', shape: 'check', word: 'resolved' },
};

export function incidentState(state: IncidentItem['state']): State {
  return states[state];
}

/** Crashes and deaths of hosts, the newest first. */
export function IncidentsPage() {
  const asked = useAnswer<Incidents>(pathOf('getIncidents', { query: { limit: 100 } }), 2_000);
  return html`<h1>Incidents</h1>
    <${Panel} title="Crashes and deaths of hosts" note="each with all that belongs to it">
      <${Answered} asked=${asked}>${({ items }: Incidents) => html`<${IncidentList} items=${items} />`}<//>
    <//>`;
}

export function IncidentList({ items }: Incidents) {
  if (items.length === 0) return html`<${Empty}>None on record.<//>`;
  return html`<${Table} label="Incidents" head=${['State', 'Host', 'What', 'When', '#Served again', '#Instances', 'Kernel']}
    rows=${items.map((one) => ({
      key: one.id,
      cells: [
        html`<${StateWord} state=${states[one.state]} />`,
        html`<${HostLink} name=${one.host} />`,
        html`<a href=${linkTo('incidents', one.id)}>
          ${one.title ?? (one.isDead ? 'died without a word' : 'crash report')}</a>`,
        html`<time>${moment(one.firstMs)}</time>`,
        one.servedMs === null ? (one.isDead ? 'not yet' : '–') : span(one.servedMs - one.firstMs),
        `${one.instances}${one.sheds > 0 ? `, ${one.sheds} gave way` : ''}`,
        one.release ?? '',
      ],
    }))} />`;
}
