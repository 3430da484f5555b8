// Looking on until operations have ended. They go on without the one who looks.

import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { isOpen } from '../domain/operation.ts';
import type { OperationView } from '../protocol/api.ts';
import type { ApiClient } from './client.ts';
import { durationText, fineMomentText } from './duration.ts';
import { doneText, inFrontOf, noteText, outcomeError } from './operations.ts';
import { oneLine } from './printable.ts';
import type { Session } from './session.ts';
import { shortId } from './short-id.ts';
import { Interruption, type Paint } from './terminal.ts';

const pollMs = 100;
/** How long the server may be gone before watching ends. */
const absenceMaxMs = 60_000;
/** The most that the API hands out at once. */
const listMax = 1_000;

/**
 * Shows the steps of an operation as they end, and who is in front of it while it waits; in JSON
 * and YAML the record of its end only.
 *
 * @throws BridgeheadError OPERATION_FAILED where it was undone or failed, and the operation's own
 * error where it was refused or cancelled
 * @throws Interruption where the person ends the watch
 */
export async function watchToEnd(
  session: Session,
  api: ApiClient,
  begun: OperationView,
): Promise<void> {
  const { terminal, paint, format } = session;
  const print = format === 'table' ? (line: string) => terminal.out(`${line}\n`) : () => undefined;
  const progress = new Progress(print, paint);
  const patience = new Patience(terminal.clock);
  let view = begun;
  for (;;) {
    progress.show(view);
    if (!isOpen(view)) break;
    try {
      await terminal.clock.sleep(pollMs, terminal.interrupted);
    } catch {
      throw new Interruption(goesOn(`operation ${begun.id} goes on`, begun.id));
    }
    const { id } = view;
    view = (await patience.ask(() => api.operation(id))) ?? view;
    if (view.state !== 'queued') continue;
    const open = await patience.ask(() => api.operations({ isOpen: true, limit: listMax }));
    if (open !== null) progress.queued(inFrontOf(view, open));
  }
  if (format !== 'table') await session.print(view, () => '');
  const error = outcomeError(view);
  if (error !== null) throw error;
  print(doneText(view, paint));
}

/**
 * Waits for all of these operations and hands each to `onEnd` once it has ended, in the order in
 * which they end.
 *
 * @returns them as they ended, in that order
 * @throws Interruption where the person ends the watch
 */
export async function watchAll(
  session: Session,
  api: ApiClient,
  ids: readonly string[],
  onEnd: (ended: OperationView) => void,
): Promise<readonly OperationView[]> {
  const { clock, interrupted } = session.terminal;
  const patience = new Patience(clock);
  const left = new Set(ids);
  const results: OperationView[] = [];
  while (left.size > 0) {
    const open = await patience.ask(() => api.operations({ isOpen: true, limit: listMax }));
    const still = new Set(open?.map(({ id }) => id));
    const missing = open === null ? [] : [...left].filter((id) => !still.has(id));
    const views: OperationView[] = [];
    for (const id of missing) {
      const view = await patience.ask(() => api.operation(id));
      // Missing in the list, it may still be one of more than the list holds.
      if (view !== null && !isOpen(view)) views.push(view);
    }
    for (const view of views.toSorted((a, b) => (a.endedMs ?? 0) - (b.endedMs ?? 0))) {
      left.delete(view.id);
      results.push(view);
      onEnd(view);
    }
    if (left.size === 0) break;
    try {
      await clock.sleep(pollMs, interrupted);
    } catch {
      const [first = ''] = left;
      const which = left.size === 1 ? `operation ${first} goes` : `${left.size} operations go`;
      throw new Interruption(goesOn(`${which} on`, left.size === 1 ? first : 'ID'));
    }
  }
  return results;
}

function goesOn(what: string, id: string): string {
  const list = id === 'ID' ? 'see them with: bridgehead ops list; ' : '';
  const how = `watch it with: bridgehead ops watch ${id}, end it with: bridgehead ops cancel ${id}`;
  return `interrupted; ${what} without this command; ${list}${how}`;
}

/** Bears a server that is away for a while. */
class Patience {
  readonly #clock: Clock;
  #seenMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#seenMs = clock.monotonicMs();
  }

  /** The answer, null while the server is away. @throws BridgeheadError once it has been too long */
  async ask<Answer>(question: () => Promise<Answer>): Promise<Answer | null> {
    try {
      const answer = await question();
      this.#seenMs = this.#clock.monotonicMs();
      return answer;
    } catch (error) {
      const isAway = error instanceof BridgeheadError && error.exitCode === 5;
      if (!isAway || this.#clock.monotonicMs() - this.#seenMs > absenceMaxMs) throw error;
      return null;
    }
  }
}

/** What of an operation has been told, so that nothing is told twice. */
class Progress {
  readonly #print: (line: string) => void;
  readonly #paint: Paint;
  #steps = 0;
  #token = 0;
  #inFront: string | null = null;

  constructor(print: (line: string) => void, paint: Paint) {
    this.#print = print;
    this.#paint = paint;
  }

  show(view: OperationView): void {
    const { token, holder, kind, steps } = view;
    if (this.#token > 0 && token > this.#token)
      this.#print(`taken over by scheduler ${holder ?? 'of another name'}`);
    this.#token = Math.max(this.#token, token);
    const ended = steps.filter(({ endedMs }) => endedMs !== null);
    for (const step of ended.slice(this.#steps)) this.#print(stepLine(step, kind, this.#paint));
    this.#steps = Math.max(this.#steps, ended.length);
  }

  queued(inFront: OperationView | null): void {
    if (inFront === null || inFront.id === this.#inFront) return;
    this.#inFront = inFront.id;
    const { id, title, who, state } = inFront;
    this.#print(
      `queued behind ${shortId(id)} (${title}, ${state}), which ${who} asked for; to leave the line, cancel it`,
    );
  }
}

/** A step that ended: when it began, what it was, how long it took, what came of it. */
function stepLine(
  { name, startedMs, endedMs, note }: OperationView['steps'][number],
  kind: OperationView['kind'],
  paint: Paint,
): string {
  const took = durationText((endedMs ?? startedMs) - startedMs);
  // The steps of a drain are named after the instances that it moves.
  const nameWidth = kind === 'drain' ? 24 : 8;
  return `${paint('dim', fineMomentText(startedMs))}  ${name.padEnd(nameWidth)} ${took.padStart(8)}  ${noteText(oneLine(note), paint)}`;
}
