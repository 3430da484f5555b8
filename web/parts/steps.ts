import type { OperationView } from '../../src/protocol/api.ts';
import { html } from '../html.ts';
import { span } from '../words.ts';
import { Mark, operationState, type State, StateWord } from './mark.ts';

const ended: State = { tone: 'ok', shape: 'check', word: 'ended' };
const stopped: State = { tone: 'bad', shape: 'cross', word: 'failed here' };

/** The steps of an operation, as its journal has them. */
export function Steps({ operation }: { readonly operation: OperationView }) {
  const { steps, state, error } = operation;
  const isOpen = state === 'running' || state === 'queued';
  return html`<div class="steps" aria-live="polite">
    <p><${StateWord} state=${operationState(state)} /> <span class="note">${summaryOf(operation)}</span></p>
    <ol>
      ${steps.map(({ name, note, startedMs, endedMs }, index) => {
        const isLast = index === steps.length - 1;
        const fell = isLast && (state === 'failed' || (endedMs === null && !isOpen));
        const mark =
          endedMs === null && isOpen ? operationState('running') : fell ? stopped : ended;
        return html`<li key=${index}>
          <${Mark} state=${mark} named=${true} />
          <span class="step">${name}</span>
          <span class="took">${endedMs === null ? '' : span(endedMs - startedMs)}</span>
          <span class="said">${note}</span>
        </li>`;
      })}
    </ol>
    ${
      error === null || error === undefined
        ? null
        : html`<div class="failure"><p><strong>${error.code}
      </strong> ${error.message}</p><p class="note">${error.next}</p></div>`
    }
  </div>`;
}

function summaryOf({
  startedMs,
  endedMs,
  requestedMs,
  holder,
  isForward,
  state,
}: OperationView): string {
  if (state === 'queued') return `waits for its locks since ${span(Date.now() - requestedMs)}`;
  if (startedMs === null) return '';
  if (endedMs !== null) return `took ${span(endedMs - startedMs)}`;
  const by = holder === null ? 'its scheduler is gone; another one takes it over' : `by ${holder}`;
  return `for ${span(Date.now() - startedMs)}, ${by}${isForward ? ', can only be completed now' : ''}`;
}
