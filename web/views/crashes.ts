import { useMemo, useState } from 'preact/hooks';
import type { BootView } from '../../src/protocol/boot-views.ts';
import type { CrashGroupDetail, CrashGroupView } from '../../src/protocol/crash-group-views.ts';
import { pathOf } from '../api.ts';
import { html } from '../html.ts';
import { Code } from '../parts/code.ts';
import { Answered, Empty, Facts, Panel, Table } from '../parts/panel.ts';
import { Survival } from '../parts/survival.ts';
import { useAnswer } from '../query.ts';
import { linkTo } from '../route.ts';
import { counted, moment } from '../words.ts';

interface Groups {
  readonly items: readonly CrashGroupView[];
}

/** Crash reports by cause, and how long boots last. */
export function CrashesPage() {
  const groups = useAnswer<Groups>(pathOf('getCrashGroups', {}), 5_000);
  const boots = useAnswer<{ items: BootView[] }>(
    pathOf('getBoots', { query: { limit: 5_000 } }),
    60_000,
  );
  const [by, setBy] = useState('');
  const facts = useMemo(
    () => [...new Set(boots.answer?.items.flatMap((one) => Object.keys(one.facts)))].toSorted(),
    [boots.answer],
  );
  const choice = html`<select aria-label="Compare by" value=${by}
    onChange=${(event: Event) => setBy((event.target as HTMLSelectElement).value)}>
    <option value="">all together</option>
      ${facts.map((fact) => html`<option key=${fact} value=${fact} selected=${fact === by}>by ${fact}</option>`)}
  </select>`;
  return html`<h1>Crashes</h1>
    <${Panel} title="By cause"><${Answered} asked=${groups}>${({ items }: Groups) => html`<${List} items=${items} />`}
      <//><//>
    <${Panel} title="How long boots last" note="Kaplan-Meier, 95 % interval" acts=${choice}>
      <${Answered} asked=${boots}>
        ${({ items }: { items: BootView[] }) => html`<${Survival} boots=${items} by=${by} />`}<//>
    <//>`;
}

function List({ items }: Groups) {
  if (items.length === 0) return html`<${Empty}>No crash report has been seen in any log.<//>`;
  return html`<${Table} label="Crash groups"
    head=${['What', 'Kind', '#Reports', '#Boots', '#Hosts', 'Last seen', '#A day, lately', 'Kernels']}
    rows=${items.map((one) => ({
      key: one.id,
      cells: [
        html`<a href=${linkTo('crashes', one.id)}>${one.title}</a>`,
        one.kind,
        one.reports,
        one.boots,
        one.hosts.length,
        html`<time>${moment(one.lastSeenMs)}</time>`,
        one.lastPerDay.toFixed(2),
        one.releases.map(({ name }) => name || 'not said').join(', '),
      ],
    }))} />`;
}

/** One cause: its reports, and why they are held to be one. */
export function CrashPage({ id }: { readonly id: string }) {
  const asked = useAnswer<CrashGroupDetail>(pathOf('getCrashGroup', { path: { id } }), 5_000);
  return html`<${Answered} asked=${asked}>${(one: CrashGroupDetail) => html`
    <div class="head"><h1>${one.title}</h1><span class="muted">
      ${counted(one.reports, 'report')} on ${counted(one.hosts.length, 'host')}</span></div>
    <${Panel} title="In short"><${Facts} rows=${[
      ['First seen', moment(one.firstSeenMs)],
      ['Last seen', moment(one.lastSeenMs)],
      [
        'A day',
        `${one.perDay.toFixed(2)} since then, ${one.lastPerDay.toFixed(2)} in the last 30 days`,
      ],
      ['Hosts', one.hosts.map(({ name, reports }) => `${name} (${reports})`).join(', ')],
      [
        'Kernels',
        one.releases.map(({ name, reports }) => `${name || 'not said'} (${reports})`).join(', '),
      ],
      [
        'Held to be one',
        html`<ul>${one.because.map((text) => html`<li key=${text}>${text}</li>`)}</ul>`,
      ],
    ]} /><//>
    <${Panel} title="Newest report"><${Code} label="Newest report" text=${one.latest.report.lines.join('\n')} /><//>
    <${Panel} title="Reports">
      <${Table} label="Reports" head=${['When', 'Host', 'Kernel', 'Process', 'Why it is here']} rows=${one.members.map(
        (member) => ({
          key: member.id,
          cells: [
            html`<time>${moment(member.atMs)}</time>`,
            member.host,
            member.release ?? '',
            member.process ?? '',
            html`<span class="note">${member.because}</span>`,
          ],
        }),
      )} /><//>
  `}<//>`;
}
