import { CallError } from '../api.ts';
import { type Children, html } from '../html.ts';
import type { Asked } from '../query.ts';

/** A part of a view with a heading; `acts` stand at its right. */
export function Panel({
  title,
  note = null,
  acts = null,
  children,
}: {
  readonly title: string;
  readonly note?: Children;
  readonly acts?: Children;
  readonly children?: Children;
}) {
  return html`<section class="panel">
    <header><h2>${title}</h2>${note === null ? null : html`<p class="note">${note}</p>`}
      <div class="acts">${acts}</div></header>
    ${children}
  </section>`;
}

/** What an answer is drawn as, or that it is awaited, or why there is none. */
export function Answered<Answer>({
  asked,
  children,
}: {
  readonly asked: Asked<Answer>;
  readonly children: (answer: Answer) => Children;
}) {
  const { answer, error } = asked;
  return html`
    ${error === null ? null : html`<${Failure} error=${error} />`}
    ${answer === null ? (error === null ? html`<p class="empty">Asking …</p>` : null) : children(answer)}
  `;
}

/** An error as the scheduler says it: what happened, and what to do next. */
export function Failure({ error }: { readonly error: unknown }) {
  const known = error instanceof CallError ? error : null;
  return html`<div class="failure" role="alert">
    <p><strong>${known?.code ?? 'INTERNAL'}</strong> ${known?.message ?? String(error)}</p>
    ${known === null ? null : html`<p class="note">${known.next}</p>`}
  </div>`;
}

export function Empty({ children }: { readonly children?: Children }) {
  return html`<p class="empty">${children}</p>`;
}

/** Names and what they are, in two columns that become one where there is no room. */
export function Facts({ rows }: { readonly rows: readonly (readonly [string, Children])[] }) {
  return html`<dl class="facts">
    ${rows.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}

/** A table; columns whose name begins with `#` are numbers. */
export function Table({
  label,
  head,
  rows,
}: {
  readonly label: string;
  readonly head: readonly string[];
  readonly rows: readonly { readonly key: string | number; readonly cells: readonly Children[] }[];
}) {
  const isNumber = head.map((name) => name.startsWith('#'));
  const names = head.map((name) => name.replace(/^#/, ''));
  return html`<div class="table" tabindex="0" role="region" aria-label=${label}>
    <table>
      <thead><tr>${names.map(
        (name, at) => html`<th key=${name} scope="col" class=${isNumber[at] ? 'number' : null}>
        ${name}</th>`,
      )}</tr></thead>
      <tbody>
        ${rows.map(
          ({ key, cells }) =>
            html`<tr key=${key}>${cells.map(
              (cell, at) => html`<td key=${at} class=${isNumber[at] ? 'number' : null}>
              ${cell}</td>`,
            )}</tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
