import type { EventView } from '../../src/protocol/api.ts';
import { pathOf } from '../api.ts';
import { html } from '../html.ts';
import { useAnswer } from '../query.ts';
import { moment } from '../words.ts';
import { Answered, Empty, Panel, Table } from './panel.ts';

const eventsMax = 40;

/** What happened to an object, the newest first. */
export function Events({ object }: { readonly object: string }) {
  const path = pathOf('getEvents', { query: { limit: eventsMax, object } });
  const asked = useAnswer<{ items: EventView[] }>(path, 3_000);
  return html`<${Panel} title="Events">
    <${Answered} asked=${asked}>${({ items }: { items: EventView[] }) =>
      items.length === 0
        ? html`<${Empty}>Nothing has happened to it.<//>`
        : html`<${Table} label="Events" head=${['When', 'What', '']} rows=${items
            .toReversed()
            .map(({ id, atMs, kind, message }) => ({
              key: id,
              cells: [html`<time>${moment(atMs)}</time>`, html`<code>${kind}</code>`, message],
            }))} />`}<//>
  <//>`;
}
