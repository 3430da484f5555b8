import { useState } from 'preact/hooks';
import type { CapacityView, HostView, OperationView } from '../../src/protocol/api.ts';
import { may, me, pathOf, post, requestOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { fleet, type HostBrief, onHost } from '../fleet.ts';
import { html } from '../html.ts';
import { useAnswer } from '../query.ts';
import { counted } from '../words.ts';
import { Act, ActButton, Begun, Holder } from './act.ts';
import { Tier } from './mark.ts';
import { Outcome } from './outcome.ts';
import { Answered } from './panel.ts';

const listMax = 50;

/** What can be done to a host as it is now. */
export function HostActs({ host }: { readonly host: HostBrief }) {
  if (!may(useCell(me), 'operator', true)) return null;
  const isDead = host.state === 'dead';
  const isHeld = !isDead && (host.state === 'suspect' || host.verdict.state !== 'alive');
  return html`
    ${isHeld && host.state !== 'ready' ? html`<${ConfirmButton} host=${host} />` : null}
    ${host.cordonReason === null ? html`<${CordonButton} host=${host} />` : html`<${UncordonButton} host=${host} />`}
    ${isDead ? null : html`<${DrainButton} host=${host} />`}
  `;
}

function CordonButton({ host }: { readonly host: HostBrief }) {
  return html`<${ActButton} name="Cordon …" title=${`Cordon ${host.name}`}>${() => html`<${Act}
    verb=${`Cordon ${host.name}`}
    run=${(reason: string) => post<HostView>(requestOf('postHostCordon', { ...at(host), body: { reason } }))}
    done=${() => html`<p>${host.name} is cordoned.</p>`}
  ><div class="plan"><h3>What will happen</h3>
    <p>Nothing new is placed on ${host.name}. What runs there goes on, and so do its standbys.</p></div><//>`}<//>`;
}

function UncordonButton({ host }: { readonly host: HostBrief }) {
  return html`<${ActButton} name="Uncordon …" title=${`Uncordon ${host.name}`}>${() => html`<${Act}
    verb=${`Uncordon ${host.name}`}
    run=${() => post<HostView>(requestOf('postHostUncordon', at(host)))}
    done=${() => html`<p>${host.name} takes instances again.</p>`}
  ><div class="plan"><h3>What will happen</h3>
    <p>Instances may be placed on ${host.name} again. Nothing moves there by itself, but what has no
      host. It was cordoned for: ${host.cordonReason || 'no reason given'}.</p></div><//>`}<//>`;
}

function DrainButton({ host }: { readonly host: HostBrief }) {
  return html`<${ActButton} name="Drain …" title=${`Drain ${host.name}`}>${() => html`<${Act}
    verb=${`Drain ${host.name}`}
    run=${(reason: string) => post<OperationView>(requestOf('postHostDrain', { ...at(host), body: { reason } }))}
    done=${(operation: OperationView) => html`<${Begun} id=${operation.id} />`}
  ><${Holder} object=${`host/${host.name}`} /><${DrainPlan} host=${host} /><//>`}<//>`;
}

function DrainPlan({ host }: { readonly host: HostBrief }) {
  const now = fleet.value;
  const active = now === null ? [] : onHost(now, host.name).active;
  return html`<div class="plan">
    <h3>What will happen</h3>
    <p>${host.name} is cordoned. Then what runs there is migrated off it, one after the other, in this order:
      ${active.length === 0 ? 'nothing, it carries none' : counted(active.length, 'instance')}.</p>
    <ol class="names">${active.slice(0, listMax).map(
      (one) => html`<li key=${one.name}>
      <${Tier} tier=${one.tier} /> ${one.name} <span class="muted">${one.addresses.join(' ')}</span></li>`,
    )}</ol>
    ${active.length > listMax ? html`<p class="note">and ${active.length - listMax} more</p>` : null}
    <p class="note">Where each goes is decided when its turn comes. One that fits nowhere stays, and the drain says so.</p>
    <h3>If it had to go at once</h3>
    <${LossOf} host=${host.name} />
  </div>`;
}

/** What the loss of a host would do, as the capacity API reckons it. */
export function LossOf({ host }: { readonly host: string }) {
  const asked = useAnswer<CapacityView>(pathOf('getCapacity', {}), 30_000);
  return html`<${Answered} asked=${asked}>${(answer: CapacityView) => {
    const loss = answer.losses.find(({ kind, name }) => kind === 'host' && name === host);
    return loss === undefined
      ? html`<p class="empty">Nothing would change: no instance runs there.</p>`
      : html`<${Outcome} loss=${loss} />`;
  }}<//>`;
}

/** Where nobody can prove that a host is off, a person says so: by its name, typed out. */
function ConfirmButton({ host }: { readonly host: HostBrief }) {
  const [typed, type] = useState('');
  return html`<${ActButton} name="Confirm that it is off …" kind="danger" title=${`Is ${host.name} off?`}>
    ${() => html`<${Act}
    verb=${`${host.name} is off: fail it over`}
    isDangerous=${true}
    isReady=${typed === host.name}
    run=${(reason: string) =>
      post<OperationView>(requestOf('postHostConfirmDead', { ...at(host), body: { reason } }))}
    done=${(operation: OperationView) => html`<${Begun} id=${operation.id} />`}
  >
    <div class="plan">
      <h3>What is known</h3>
      <ul>${host.verdict.reasons.map((reason) => html`<li key=${reason}>${reason}</li>`)}</ul>
      <h3>What will happen</h3>
      <p>What ${host.name} held is granted to other hosts at once. If it still answers for its addresses,
        they have two owners: look at its power first.</p>
      <${LossOf} host=${host.name} />
    </div>
    <label>Type ${host.name} <input name="typed" autocomplete="off" value=${typed}
      onInput=${(event: Event) => type((event.target as HTMLInputElement).value)} /></label>
  <//>`}<//>`;
}

function at({ name }: HostBrief) {
  return { path: { name } };
}
