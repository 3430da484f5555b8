import { useState } from 'preact/hooks';
import type { OperationView } from '../../src/protocol/api.ts';
import { pathOf, post, requestOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { fleet, isOpen } from '../fleet.ts';
import { html } from '../html.ts';
import { refresh } from '../live.ts';
import { ObjectLink, OperationLink } from '../parts/links.ts';
import { operationState, StateWord } from '../parts/mark.ts';
import { Answered, Empty, Facts, Failure, Panel, Table } from '../parts/panel.ts';
import { Steps } from '../parts/steps.ts';
import { type Asked, useAnswer } from '../query.ts';
import { moment, span } from '../words.ts';

const none: readonly OperationView[] = [];
const briefMax = 12;

interface Operations {
  readonly items: readonly OperationView[];
}

/** All operations: those at work as they step, then what was done. */
export function OperationsPage() {
  const items = useCell(fleet, (now) => now?.operations ?? none);
  const open = items.filter(isOpen);
  const ended = items.filter((one) => !isOpen(one));
  return html`<h1>Operations</h1>
    ${open.map(
      (one) => html`<${Panel} key=${one.id} title=${one.title} note=${asker(one)}
        acts=${html`<${OperationLink} id=${one.id} title="All of it" />`}><${Steps} operation=${one} /><//>`,
    )}
    <${Panel} title=${open.length === 0 ? 'Nothing is at work' : 'Ended'}><${List} items=${ended} /><//>`;
}

/** The operations of one object, the newest first. */
export function OperationsOf({ object }: { readonly object: string }) {
  const path = pathOf('getOperations', { query: { limit: briefMax, object } });
  const asked = useAnswer<Operations>(path, 2_000);
  return html`<${Panel} title="Operations">
    <${Answered} asked=${asked}>${({ items }: Operations) => html`<${List} items=${items} />`}<//>
  <//>`;
}

function List({ items }: Operations) {
  if (items.length === 0) return html`<${Empty}>None.<//>`;
  return html`<${Table} label="Operations" head=${['State', 'Operation', 'When', '#Took', 'Who', 'Why']}
    rows=${items.map((one) => ({
      key: one.id,
      cells: [
        html`<${StateWord} state=${operationState(one.state)} />`,
        html`<${OperationLink} id=${one.id} title=${one.title} />`,
        html`<time>${moment(one.requestedMs)}</time>`,
        tookOf(one),
        one.who,
        one.error === null ? one.reason : html`<code>${one.error.code}</code> ${one.error.message}`,
      ],
    }))} />`;
}

/** One operation, step by step, with what it was asked and what it saw. */
export function OperationPage({ id }: { readonly id: string }) {
  const heard = useCell(fleet, (now) => now?.operations.find((one) => one.id === id) ?? null);
  const path = heard === null ? pathOf('getOperation', { path: { id } }) : null;
  const found = useAnswer<OperationView>(path, 1_000);
  const asked: Asked<OperationView> = heard === null ? found : { ...found, answer: heard };
  return html`<${Answered} asked=${asked}>${(one: OperationView) => html`
    <div class="head"><h1>${one.title}</h1><${StateWord} state=${operationState(one.state)} />
      <div class="acts">${
        isOpen(one) && !one.isForward && one.cancelledBy === null
          ? html`<${CancelButton}
        one=${one} />`
          : null
      }</div></div>
    <${Panel} title="Steps"><${Steps} operation=${one} /><//>
    <${Panel} title="What was asked"><${Facts} rows=${[
      ['Asked by', one.who],
      ['Why', one.reason || html`<span class="muted">not said</span>`],
      ['Asked', moment(one.requestedMs)],
      [
        'Holds',
        html`<ul>${one.objects.map((object) => html`<li key=${object}><${ObjectLink} object=${object} /></li>`)}</ul>`,
      ],
      ...(one.parentId === null
        ? []
        : [
            [
              'Part of',
              html`<${OperationLink} id=${one.parentId} title="another operation" />`,
            ] as const,
          ]),
      ...(one.cancelledBy === null ? [] : [['Cancelled by', one.cancelledBy] as const]),
      ...Object.entries(one.args).map(([name, value]) => [name, String(value)] as const),
    ]} /><//>
    ${
      one.observed === null
        ? null
        : html`<${Panel} title="What was seen when it began">
      <${Facts} rows=${Object.entries(one.observed).map(([name, value]) => [name, String(value)])} /><//>`
    }
  `}<//>`;
}

function CancelButton({ one }: { readonly one: OperationView }) {
  const [error, setError] = useState<unknown>(null);
  const cancel = async () => {
    await post(requestOf('postOperationCancel', { path: { id: one.id } })).then(refresh, setError);
  };
  return html`<button onClick=${cancel} title="What it has done is undone">Cancel and undo</button>
    ${error === null ? null : html`<${Failure} error=${error} />`}`;
}

function asker({ who, reason, requestedMs }: OperationView): string {
  return `${who}${reason === '' ? '' : `: ${reason}`}, ${moment(requestedMs)}`;
}

function tookOf({ startedMs, endedMs }: OperationView): string {
  return startedMs === null || endedMs === null ? '' : span(endedMs - startedMs);
}
