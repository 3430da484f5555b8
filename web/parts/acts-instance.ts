import { useState } from 'preact/hooks';
import type { ExplainView, OperationView } from '../../src/protocol/api.ts';
import { may, me, pathOf, post, requestOf } from '../api.ts';
import { useCell } from '../cell.ts';
import type { InstanceBrief } from '../fleet.ts';
import { html } from '../html.ts';
import { useAnswer } from '../query.ts';
import { counted } from '../words.ts';
import { Act, ActButton, Begun, Holder } from './act.ts';
import { Answered } from './panel.ts';

/** Moving an instance: where to, what that does, and it as it steps. */
export function MigrateButton({ one }: { readonly one: InstanceBrief }) {
  if (!may(useCell(me), 'operator')) return null;
  return html`<${ActButton} name="Migrate …" title=${`Migrate ${one.name}`}>${() => html`<${Migrate} one=${one} />`}
    <//>`;
}

function Migrate({ one }: { readonly one: InstanceBrief }) {
  const of = { path: { name: one.name } };
  const asked = useAnswer<ExplainView>(pathOf('getInstanceExplain', of), 10_000);
  const [chosen, choose] = useState<string | null>(null);
  return html`<${Answered} asked=${asked}>${(answer: ExplainView) => {
    const others = answer.candidates.filter(({ host }) => host !== answer.host);
    const fitting = others.filter(({ fits }) => fits);
    const to = chosen ?? fitting[0]?.host ?? null;
    return html`<${Act}
      verb=${to === null ? 'Migrate' : `Migrate to ${to}`}
      isReady=${to !== null}
      run=${(reason: string) =>
        post<OperationView>(
          requestOf('postInstanceMigrate', { ...of, body: { to: to ?? '', reason } }),
        )}
      done=${(operation: OperationView) => html`<${Begun} id=${operation.id} />`}
    >
      <${Holder} object=${`instance/${one.name}`} />
      <fieldset class="choices">
        <legend>To which host</legend>
        ${others.map(
          ({
            host,
            fits,
            refusals,
            score,
            parts,
          }) => html`<label key=${host} class=${fits ? '' : 'refused'}>
            <input type="radio" name="to" value=${host} disabled=${!fits} checked=${host === to} onChange=${() => choose(host)} />
            <span class="name">${host}</span>
            <span class="note">${fits ? parts.map(({ why }) => why).join('; ') : refusals.join('; ')}</span>
            <span class="score">${fits ? score.toFixed(1) : ''}</span>
          </label>`,
        )}
        ${others.length === 0 ? html`<p class="empty">There is no other host.</p>` : null}
      </fieldset>
      ${to === null ? null : html`<${Plan} one=${one} to=${to} />`}
    <//>`;
  }}<//>`;
}

/** What a migration does, step by step; docs/architecture.md has what undoes each. */
function Plan({ one, to }: { readonly one: InstanceBrief; readonly to: string }) {
  const from = one.host ?? 'its host';
  const what = counted(one.addresses.length, 'address', 'addresses');
  return html`<div class="plan">
    <h3>What will happen</h3>
    <ol>
      <li>${to} prepares a container with the configuration, without any address.</li>
      <li>${from} lets no new connection in and waits for the open ones, 2 s at most. What is open then is cut.</li>
      <li>${from} takes its port off the wire; ${what} (${one.addresses.join(', ')}) go to ${to}, which announces them.</li>
      <li>A third host asks the wire who has them. The container on ${from} goes.</li>
    </ol>
    <p class="note">Until the addresses are granted to ${to}, a failure puts all back as it was.</p>
  </div>`;
}
