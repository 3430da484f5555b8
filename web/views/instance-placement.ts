import type { ExplainView } from '../../src/protocol/api.ts';
import { pathOf } from '../api.ts';
import { html } from '../html.ts';
import { HostLink } from '../parts/links.ts';
import { type State, StateWord } from '../parts/mark.ts';
import { Answered, Panel, Table } from '../parts/panel.ts';
import { useAnswer } from '../query.ts';

const rowsMax = 6;
const here: State = { tone: 'ok', shape: 'disc', word: 'it is here' };
const fitting: State = { tone: 'idle', shape: 'ring', word: 'would fit' };
const refused: State = { tone: 'warn', shape: 'cross', word: 'does not fit' };

/** Why it is where it is: every host as a place for it. */
export function Placement({ name }: { readonly name: string }) {
  const asked = useAnswer<ExplainView>(pathOf('getInstanceExplain', { path: { name } }), 15_000);
  return html`<${Panel} title="Placement" note="every host as a place for it">
    <${Answered} asked=${asked}>${({ host, candidates }: ExplainView) => html`
      <${Table} label="Hosts as places" head=${['', 'Host', '#Score', 'Why']}
        rows=${candidates.slice(0, rowsMax).map((one) => ({
          key: one.host,
          cells: [
            html`<${StateWord} state=${one.host === host ? here : one.fits ? fitting : refused} />`,
            html`<${HostLink} name=${one.host} />`,
            one.fits ? one.score.toFixed(1) : '',
            html`<span class="note">${one.fits ? one.parts.map(({ why }) => why).join('; ') : one.refusals.join('; ')}
              </span>`,
          ],
        }))} />
      ${
        candidates.length > rowsMax
          ? html`<p
        class="note">and ${candidates.length - rowsMax} more: bridgehead explain ${name}</p>`
          : null
      }`}<//>
  <//>`;
}
