import { useState } from 'preact/hooks';
import type { LogMessageView, LogsView } from '../../src/protocol/log-views.ts';
import { pathOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { html } from '../html.ts';
import { HostLink } from '../parts/links.ts';
import { Answered, Empty, Panel } from '../parts/panel.ts';
import { useAnswer } from '../query.ts';
import { route, setQuery } from '../route.ts';
import { counted, moment } from '../words.ts';

const linesMax = 300;
const aroundLines = 30;
const hourMs = 3_600_000;
const ranges = [
  ['', 'all', null],
  ['15m', '15 minutes', hourMs / 4],
  ['1h', '1 hour', hourMs],
  ['24h', '1 day', 24 * hourMs],
  ['7d', '7 days', 168 * hourMs],
] as const;

const severities = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'] as const;

/** What hosts' logs say: searched, the newest last, as it comes. */
export function LogsPage() {
  const query = useCell(route, (here) => here.query.get('q') ?? '');
  const chosen = useCell(route, (here) => here.query.get('since') ?? '');
  const [text, setText] = useState(query);
  const [around, setAround] = useState<number | null>(null);
  const [, , rangeMs] = ranges.find(([key]) => key === chosen) ?? ranges[0];
  const path = pathOf('getLogs', { query: { limit: linesMax, query } });
  const since = () => (rangeMs === null ? '' : `&since=${Date.now() - rangeMs}`);
  const asked = useAnswer<LogsView>(path, 2_000, since);
  const search = (event: Event) => {
    event.preventDefault();
    setAround(null);
    setQuery({ q: text });
  };
  return html`<h1>Logs</h1>
    <form class="bar" role="search" onSubmit=${search}>
      <input type="search" aria-label="Search" placeholder='words, "a phrase", host:lb-1, app:kernel, severity:err, -not' value=${text}
        onInput=${(event: Event) => setText((event.target as HTMLInputElement).value)} />
      <select aria-label="Since" value=${chosen}
        onChange=${(event: Event) => setQuery({ since: (event.target as HTMLSelectElement).value })}>
        ${ranges.map(
          ([key, words]) => html`<option key=${key} value=${key} selected=${key === chosen}>${words}
          </option>`,
        )}
      </select>
      <button class="main">Search</button>
    </form>
    ${around === null ? null : html`<${Around} id=${around} close=${() => setAround(null)} />`}
    <${Panel} title="Messages"
      note=${asked.answer === null ? null : countText(asked.answer.items.length)}>
      <${Answered} asked=${asked}>${({ items }: LogsView) =>
        items.length === 0
          ? html`<${Empty}>${query === '' ? 'No host has sent a message yet.' : 'No message has that.'}<//>`
          : html`<${Lines} items=${items.toReversed()} choose=${setAround} />`}<//>
    <//>`;
}

function Lines({
  items,
  chosen = null,
  choose = null,
}: {
  readonly items: readonly LogMessageView[];
  readonly chosen?: number | null;
  readonly choose?: ((id: number) => void) | null;
}) {
  return html`<ol class="log">${items.map(
    (one) => html`<li key=${one.id} class=${`${toneOf(one)} ${one.id === chosen ? 'chosen' : ''}`}>
    <time>${moment(one.receivedMs)}</time>
    <span class="host">${one.host === '' ? one.hostname || one.source : html`<${HostLink} name=${one.host} />`}</span>
    <span class="app">${one.app}${one.severity === null ? '' : ` ${severities[one.severity] ?? ''}`}</span>
    <span class="text">${one.text}${one.repeats > 1 ? html` <span class="note">${one.repeats} times</span>` : null}
      </span>
    ${
      choose === null
        ? null
        : html`<button class="plain" onClick=${() => choose(one.id)}
      aria-label=${`Messages around ${moment(one.receivedMs)}`}>around</button>`
    }
  </li>`,
  )}</ol>`;
}

/** As bad as an error, as a warning, or neither. */
function toneOf({ severity }: LogMessageView): string {
  if (severity === null) return '';
  return severity <= 3 ? 'bad' : severity === 4 ? 'warn' : '';
}

function Around({ id, close }: { readonly id: number; readonly close: () => void }) {
  const asked = useAnswer<{ items: LogMessageView[] }>(
    pathOf('getLogAround', { path: { id }, query: { lines: aroundLines } }),
    60_000,
  );
  return html`<${Panel} title="Before and after, from the same host" acts=${html`<button class="plain" onClick=${close}>Close</button>`}>
    <${Answered} asked=${asked}>
      ${({ items }: { items: LogMessageView[] }) => html`<${Lines} items=${items} chosen=${id} />`}<//>
  <//>`;
}

function countText(count: number): string {
  return count === linesMax
    ? `the newest ${linesMax}, the newest first`
    : `${counted(count, 'message')}, the newest first`;
}
