// Looking on until operations have ended. They go on without the one who looks.

import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { isOpen } from '../domain/operation.ts';
import type { OperationView } from '../protocol/api.ts';
import type { ApiClient } from './client.ts';
import { doneText, inFrontOf, outcomeError } from './operations.ts';
import { Progress } from './progress.ts';
import type { Session } from './session.ts';
import { Interruption, type Terminal } from './terminal.ts';

const pollMs = 100;
/** Between lists of all that is open, which may be long. */
const listPollMs = 250;
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
  const progress = new Progress(format === 'table' ? terminal : null, paint);
  const patience = new Patience(terminal.clock);
  let view = begun;
  try {
    for (;;) {
      progress.show(view);
      if (!isOpen(view)) break;
      await pause(terminal, view.state === 'queued' ? listPollMs : pollMs, [begun.id]);
      const { id } = view;
      view = (await patience.ask(() => api.operation(id))) ?? view;
      if (view.state !== 'queued') continue;
      const open = await patience.ask(() => api.operations({ isOpen: true, limit: listMax }));
      if (open !== null) progress.queued(inFrontOf(view, open));
    }
  } finally {
    progress.leave();
  }
  if (format !== 'table') await session.print(view, () => '');
  const error = outcomeError(view);
  if (error !== null) throw error;
  progress.print(doneText(view, paint));
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
  const patience = new Patience(session.terminal.clock);
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
    await pause(session.terminal, listPollMs, [...left]);
  }
  return results;
}

/** @throws Interruption that says how to get at the operations that go on */
async function pause(
  { clock, interrupted }: Terminal,
  durationMs: number,
  ids: readonly string[],
): Promise<void> {
  try {
    await clock.sleep(durationMs, interrupted);
  } catch {
    const [id = ''] = ids;
    throw new Interruption(
      ids.length === 1
        ? `interrupted; operation ${id} goes on without this command; ` +
            `watch it with: bridgehead ops watch ${id}, end it with: bridgehead ops cancel ${id}`
        : `interrupted; ${ids.length} operations go on without this command; ` +
            'see them with: bridgehead ops list, end one with: bridgehead ops cancel ID',
    );
  }
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
