import { basename } from 'node:path';
import { BridgeheadError } from '../../domain/errors.ts';
import type { ApplyAnswer } from '../../protocol/api.ts';
import { changesText } from '../changes.ts';
import type { ApiClient } from '../client.ts';
import { findingText } from '../findings.ts';
import { endLine } from '../operations.ts';
import type { Session } from '../session.ts';
import { shortId } from '../short-id.ts';
import { carried, readSpecFiles } from '../spec-files.ts';
import { readSpecText } from '../spec-text.ts';
import { paintFor } from '../terminal.ts';
import { watchAll } from '../watch.ts';

export interface ApplyOptions {
  /** A path, or `-` for standard input. */
  readonly file: string;
  readonly dryRun: boolean;
  readonly prune: boolean;
  readonly takeOver: boolean;
  /** Have changes of configurations go in batches. */
  readonly rollout: boolean;
  /** Empty for none. */
  readonly reason: string;
  /** Show in a dry run what changes in what HAProxy reads. */
  readonly isRendered: boolean;
  /** Look on until what was begun has ended. */
  readonly isWaiting: boolean;
  /** By which the server knows the request again. */
  readonly key: string;
}

/**
 * Sends a spec and shows what it changed and what was begun to bring the fleet there; what is wrong
 * in it is shown beside its own lines.
 *
 * @throws BridgeheadError OPERATION_FAILED where it was to wait, and something did not end well
 */
export async function apply(session: Session, options: ApplyOptions): Promise<void> {
  const { file, dryRun, prune, takeOver, rollout, reason, key } = options;
  const { terminal, format } = session;
  const { source, text } = await readSpecText(terminal, file);
  const paint = paintFor(terminal, 'err');
  const files = carried(await readSpecFiles(text, file));
  const api = await session.connect();
  let answer: ApplyAnswer;
  try {
    const flags = { dryRun, prune, takeOver, rollout };
    const input = { source: nameOf(source), text, ...flags, reason, files };
    answer = await api.apply(input, key);
    if (format === 'table') {
      for (const warning of answer.warnings)
        terminal.err(`${findingText(source, text, warning, 'warning', paint)}\n`);
    }
  } catch (error) {
    if (error instanceof BridgeheadError && format !== 'json') {
      for (const finding of error.findings)
        terminal.err(`${findingText(source, text, finding, 'error', paint)}\n`);
    }
    throw error;
  }
  const shown = options.isRendered ? answer : withoutRendered(answer);
  await showApplied(session, api, shown, options.isWaiting);
}

/**
 * Shows what was changed and begun.
 *
 * @param isWaiting whether to look on until what was begun has ended
 * @throws BridgeheadError OPERATION_FAILED where it was to wait, and something did not end well
 */
export async function showApplied(
  session: Session,
  api: ApiClient,
  answer: ApplyAnswer,
  isWaiting: boolean,
): Promise<void> {
  const changes = () => changesText(answer.changes, answer.dryRun, session.paint);
  if (isWaiting) return awaitAll(session, api, answer, changes);
  await session.print(answer, () => changes() + begunText(answer));
}

function withoutRendered(answer: ApplyAnswer): ApplyAnswer {
  const changes = answer.changes.map((change) => ({
    ...change,
    fields: change.fields.filter(({ field }) => field !== 'rendered'),
  }));
  return { ...answer, changes };
}

function begunText({ operations }: ApplyAnswer): string {
  const [first] = operations;
  if (first === undefined) return '';
  if (operations.length === 1)
    return `\n1 operation began; watch it with: bridgehead ops watch ${first.id}`;
  return `\n${operations.length} operations began; see them with: bridgehead ops list`;
}

async function awaitAll(
  session: Session,
  api: ApiClient,
  answer: ApplyAnswer,
  changes: () => string,
): Promise<void> {
  const { terminal, format, paint } = session;
  const isShown = format === 'table';
  const count = answer.operations.length;
  if (isShown) {
    const waiting = count === 0 ? '' : `\nwaiting for ${count} operation${count === 1 ? '' : 's'}`;
    terminal.out(`${changes()}${waiting}\n`);
  }
  const ids = answer.operations.map(({ id }) => id);
  const ended = await watchAll(session, api, ids, (view) => {
    if (isShown) terminal.out(`${endLine(view, paint)}\n`);
  });
  if (!isShown) await session.print({ ...answer, operations: ended }, () => '');
  const bad = ended.filter(({ state }) => state !== 'done');
  const [first] = bad;
  if (first === undefined) return;
  throw new BridgeheadError(
    'OPERATION_FAILED',
    `${bad.length} of ${count} operations did not end well: ${bad.map(({ title }) => title).join(', ')}`,
    `What was applied stays desired. See what went wrong: bridgehead ops show ${shortId(first.id)}`,
  );
}

// The API takes no longer name than this, and it only labels messages.
function nameOf(source: string): string {
  return source.length <= 1_024 ? source : basename(source).slice(-1_024);
}
