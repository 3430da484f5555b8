import { isOpen } from '../domain/operation.ts';
import type { OperationView } from '../protocol/api.ts';
import { durationText, fineMomentText } from './duration.ts';
import { noteText } from './operations.ts';
import { oneLine } from './printable.ts';
import { shortId } from './short-id.ts';
import type { Paint, Terminal } from './terminal.ts';

const eraseLine = '\r\u001B[K';
/** Longer than the terminal is wide, the last line would wrap and could not be erased. */
const underWayMax = 70;

/**
 * Tells of an operation on standard output what has not been told: a line for each step that ended
 * and, on a terminal, a last line that names the one under way and makes room for the next.
 */
export class Progress {
  readonly #terminal: Terminal | null;
  readonly #paint: Paint;
  #steps = 0;
  #token = 0;
  #inFront: string | null = null;
  #underWay = '';

  /** @param terminal null where nobody is to be told */
  constructor(terminal: Terminal | null, paint: Paint) {
    this.#terminal = terminal;
    this.#paint = paint;
  }

  show(view: OperationView): void {
    const { token, holder, kind, steps, state } = view;
    if (this.#token > 0 && token > this.#token)
      this.print(`taken over by scheduler ${holder ?? 'of another name'}`);
    this.#token = Math.max(this.#token, token);
    const ended = steps.filter(({ endedMs }) => endedMs !== null);
    for (const step of ended.slice(this.#steps)) this.print(stepLine(step, kind, this.#paint));
    this.#steps = Math.max(this.#steps, ended.length);
    if (isOpen(view)) this.#name(state === 'queued' ? 'queued' : (steps.at(-1)?.name ?? 'begins'));
    else this.leave();
  }

  queued(inFront: OperationView | null): void {
    if (inFront === null || inFront.id === this.#inFront) return;
    this.#inFront = inFront.id;
    const { id, title, who, state } = inFront;
    this.print(
      `queued behind ${shortId(id)} (${title}, ${state}), which ${who} asked for; to leave the line, cancel it`,
    );
  }

  /** A line of its own, above the one that names what is under way. */
  print(line: string): void {
    this.leave();
    this.#terminal?.out(`${line}\n`);
  }

  /** Erases what names the step under way. */
  leave(): void {
    if (this.#underWay !== '') this.#terminal?.out(eraseLine);
    this.#underWay = '';
  }

  #name(step: string): void {
    if (this.#terminal?.outIsTty !== true || step === this.#underWay) return;
    this.#underWay = step;
    const shown = oneLine(step).slice(0, underWayMax);
    this.#terminal.out(`${eraseLine}${this.#paint('dim', `… ${shown}`)}`);
  }
}

/** A step that ended: when it began, what it was, how long it took, what came of it. */
function stepLine(
  { name, startedMs, endedMs, note }: OperationView['steps'][number],
  kind: OperationView['kind'],
  paint: Paint,
): string {
  const took = durationText((endedMs ?? startedMs) - startedMs);
  // The steps of these two are named after the instances that it moves.
  const nameWidth = kind === 'drain' || kind === 'rebalance' ? 24 : 8;
  return `${paint('dim', fineMomentText(startedMs))}  ${name.padEnd(nameWidth)} ${took.padStart(8)}  ${noteText(oneLine(note), paint)}`;
}
