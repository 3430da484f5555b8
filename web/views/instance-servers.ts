import type { ServersView } from '../../src/protocol/live-views.ts';
import type { NumbersView } from '../../src/protocol/number-views.ts';
import { pathOf } from '../api.ts';
import { html } from '../html.ts';
import { ServerButton } from '../parts/acts-server.ts';
import { type State, StateWord } from '../parts/mark.ts';
import { Answered, Empty, Panel, Table } from '../parts/panel.ts';
import { useAnswer } from '../query.ts';
import { amount, span } from '../words.ts';

type Server = ServersView['items'][number];

/** Backends with their servers, as HAProxy has them now. */
export function Servers({ name }: { readonly name: string }) {
  const of = { path: { name } };
  const asked = useAnswer<ServersView>(pathOf('getInstanceServers', of), 3_000);
  const numbers = useAnswer<NumbersView>(pathOf('getInstanceNumbers', of), 5_000).answer;
  const rows = new Map(
    numbers?.points.at(-1)?.rows.map((row) => [`${row.kind} ${row.proxy} ${row.server}`, row]),
  );
  return html`<${Panel} title="Backends and servers" note="as HAProxy has them now">
    <${Answered} asked=${asked}>${({ items }: ServersView) =>
      items.length === 0
        ? html`<${Empty}>Its configuration has no server.<//>`
        : html`<${Table} label="Servers"
          head=${['State', 'Backend', 'Server', 'Address', '#Weight', '#Sessions/s', '#Response', '#Errors/s', 'For', 'Kept', 'Act']}
            rows=${items.map((one) => {
              const row = rows.get(`server ${one.backend} ${one.server}`);
              const errors =
                (row?.perSecond['connectErrors'] ?? 0) + (row?.perSecond['responseErrors'] ?? 0);
              return {
                key: `${one.backend}/${one.server}`,
                cells: [
                  html`<${StateWord} state=${serverState(one)} />`,
                  one.backend,
                  one.server,
                  `${one.address ?? '–'}:${one.port}`,
                  one.weight === one.configuredWeight
                    ? one.weight
                    : `${one.weight} of ${one.configuredWeight}`,
                  row === undefined ? '–' : amount(row.perSecond['sessions'] ?? 0),
                  row === undefined ? '–' : `${amount(row.levels['responseMs'] ?? 0)} ms`,
                  row === undefined ? '–' : amount(errors),
                  span(one.sinceS * 1_000),
                  one.kept ?? '',
                  html`<${ServerButton} instance=${name} server=${one} again=${asked.again} />`,
                ],
              };
            })} />`}<//>
  <//>`;
}

function serverState({ state, isUp }: Server): State {
  if (state === 'maint') return { tone: 'idle', shape: 'bars', word: 'maintenance' };
  if (state === 'drain') return { tone: 'idle', shape: 'bars', word: 'draining' };
  return isUp
    ? { tone: 'ok', shape: 'disc', word: 'up' }
    : { tone: 'bad', shape: 'cross', word: 'down' };
}
