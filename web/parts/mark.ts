import type { HostBrief, InstanceBrief } from '../fleet.ts';
// A state is a colour, a shape and a word: never a colour alone.

import type { OperationState } from '../../src/domain/operation.ts';
import { html } from '../html.ts';

export type Tone = 'ok' | 'busy' | 'idle' | 'warn' | 'bad';
export type Shape = 'disc' | 'half' | 'ring' | 'triangle' | 'cross' | 'check' | 'bars' | 'down';

export interface State {
  readonly tone: Tone;
  readonly shape: Shape;
  readonly word: string;
}

/** How much something needs a look, the most first. */
export const urgency: Readonly<Record<Tone, number>> = { bad: 0, warn: 1, busy: 2, idle: 3, ok: 4 };

const paths: Readonly<Record<Shape, string>> = {
  disc: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9z',
  half: 'M6 1.2a4.8 4.8 0 1 0 0 9.6zM6 2.4v7.2a3.6 3.6 0 0 0 0-7.2z',
  ring: 'M6 1.2a4.8 4.8 0 1 0 0 9.6a4.8 4.8 0 1 0 0-9.6zM6 2.8a3.2 3.2 0 1 1 0 6.4a3.2 3.2 0 1 1 0-6.4z',
  triangle: 'M6 .8L11.6 10.8H.4z',
  cross: 'M2.6 1L6 4.4 9.4 1 11 2.6 7.6 6 11 9.4 9.4 11 6 7.6 2.6 11 1 9.4 4.4 6 1 2.6z',
  check: 'M1 6.4L2.5 4.9 4.8 7.2 9.6 2.2 11 3.7 4.8 10.2z',
  bars: 'M2 1.5h3v9H2zM7 1.5h3v9H7z',
  down: 'M.4 1.2h11.2L6 11.2z',
};

/** The shape alone; the word has to stand beside it, or in its name. */
export function Mark({
  state,
  named = false,
}: {
  readonly state: State;
  readonly named?: boolean;
}) {
  return html`<svg
    class=${`mark ${state.tone}`}
    viewBox="0 0 12 12"
    role=${named ? 'img' : null}
    aria-label=${named ? state.word : null}
    aria-hidden=${named ? null : 'true'}
  ><path fill-rule="evenodd" d=${paths[state.shape]} /></svg>`;
}

/** The shape and its word. */
export function StateWord({ state }: { readonly state: State }) {
  return html`<span class=${`state ${state.tone}`}><${Mark} state=${state} />${state.word}</span>`;
}

export function hostState({
  state,
  cordonReason,
}: Pick<HostBrief, 'state' | 'cordonReason'>): State {
  if (state === 'dead') return { tone: 'bad', shape: 'cross', word: 'dead' };
  if (state === 'suspect') return { tone: 'warn', shape: 'triangle', word: 'suspect' };
  if (state === 'joining') return { tone: 'busy', shape: 'half', word: 'joining' };
  if (cordonReason !== null) return { tone: 'idle', shape: 'bars', word: 'cordoned' };
  return { tone: 'ok', shape: 'disc', word: 'ready' };
}

const phases: Readonly<Record<InstanceBrief['phase'], State>> = {
  serving: { tone: 'ok', shape: 'disc', word: 'serving' },
  standby: { tone: 'idle', shape: 'ring', word: 'standby' },
  preparing: { tone: 'busy', shape: 'half', word: 'preparing' },
  pending: { tone: 'warn', shape: 'triangle', word: 'has no host' },
  shed: { tone: 'warn', shape: 'down', word: 'gave way' },
  silent: { tone: 'bad', shape: 'triangle', word: 'silent' },
  failed: { tone: 'bad', shape: 'cross', word: 'failed' },
};

const ailing: State = { tone: 'warn', shape: 'triangle', word: 'serving, but' };

export function instanceState({ phase, problem }: Pick<InstanceBrief, 'phase' | 'problem'>): State {
  return phase === 'serving' && problem !== null ? ailing : phases[phase];
}

export const standbyState = phases.standby;

const operationStates: Readonly<Record<OperationState, State>> = {
  queued: { tone: 'idle', shape: 'ring', word: 'queued' },
  running: { tone: 'busy', shape: 'half', word: 'running' },
  done: { tone: 'ok', shape: 'check', word: 'done' },
  undone: { tone: 'warn', shape: 'triangle', word: 'undone' },
  failed: { tone: 'bad', shape: 'cross', word: 'failed' },
  refused: { tone: 'warn', shape: 'cross', word: 'refused' },
  cancelled: { tone: 'idle', shape: 'cross', word: 'cancelled' },
};

export function operationState(state: OperationState): State {
  return operationStates[state];
}

/** How important an instance is: 0 the most. */
export function Tier({ tier }: { readonly tier: number }) {
  return html`<span class=${`tier t${tier}`} title=${`tier ${tier}`}>T${tier}</span>`;
}
