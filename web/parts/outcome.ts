import type { CapacityView } from '../../src/protocol/api.ts';
import { html } from '../html.ts';
import { counted } from '../words.ts';
import { InstanceLink } from './links.ts';
import { type State, StateWord, Tier } from './mark.ts';

type Loss = CapacityView['losses'][number];

/** How bad a loss would be, in a word. */
export function outcomeState({ stranded, shed }: Loss): State {
  if (stranded.length > 0)
    return { tone: 'bad', shape: 'cross', word: `${stranded.length} stranded` };
  if (shed.length > 0) return { tone: 'warn', shape: 'down', word: `${shed.length} give way` };
  return { tone: 'ok', shape: 'check', word: 'all served' };
}

/** What the loss of something would do. */
export function Outcome({ loss }: { readonly loss: Loss }) {
  const { instances, promoted, placed, shed, stranded } = loss;
  return html`<div class="outcome">
    <p><${StateWord} state=${outcomeState(loss)} /> <span
      class="note">of ${counted(instances, 'instance')} ${promoted} go to standbys, ${placed} are placed anew</span></p>
    ${
      stranded.length === 0
        ? null
        : html`<ul>${stranded.map(
            (one) => html`<li key=${one.name}>
      <${Tier} tier=${one.tier} /> <${InstanceLink} name=${one.name} /> <span class="note">has no place: ${one.why}
        </span></li>`,
          )}</ul>`
    }
    ${
      shed.length === 0
        ? null
        : html`<ul>${shed.map(
            (one) => html`<li key=${`${one.name} ${one.for}`}>
      <${Tier} tier=${one.tier} /> <${InstanceLink} name=${one.name} /> <span class="note">gives way to ${one.for}
        </span></li>`,
          )}</ul>`
    }
  </div>`;
}
