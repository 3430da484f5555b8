// Operations as people read them: their state, their end, who waits for whom.

import { BridgeheadError, type ErrorBody } from '../domain/errors.ts';
import { isOpen } from '../domain/operation.ts';
import type { OperationView } from '../protocol/api.ts';
import { durationText, fineMomentText } from './duration.ts';
import { oneLine } from './printable.ts';
import { shortId, shortIds } from './short-id.ts';
import { tableText } from './table.ts';
import { agoText } from './tables.ts';
import type { Paint, Style } from './terminal.ts';

const stateStyles: Readonly<Record<OperationView['state'], Style>> = {
  queued: 'yellow',
  running: 'cyan',
  done: 'green',
  undone: 'red',
  failed: 'red',
  refused: 'red',
  cancelled: 'yellow',
};

/** The state of an operation, with the step it is at or what it ended in. */
export function stateText(
  { state, steps, cancelledBy, error }: OperationView,
  paint: Paint,
): string {
  const isEnding = state === 'running' && cancelledBy !== null;
  const about = isEnding
    ? 'is being cancelled'
    : state === 'running'
      ? steps.at(-1)?.name
      : error?.code;
  return paint(stateStyles[state], state) + (about === undefined ? '' : `, ${about}`);
}

/** Operations under each other; their ids as short as tells them apart. */
export function operationsTable(
  operations: readonly OperationView[],
  nowMs: number,
  paint: Paint,
  columns: number,
): string {
  const ids = shortIds(operations.map(({ id }) => id));
  return tableText(
    ['ID', 'STATE', 'REQUESTED', 'TOOK', 'WHO', 'SCHEDULER', 'OPERATION'],
    operations.map((one, index) => [
      ids[index] ?? one.id,
      stateText(one, paint),
      agoText(one.requestedMs, nowMs),
      tookText(one, nowMs),
      one.who,
      one.holder ?? '-',
      one.title,
    ]),
    { columns },
  );
}

/** The steps of an operation under each other, with what came of each. */
export function stepsTable(
  view: OperationView,
  nowMs: number,
  paint: Paint,
  columns: number,
): string {
  const { steps } = view;
  return tableText(
    ['BEGAN', 'TOOK', 'STEP', 'RESULT'],
    steps.map(({ name, startedMs, endedMs, note }, index) => {
      // A scheduler that died at a step never wrote its end.
      const isUnderWay = endedMs === null && isOpen(view) && index === steps.length - 1;
      const untilMs = isUnderWay ? nowMs : endedMs;
      const took = untilMs === null ? '-' : durationText(untilMs - startedMs);
      const unsaid = endedMs !== null ? '-' : isUnderWay ? 'under way' : 'did not end';
      return [fineMomentText(startedMs), took, name, noteText(note, paint) || unsaid];
    }),
    { columns },
  );
}

/** How long an operation has run, or ran; `-` for one that never began. */
export function tookText(
  { startedMs, endedMs }: Pick<OperationView, 'startedMs' | 'endedMs'>,
  nowMs: number,
): string {
  return startedMs === null ? '-' : durationText((endedMs ?? nowMs) - startedMs);
}

/** What came of a step; what failed is red. */
export function noteText(note: string, paint: Paint): string {
  return note.startsWith('failed') ? paint('red', note) : note;
}

/** An open operation on one line: where it stands, whose it is, who runs it. */
export function holdText(one: OperationView, nowMs: number, paint: Paint): string {
  const by = one.holder === null ? '' : `, run by ${one.holder}`;
  const asked = `asked for by ${one.who} ${agoText(one.requestedMs, nowMs)}`;
  return `${shortId(one.id)} (${one.title}): ${stateText(one, paint)}, ${asked}${by}`;
}

/**
 * Who is in front of an operation that waits: one that runs on an object of its, else the first of
 * those that were asked for before it and wait for one, too.
 *
 * @param open all operations that have not ended, the newest first, as the API lists them
 */
export function inFrontOf(
  waiting: OperationView,
  open: readonly OperationView[],
): OperationView | null {
  const oldestFirst = open.toReversed();
  const own = oldestFirst.findIndex(({ id }) => id === waiting.id);
  const rivals = oldestFirst.filter(
    ({ id, state, objects }, index) =>
      id !== waiting.id &&
      (state === 'running' || index < own) &&
      objects.some((object) => waiting.objects.includes(object)),
  );
  return rivals.find(({ state }) => state === 'running') ?? rivals[0] ?? null;
}

/** What a person is told at the good end of an operation. */
export function doneText(ended: OperationView, paint: Paint): string {
  const what: Readonly<Partial<Record<OperationView['kind'], string>>> = {
    migrate: `${ended.args['instance']} is on ${ended.args['target']}`,
    rebalance: `${ended.steps.length} moves tried`,
    drain: `${ended.args['host']} is empty and stays cordoned`,
  };
  const but = ended.error === null ? '' : `, but ${ended.error.message}`;
  const tookMs = (ended.endedMs ?? 0) - (ended.startedMs ?? ended.requestedMs);
  return `${paint('green', 'done')}: ${what[ended.kind] ?? ended.title} after ${durationText(tookMs)}${but}`;
}

/** One of several operations, on a line, once it has ended. */
export function endLine(ended: OperationView, paint: Paint): string {
  const { endedMs, requestedMs, state, error, title } = ended;
  const at = paint('dim', fineMomentText(endedMs ?? requestedMs));
  const took = tookText(ended, requestedMs).padStart(8);
  const why = error === null ? '' : `: ${oneLine(error.message)} (${error.code})`;
  return `${at}  ${paint(stateStyles[state], state.padEnd(9))} ${took}  ${title}${why}`;
}

/** The error for an operation that has not ended well; null for one that is done or still open. */
export function outcomeError(view: OperationView): BridgeheadError | null {
  const { id, title, state, error, cancelledBy } = view;
  if (state === 'done' || isOpen(view)) return null;
  const next = `See what it did: bridgehead ops show ${id}`;
  if (state === 'cancelled' && error === null) {
    const message = `operation ${id} (${title}) was cancelled by ${cancelledBy ?? 'somebody'}`;
    return new BridgeheadError('CANCELLED', message, next);
  }
  const why: ErrorBody = error ?? {
    code: 'OPERATION_FAILED',
    message: 'no reason was given',
    next,
  };
  if (state === 'cancelled' || state === 'refused') return BridgeheadError.from(why);
  const how = state === 'undone' ? 'was undone' : 'failed';
  return new BridgeheadError('OPERATION_FAILED', `${title} ${how}: ${why.message}`, why.next);
}
