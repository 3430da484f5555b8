import type { InstanceBrief } from '../fleet.ts';
import { html } from '../html.ts';
import { linkTo } from '../route.ts';

export function HostLink({ name }: { readonly name: string | null }) {
  if (name === null) return html`<span class="muted">no host</span>`;
  return html`<a href=${linkTo('hosts', name)}>${name}</a>`;
}

export function InstanceLink({ name }: { readonly name: string }) {
  return html`<a href=${linkTo('instances', name)}>${name}</a>`;
}

export function OperationLink({ id, title }: { readonly id: string; readonly title: string }) {
  return html`<a href=${linkTo('operations', id)}>${title}</a>`;
}

/** `instance/shop-web` and `host/host-1` as links, other objects as they are. */
export function ObjectLink({ object }: { readonly object: string }) {
  const [kind = '', name = ''] = object.split('/');
  if (kind === 'host') return html`<${HostLink} name=${name} />`;
  if (kind === 'instance') return html`<${InstanceLink} name=${name} />`;
  return html`<span>${object}</span>`;
}

export function Addresses({ of }: { readonly of: Pick<InstanceBrief, 'addresses'> }) {
  return html`<span class="addresses">${of.addresses.map((one) => html`<span key=${one}>${one}</span>`)}</span>`;
}
