import { useMemo } from 'preact/hooks';
import type { HostBrief, InstanceBrief, OnHost } from '../fleet.ts';
import { html } from '../html.ts';
import { linkTo } from '../route.ts';
import { amount, percent } from '../words.ts';
import { hostState, instanceState, Mark, StateWord, standbyState, Tier, urgency } from './mark.ts';

export const smallTilePx = { width: 196, height: 74 };

/** Lines of a tile; the host's own page has them all. */
const linesMax = 24;
const marksMax = 28;

export interface TileProps {
  readonly host: HostBrief;
  readonly on: OnHost;
}

/** A host with each instance on it, and those that it stands by for. */
export function HostTile({
  host,
  on,
  rates,
}: TileProps & { readonly rates: ReadonlyMap<string, number> }) {
  // What is the same again is not drawn again.
  return useMemo(() => {
    const state = hostState(host);
    const shown = on.active.slice(0, linesMax);
    return html`<article class=${`tile ${state.tone}`} aria-label=${`host ${host.name}, ${state.word}`}>
      <header>
        <a class="name" href=${linkTo('hosts', host.name)}><${Mark} state=${state} />${host.name}</a>
        <span class="place">${host.zone} · ${host.rack}</span>
        ${state.tone === 'ok' ? null : html`<${StateWord} state=${state} />`}
      </header>
      <${Load} host=${host} on=${on} />
      <ul class="lines">
        ${shown.map((one) => html`<${Line} key=${one.name} one=${one} rate=${rates.get(one.name)} />`)}
        ${on.active.length === 0 ? html`<li class="none">nothing runs here</li>` : null}
        ${on.active.length > linesMax ? html`<li class="none">and ${on.active.length - linesMax} more</li>` : null}
      </ul>
      ${
        on.standby.length === 0
          ? null
          : html`<p class="standbys"><${Mark} state=${standbyState} /><span>standby for ${on.standby
              .slice(0, linesMax)
              .map(
                (one, index) =>
                  html`${index > 0 ? ', ' : ''}<a key=${one.name} href=${linkTo('instances', one.name)}>${one.name}
                    </a>`,
              )}</span></p>`
      }
    </article>`;
  }, [host, on, ...on.active.map((one) => rates.get(one.name))]);
}

function Line({ one, rate }: { readonly one: InstanceBrief; readonly rate: number | undefined }) {
  const state = instanceState(one);
  const more = one.addresses.length - 1;
  return html`<li class=${state.tone}>
    <a href=${linkTo('instances', one.name)}><${Mark} state=${state} named=${true} /><span>${one.name}</span></a>
    <${Tier} tier=${one.tier} />
    <span class="address">${one.addresses[0] ?? ''}${more > 0 ? html` <span class="muted">+${more}</span>` : null}
      </span>
    <span class="end">${
      state.tone === 'ok'
        ? rate === undefined
          ? null
          : html`${amount(rate)}<span class="muted">/s</span>`
        : html`<span class=${`state ${state.tone}`}>${state.word}</span>`
    }</span>
  </li>`;
}

/** What is claimed of what the host may carry. */
function Load({ host: { capacity }, on }: TileProps) {
  if (capacity === null) return null;
  const all = [...on.active, ...on.standby];
  const memory = share(
    all.reduce((sum, one) => sum + one.resources.memoryMib, 0),
    capacity.memoryMib,
  );
  const cpus = share(
    all.reduce((sum, one) => sum + one.resources.cpus, 0),
    capacity.cpus,
  );
  return html`<dl class="load">
    ${[['memory', memory] as const, ['cpu', cpus] as const].map(
      ([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>
        <span class=${`meter ${value > 0.9 ? 'full' : ''}`}>
          <span style=${{ width: percent(Math.min(1, value)).replace(' ', '') }}></span></span>
        ${percent(value)}</dd></div>`,
    )}
  </dl>`;
}

function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

/** A host among hundreds: its instances as marks, those that need a look first. */
export function SmallTile({ host, on }: TileProps) {
  return useMemo(() => {
    const state = hostState(host);
    const marks = on.active.toSorted((a, b) => urgencyOf(a) - urgencyOf(b) || a.tier - b.tier);
    const rest = marks.length - marksMax;
    return html`<article class=${`tile small ${state.tone}`} aria-label=${`host ${host.name}, ${state.word}`}>
      <header>
        <a class="name" href=${linkTo('hosts', host.name)}><${Mark} state=${state} />${host.name}</a>
        ${state.tone === 'ok' ? html`<span class="place">${host.rack}</span>` : html`<${StateWord} state=${state} />`}
      </header>
      <p class="marks">
        ${marks.slice(0, marksMax).map(
          (one) => html`<a key=${one.name} href=${linkTo('instances', one.name)}
          title=${titleOf(one)} aria-label=${titleOf(one)}><${Mark} state=${instanceState(one)} /></a>`,
        )}
        ${rest > 0 ? html`<span class="muted">+${rest}</span>` : null}
        ${
          on.standby.length > 0
            ? html`<span class="standby-count" title=${`stands by for ${on.standby.length}`}>
          <${Mark} state=${standbyState} />${on.standby.length}</span>`
            : null
        }
      </p>
    </article>`;
  }, [host, on]);
}

function urgencyOf(one: InstanceBrief): number {
  return urgency[instanceState(one).tone];
}

function titleOf(one: InstanceBrief): string {
  return `${one.name}, tier ${one.tier}, ${instanceState(one).word}, ${one.addresses.join(' ')}`;
}
