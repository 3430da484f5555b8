import { useState } from 'preact/hooks';
import type { IncidentView } from '../../src/protocol/incident-views.ts';
import { pathOf, post, requestOf } from '../api.ts';
import { html } from '../html.ts';
import { Code } from '../parts/code.ts';
import { HostLink, InstanceLink, OperationLink } from '../parts/links.ts';
import { type State, StateWord, Tier } from '../parts/mark.ts';
import { Answered, Empty, Facts, Failure, Panel, Table } from '../parts/panel.ts';
import { useAnswer } from '../query.ts';
import { linkTo } from '../route.ts';
import { moment, span } from '../words.ts';
import { Known } from './incident-known.ts';
import { IncidentList, incidentState } from './incidents.ts';

type Move = IncidentView['story']['moves'][number];

/** One incident: its time line, where its instances went, its reports and what is known of them. */
export function IncidentPage({ id }: { readonly id: string }) {
  const asked = useAnswer<IncidentView>(pathOf('getIncident', { path: { id: Number(id) } }), 1_500);
  return html`<${Answered} asked=${asked}>${(one: IncidentView) => html`
    <div class="head">
      <h1>${one.story.reports[0]?.title ?? `${one.host} died`}</h1><${StateWord} state=${incidentState(one.state)} />
      <span class="muted">on <${HostLink} name=${one.host} />, ${moment(one.story.firstMs)}</span>
      <div class="acts">${one.state === 'resolved' ? null : html`<${Resolve} one=${one} again=${asked.again} />`}</div>
    </div>
    <div class="columns">
      <${Panel} title="Time line"><${TimeLine} one=${one} /><//>
      <${Panel} title="In short"><${Short} one=${one} /><${Notes} one=${one} again=${asked.again} /><//>
    </div>
    ${
      one.story.moves.length === 0
        ? null
        : html`<${Panel} title="Where its instances went"><${Moves} one=${one} />
      <//>`
    }
    ${one.story.reports.map((report) => {
      const reading = one.readings.find(({ crashId }) => crashId === report.id);
      return html`<${Panel} key=${report.id} title=${report.title} note=${html`<code>
        ${report.fingerprint.slice(0, 12)}</code> ${report.kind}, ${moment(report.atMs)}`}>
        ${
          reading === undefined
            ? html`<${Empty}>The report itself is not kept any more: ${report.head}
          <//>`
            : html`<${Known} reading=${reading} /><${Code} label="Trace" text=${reading.lines.join('\n')} />`
        }
      <//>`;
    })}
    ${
      one.earlier.length === 0
        ? null
        : html`<${Panel} title="Earlier ones of the same cause">
      <${IncidentList} items=${one.earlier} /><//>`
    }
    ${
      one.together.length === 0
        ? null
        : html`<${Panel} title="Others at the same time">
      <${IncidentList} items=${one.together} /><//>`
    }
  `}<//>`;
}

function TimeLine({ one }: { readonly one: IncidentView }) {
  const { timeLine, firstMs } = one.story;
  return html`<ol class="timeline">${timeLine.map(
    ({ atMs, from, text }, index) => html`<li key=${index}>
    <time title=${moment(atMs)}>${sinceStart(atMs - firstMs)}</time><span class=${`from ${from}`}>${from}</span><span>
      ${text}</span>
  </li>`,
  )}</ol>`;
}

function sinceStart(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${span(Math.abs(ms))}`;
}

function Short({ one }: { readonly one: IncidentView }) {
  const { servedMs, firstMs, returnedMs, verdict, lastWords, facts } = one.story;
  return html`<${Facts} rows=${[
    ['Began', moment(firstMs)],
    ['Served again', servedMs === null ? 'not yet' : `after ${span(servedMs - firstMs)}`],
    ['Host back', returnedMs === null ? 'not yet' : moment(returnedMs)],
    ...(lastWords === null ? [] : [['Last words', html`<code>${lastWords}</code>`] as const]),
    ...(verdict === null
      ? []
      : ([
          [
            'Verdict',
            html`<ul>${verdict.reasons.map((reason) => html`<li key=${reason}>${reason}</li>`)}</ul>`,
          ],
          ['Failover', html`<${OperationLink} id=${verdict.operationId} title="the operation" />`],
        ] as const)),
    ...(facts === null
      ? []
      : ([
          ['Kernel', facts.kernel],
          ['Up for', span(facts.uptimeS * 1_000)],
        ] as const)),
    ...(one.resolved === null
      ? []
      : [
          [
            'Resolved',
            `${one.resolved.who}, ${moment(one.resolved.atMs)}: ${one.resolved.text}`,
          ] as const,
        ]),
  ]} />`;
}

function moveState({ how, servedMs, isGone }: Move): State {
  if (isGone) return { tone: 'idle', shape: 'ring', word: 'is gone' };
  if (servedMs !== null) return { tone: 'ok', shape: 'check', word: 'served again' };
  return how === 'stays'
    ? { tone: 'bad', shape: 'cross', word: 'has no place' }
    : { tone: 'busy', shape: 'half', word: 'on its way' };
}

function Moves({ one }: { readonly one: IncidentView }) {
  const { moves, firstMs } = one.story;
  const how = { standby: 'its standby', placed: 'placed anew', stays: 'stays' } as const;
  return html`<${Table} label="Instances" head=${['', 'Instance', 'Tier', 'How', 'To', '#After']}
    rows=${moves.map((move) => ({
      key: move.id,
      cells: [
        html`<${StateWord} state=${moveState(move)} />`,
        html`<${InstanceLink} name=${move.instance} />`,
        move.tier === null ? '' : html`<${Tier} tier=${move.tier} />`,
        how[move.how],
        html`<${HostLink} name=${move.to} />`,
        move.servedMs === null ? '' : span(move.servedMs - firstMs),
      ],
    }))} />`;
}

interface NoteProps {
  readonly one: IncidentView;
  readonly again: () => void;
}

function Notes({ one, again }: NoteProps) {
  const [text, setText] = useState('');
  const [error, setError] = useState<unknown>(null);
  const add = async (event: Event) => {
    event.preventDefault();
    try {
      await post(requestOf('postIncidentNotes', { path: { id: one.id }, body: { text } }));
      setText('');
      setError(null);
      again();
    } catch (cause) {
      setError(cause);
    }
  };
  return html`<div class="notes">
    <h3>Notes</h3>
    ${one.notes.map(
      ({ atMs, who, text: said }) => html`<p key=${atMs}>${said} <span class="note">
      ${who}, ${moment(atMs)}</span></p>`,
    )}
    ${
      one.state === 'resolved'
        ? null
        : html`<form onSubmit=${add}>
      <input aria-label="A note" required maxlength="4000" placeholder="What you found" value=${text}
        onInput=${(event: Event) => setText((event.target as HTMLInputElement).value)} /><button>Add</button></form>`
    }
    ${error === null ? null : html`<${Failure} error=${error} />`}
  </div>`;
}

function Resolve({ one, again }: NoteProps) {
  const [error, setError] = useState<unknown>(null);
  const resolve = () =>
    post(requestOf('postIncidentResolve', { path: { id: one.id }, body: {} })).then(
      again,
      setError,
    );
  return html`<a class="button" href=${`${linkTo('logs')}?q=${encodeURIComponent(`host:${one.host}`)}`}>Its log</a>
    <button onClick=${resolve}>Resolve</button>${error === null ? null : html`<${Failure} error=${error} />`}`;
}
