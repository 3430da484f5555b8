import type { InstanceView } from '../../src/protocol/api.ts';
import { pathOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { fleet, type InstanceBrief } from '../fleet.ts';
import { html } from '../html.ts';
import { Holder } from '../parts/act.ts';
import { MigrateButton } from '../parts/acts-instance.ts';
import { Events } from '../parts/events.ts';
import { Addresses, HostLink } from '../parts/links.ts';
import { instanceState, StateWord, Tier } from '../parts/mark.ts';
import { Empty, Facts, Failure, Panel } from '../parts/panel.ts';
import { useAnswer } from '../query.ts';
import { memory } from '../words.ts';
import { Configuration } from './instance-configuration.ts';
import { Placement } from './instance-placement.ts';
import { Servers } from './instance-servers.ts';
import { Traffic } from './instance-traffic.ts';
import { OperationsOf } from './operations.ts';

/** One instance: where it is, what it does, what it runs, and what was done to it. */
export function InstancePage({ name }: { readonly name: string }) {
  const one = useCell(fleet, (now) => now?.instances.get(name) ?? null);
  const path = pathOf('getInstance', { path: { name } });
  const { answer, error } = useAnswer<InstanceView>(path, 3_000);
  if (one === null) {
    return html`<h1>${name}</h1>
      ${error === null ? html`<${Empty}>Asking the scheduler …<//>` : html`<${Failure} error=${error} />`}`;
  }
  return html`
    <${Head} one=${one} />
    <${Holder} object=${`instance/${name}`} />
    ${
      one.problem === null
        ? null
        : html`<div class="failure"><p><strong>${one.problem.code}
      </strong> ${one.problem.message}</p></div>`
    }
    <${Panel} title="Where and what"><${Record} one=${one} view=${answer} /><//>
    <${Traffic} name=${name} />
    <${Servers} name=${name} />
    <${Configuration} name=${name} view=${answer} />
    <${Placement} name=${name} />
    <${OperationsOf} object=${`instance/${name}`} />
    <${Events} object=${`instance/${name}`} />
  `;
}

function Head({ one }: { readonly one: InstanceBrief }) {
  return html`<div class="head">
    <h1>${one.name}</h1><${Tier} tier=${one.tier} /><${StateWord} state=${instanceState(one)} />
    <span class="muted">${one.service} · ${one.owner}</span>
    <div class="acts"><${MigrateButton} one=${one} /></div>
  </div>`;
}

function Record({
  one,
  view,
}: {
  readonly one: InstanceBrief;
  readonly view: InstanceView | null;
}) {
  const standbys =
    one.standbys.length === 0
      ? html`<span class="muted">none</span>`
      : one.standbys.map(
          (host, index) => html`${index > 0 ? ', ' : ''}<${HostLink} key=${host} name=${host} />`,
        );
  const shed = view?.shed ?? null;
  return html`<${Facts} rows=${[
    ['Host', html`<${HostLink} name=${one.host} />`],
    ['Standbys', standbys],
    ['Addresses', html`<${Addresses} of=${one} />`],
    ...(shed === null ? [] : [['Gave way to', `${shed.instance} on ${shed.host}`] as const]),
    ...(view === null
      ? []
      : ([
          ['MAC', view.mac],
          ['Image', view.image],
          ['Resources', resourcesText(view)],
          ['Epoch', view.epoch === null ? 'none' : String(view.epoch)],
          ['Contact', view.contact || html`<span class="muted">nobody</span>`],
          ...(view.notes === '' ? [] : [['Notes', view.notes] as const]),
          ...(view.kept.length === 0
            ? []
            : [
                [
                  'Kept changes',
                  html`<ul>${view.kept.map((text) => html`<li key=${text}>${text}</li>`)}</ul>`,
                ] as const,
              ]),
        ] as const)),
  ]} />`;
}

function resourcesText({ resources }: InstanceView): string {
  const connections = resources.maxConnections.toLocaleString('en');
  return `${memory(resources.memoryMib)}, ${resources.cpus} CPU, ${connections} connections`;
}
