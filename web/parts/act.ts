// Acts: what a person does to the fleet. Each shows first what will happen, and who is in the way.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { OperationView } from '../../src/protocol/api.ts';
import { pathOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { fleet } from '../fleet.ts';
import { type Children, html } from '../html.ts';
import { refresh } from '../live.ts';
import { useAnswer } from '../query.ts';
import { span } from '../words.ts';
import { OperationLink } from './links.ts';
import { Failure } from './panel.ts';
import { Steps } from './steps.ts';

/** A dialog that is there as long as it is drawn. */
export function Dialog({
  title,
  close,
  children,
}: {
  readonly title: string;
  readonly close: () => void;
  readonly children?: Children;
}) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => box.current?.showModal(), []);
  return html`<dialog ref=${box} onClose=${close} aria-label=${title}>
    <header><h2>${title}</h2><button class="plain" onClick=${() => box.current?.close()}>Close</button></header>
    ${children}
  </dialog>`;
}

/** A button that opens a dialog; what is in it is made when it opens. */
export function ActButton({
  name,
  title = name,
  kind = '',
  children,
}: {
  readonly name: string;
  readonly title?: string;
  readonly kind?: string;
  readonly children: (close: () => void) => Children;
}) {
  const [isOpen, open] = useState(false);
  const close = () => open(false);
  return html`<button class=${kind} onClick=${() => open(true)}>${name}</button>
    ${isOpen ? html`<${Dialog} title=${title} close=${close}>${children(close)}<//>` : null}`;
}

export interface ActProps<Answer> {
  /** What the button that does it is called. */
  readonly verb: string;
  /** False while something is missing that it needs. */
  readonly isReady?: boolean;
  readonly isDangerous?: boolean;
  readonly run: (reason: string) => Promise<Answer>;
  /** What came of it. */
  readonly done: (answer: Answer) => Children;
  /** What will happen. */
  readonly children?: Children;
}

/** What will happen, why it is done, the button that does it, and what came of it. */
export function Act<Answer>({
  verb,
  isReady = true,
  isDangerous = false,
  run,
  done,
  children,
}: ActProps<Answer>) {
  const [reason, setReason] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [isBusy, setBusy] = useState(false);
  if (answer !== null) return html`<div class="act">${done(answer)}</div>`;
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      setAnswer(await run(reason));
      refresh();
    } catch (cause) {
      setError(cause);
    }
    setBusy(false);
  };
  return html`<form class="act" onSubmit=${submit}>
    ${children}
    <label>Why <input
      name="reason"
      maxlength="1024"
      placeholder="for those who look at it later"
      value=${reason}
      onInput=${(event: Event) => setReason((event.target as HTMLInputElement).value)}
    /></label>
    ${error === null ? null : html`<${Failure} error=${error} />`}
    <p class="buttons"><button class=${isDangerous ? 'danger' : 'main'} disabled=${!isReady || isBusy}>
      ${isBusy ? 'Asking …' : verb}</button></p>
  </form>`;
}

/** The operation that holds an object, where one does: who asked for it, and at which step it is. */
export function Holder({ object }: { readonly object: string }) {
  const path = pathOf('getOperations', { query: { open: 'true', limit: 10, object } });
  const holder = useAnswer<{ items: OperationView[] }>(path, 1_000).answer?.items.find(
    ({ state }) => state === 'running',
  );
  if (holder === undefined) return null;
  const step = holder.steps.at(-1);
  const since = holder.startedMs === null ? '' : `, for ${span(Date.now() - holder.startedMs)}`;
  const why = holder.reason === '' ? '' : ` (${holder.reason})`;
  const at = step === undefined ? '' : `, at step ${step.name}`;
  return html`<div class="holder" role="status">
    <p><strong>Locked</strong> by <${OperationLink} id=${holder.id} title=${holder.title} /></p>
    <p class="note">${holder.who} asked for it${why}${since}${at}. What you ask for now is refused until it ends.</p>
  </div>`;
}

/** An operation that was begun here, as it steps. */
export function Begun({ id }: { readonly id: string }) {
  const heard = useCell(fleet, (now) => now?.operations.find((one) => one.id === id) ?? null);
  const asked = useAnswer<OperationView>(
    heard === null ? pathOf('getOperation', { path: { id } }) : null,
    1_000,
  );
  const now = heard ?? asked.answer;
  if (now === null) return html`<p class="empty">It has begun …</p>`;
  return html`<p><${OperationLink} id=${now.id} title=${now.title} /></p><${Steps} operation=${now} />`;
}
