import type { IncidentView } from '../../src/protocol/incident-views.ts';
import { html } from '../html.ts';
import { type State, StateWord } from '../parts/mark.ts';

type Reading = IncidentView['readings'][number];

const affected: Readonly<Record<Reading['known'][number]['verdict']['affected'], State>> = {
  yes: { tone: 'bad', shape: 'cross', word: 'this kernel has it' },
  likely: { tone: 'warn', shape: 'triangle', word: 'this kernel likely has it' },
  no: { tone: 'ok', shape: 'check', word: 'this kernel has the fix' },
  unknown: { tone: 'idle', shape: 'ring', word: 'not known' },
};

const queriesMax = 3;

function holding(holds: boolean | null): string {
  if (holds === null) return 'not known';
  return holds ? 'holds' : 'does not hold';
}

/** Known issues that match a report, why, and what is to be done. */
export function Known({ reading }: { readonly reading: Reading }) {
  const queries = reading.queries.slice(0, queriesMax);
  return html`<div class="known">
    ${
      reading.known.length === 0
        ? html`<p
      class="note">No known issue matches. Look it up with:
        ${queries.map((query, index) => html`${index > 0 ? ' or ' : ' '}<code key=${query}>${query}</code>`)}</p>`
        : null
    }
    ${reading.known.map(
      (one) => html`<article key=${one.id}>
      <h3>${one.title}</h3>
      <p><${StateWord} state=${affected[one.verdict.affected]} /> <span class="note">
        ${one.certainty} match, ${one.kind}; ${one.because.join('; ')}</span></p>
      <p>${one.verdict.why}${one.verdict.upgrade === null ? '' : ` ${one.verdict.upgrade}`}</p>
      <p>${one.advice}</p>
      ${
        one.conditions.length === 0
          ? null
          : html`<p class="note">
        ${one.conditions.map(({ says, holds }) => `${says}: ${holding(holds)}`).join('; ')}</p>`
      }
      <p class="note sources">${one.sources.join('  ')}</p>
    </article>`,
    )}
  </div>`;
}
