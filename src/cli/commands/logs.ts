import { BridgeheadError } from '../../domain/errors.ts';
import { severities } from '../../logs/query.ts';
import type { LogMessageView } from '../../protocol/log-views.ts';
import { momentText } from '../duration.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { recordText } from '../table.ts';
import type { Style } from '../terminal.ts';

const pollMs = 1_000;
/** The most that the API hands out at once. */
const batchMax = 10_000;
const skewTold = 2_000;
const styles: readonly Style[] = ['red', 'red', 'red', 'red', 'yellow', 'cyan', 'dim', 'dim'];

export interface LogsOptions {
  /** Words of the search, as they were typed. */
  readonly words: readonly string[];
  /** Terms that must not hold. */
  readonly without: readonly string[];
  readonly sinceMs: number | null;
  readonly untilMs: number | null;
  readonly limit: number;
  readonly follow: boolean;
}

/**
 * Prints the messages that match a search, oldest first; with `follow` goes on with what comes until
 * it is interrupted, and outlasts a server that is away.
 */
export async function logs(session: Session, options: LogsOptions): Promise<void> {
  const { words, without, sinceMs, untilMs, limit, follow } = options;
  const { terminal } = session;
  const api = await session.connect();
  const query = [...words.map(quoted), ...without.map((term) => `-${quoted(term)}`)].join(' ');
  const { items, intake } = await api.logs({ query, sinceMs, untilMs, limit });
  if (intake.dropped > 0) {
    terminal.err(`${intake.dropped} messages were dropped: more came than could be stored\n`);
  }
  if (!follow) {
    return session.print(items, () =>
      items.length === 0 ? 'no messages' : items.map((one) => lineOf(session, one)).join('\n'),
    );
  }
  printEach(session, items);
  let after = items.at(-1)?.id ?? (await api.logs({ query: '', limit: 1 })).items.at(-1)?.id ?? 0;
  let isAway = false;
  while (!terminal.interrupted.aborted) {
    try {
      await terminal.clock.sleep(pollMs, terminal.interrupted);
    } catch {
      return;
    }
    try {
      const next = await api.logs({ query, after, limit: batchMax });
      isAway = false;
      printEach(session, next.items);
      after = next.items.at(-1)?.id ?? after;
    } catch (error) {
      if (!(error instanceof BridgeheadError) || error.exitCode !== 5) throw error;
      if (!isAway) terminal.err(`${oneLine(printable(error.message))}; trying again\n`);
      isAway = true;
    }
  }
}

/** Prints a message with what came before and after it from the same host. */
export async function logsAround(session: Session, id: number, lines: number): Promise<void> {
  const api = await session.connect();
  const items = await api.logsAround(id, lines);
  await session.print(items, () =>
    items.map((one) => `${one.id === id ? '>' : ' '} ${lineOf(session, one)}`).join('\n'),
  );
}

/** Prints how much is kept, within which limits, and what was lost. */
export async function logStatus(session: Session): Promise<void> {
  const api = await session.connect();
  const view = await api.logStatus();
  await session.print(view, () => {
    const { messages, bytes, diskBytes, oldestMs, limits, intake, kernels } = view;
    const count = (value: number) => value.toLocaleString('en-US');
    const mib = (value: number) => `${count(Math.round(value / 1024 ** 2))} MiB`;
    return recordText([
      [
        'Kept',
        `${count(messages)} messages, ${mib(bytes)} (${mib(diskBytes)} on disk with indexes)`,
      ],
      ['Oldest', oldestMs === null ? '-' : momentText(oldestMs)],
      ['Limits', `${limits.days} days, ${count(limits.messages)} messages, ${mib(limits.bytes)}`],
      [
        'Received',
        `${count(intake.received)} since the scheduler started, ${count(intake.waiting)} waiting`,
      ],
      ['Dropped', `${count(intake.dropped)}: more came than could be stored`],
      [
        'By agents',
        `${count(kernels.received)}, ${count(kernels.received - kernels.stored)} of them not new`,
      ],
      [
        'Lost on hosts',
        `${count(kernels.lostOnHosts)}: overwritten in the kernel before they were read`,
      ],
    ]);
  });
}

function printEach(session: Session, items: readonly LogMessageView[]): void {
  const { terminal, format } = session;
  for (const item of items) {
    terminal.out(`${format === 'table' ? lineOf(session, item) : JSON.stringify(item)}\n`);
  }
}

function lineOf({ paint }: Session, one: LogMessageView): string {
  const who = one.host || one.hostname || one.source;
  const app = one.pid === '' ? one.app : `${one.app}[${one.pid}]`;
  const level = one.severity === null ? '-' : (severities[one.severity]?.[0] ?? '-');
  const skewMs = one.saidMs === null ? 0 : one.saidMs - one.receivedMs;
  const notes = [
    ...(one.repeats > 1 ? [`${one.repeats} times`] : []),
    ...(Math.abs(skewMs) > skewTold ? [`its clock says ${momentText(one.saidMs ?? 0)}`] : []),
    ...(one.form === 'raw' ? ['as it came'] : []),
  ];
  const text = oneLine(printable([app, one.text].filter((part) => part !== '').join(': ')));
  const words = [
    String(one.id),
    momentText(one.receivedMs),
    oneLine(printable(one.instance === '' ? who : `${who} ${one.instance}`)),
    paint(styles[one.severity ?? 6] ?? 'dim', level),
    text,
    ...(notes.length === 0 ? [] : [paint('dim', `(${notes.join(', ')})`)]),
  ];
  return words.join('  ');
}

// What the shell took for one word is one phrase, unless it has quotes of its own.
function quoted(word: string): string {
  return /\s/.test(word) && !word.includes('"') ? `"${word}"` : word;
}
