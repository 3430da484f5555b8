import { BridgeheadError } from '../../domain/errors.ts';
import { isOpen } from '../../domain/operation.ts';
import type { OperationView } from '../../protocol/api.ts';
import type { ApiClient } from '../client.ts';
import { durationText, momentText } from '../duration.ts';
import { operationsTable, stateText, stepsTable } from '../operations.ts';
import type { Session } from '../session.ts';
import { recordText } from '../table.ts';
import type { Paint } from '../terminal.ts';
import { watchToEnd } from '../watch.ts';

/** The most that the API hands out at once. */
const listMax = 1_000;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Shorter beginnings are too easily those of another. */
const beginning = /^[0-9a-f-]{4,36}$/;

export interface ListOptions {
  readonly object: string | undefined;
  /** With those that have ended. */
  readonly isAll: boolean;
  readonly limit: number;
}

/** Lists operations, the newest first. */
export async function listOperations(
  session: Session,
  { object, isAll, limit }: ListOptions,
): Promise<void> {
  const api = await session.connect();
  const operations = await api.operations({ object, isOpen: !isAll, limit });
  const nowMs = session.terminal.clock.wallMs();
  return session.print(operations, () => {
    if (operations.length > 0)
      return operationsTable(operations, nowMs, session.paint, session.columns);
    const on = object === undefined ? '' : ` on ${object}`;
    return isAll ? `no operations${on}` : `no open operations${on}; with those that ended: --all`;
  });
}

/** The whole record of one operation, step by step. */
export async function showOperation(session: Session, id: string): Promise<void> {
  const api = await session.connect();
  const view = await findOperation(api, id);
  await session.print(view, () => recordOf(view, session));
}

/** Shows the steps of an operation as they end. @throws BridgeheadError where it ends badly */
export async function watchOperation(session: Session, id: string): Promise<void> {
  const api = await session.connect();
  return watchToEnd(session, api, await findOperation(api, id));
}

/** Asks for the end of an operation before its time. @throws BridgeheadError NOT_CANCELLABLE */
export async function cancelOperation(session: Session, id: string): Promise<void> {
  const api = await session.connect();
  const found = await findOperation(api, id);
  const view = await api.cancelOperation(found.id);
  const how = isOpen(view)
    ? `is being cancelled: what it has done is undone; watch that with: bridgehead ops watch ${view.id}`
    : 'is cancelled; it had not begun';
  await session.print(view, () => `operation ${view.id} (${view.title}) ${how}`);
}

// Open ones are asked for by themselves: they are wanted most, and may be older than the newest.
async function findOperation(api: ApiClient, text: string): Promise<OperationView> {
  const start = text.toLowerCase();
  if (uuid.test(start)) return api.operation(start);
  if (!beginning.test(start)) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${JSON.stringify(text)} is no id of an operation`,
      'Give the id, or at least its first 4 characters, as in: bridgehead ops list --all',
    );
  }
  const lists = await Promise.all(
    [true, false].map((only) => api.operations({ isOpen: only, limit: listMax })),
  );
  const found = new Map(
    lists
      .flat()
      .filter(({ id }) => id.startsWith(start))
      .map((one) => [one.id, one]),
  );
  const [first, second] = found.values();
  if (first === undefined) {
    throw new BridgeheadError(
      'NOT_FOUND',
      `no operation has an id that begins with ${start}, of those that are open and the ${listMax} newest`,
      'See what there is: bridgehead ops list --all',
    );
  }
  if (second === undefined) return first;
  const some = [first, second].map((one) => `${one.id} (${one.title})`).join(', ');
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `${found.size} operations have an id that begins with ${start}: ${some}${found.size > 2 ? ', …' : ''}`,
    'Give more of the id.',
  );
}

function recordOf(view: OperationView, { terminal, paint, columns }: Session): string {
  const nowMs = terminal.clock.wallMs();
  const fields = recordText(fieldsOf(view, nowMs, paint), columns);
  if (view.steps.length === 0) return `${fields}\n\nSteps: none`;
  return `${fields}\n\n${stepsTable(view, nowMs, paint, columns)}`;
}

function fieldsOf(
  view: OperationView,
  nowMs: number,
  paint: Paint,
): readonly (readonly [name: string, value: string])[] {
  const { startedMs, endedMs, error } = view;
  const observed = Object.entries(view.observed ?? {}).map(([name, seen]) => `${name}: ${seen}`);
  return [
    ['Id', view.id],
    ['Operation', view.title],
    ['State', stateText(view, paint)],
    ['Error', error === null ? 'none' : `${error.message} (${error.code})`],
    ...(error === null ? [] : [['Next', error.next] as const]),
    ['Objects', view.objects.join('\n')],
    ['Requested', `${momentText(view.requestedMs)} by ${view.who}`],
    ['Reason', view.reason || '-'],
    ['Began', startedMs === null ? 'not yet' : momentText(startedMs)],
    ['Ended', endedMs === null ? 'not yet' : momentText(endedMs)],
    ['Took', startedMs === null ? '-' : durationText((endedMs ?? nowMs) - startedMs)],
    ['Scheduler', view.holder ?? 'none'],
    ['Token', String(view.token)],
    ['Cancelled', view.cancelledBy === null ? 'no' : `by ${view.cancelledBy}`],
    ['Undo', isOpen(view) ? (view.isForward ? 'not any more' : 'possible') : '-'],
    ['Part of', view.parentId ?? '-'],
    ['Observed', observed.join('\n') || '-'],
  ];
}
