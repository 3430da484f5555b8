import { BridgeheadError } from '../../domain/errors.ts';
import type { EventView } from '../../protocol/api.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { eventLine, eventsTable } from '../tables.ts';

const pollMs = 1_000;
/** The most that the API hands out at once. */
const batchMax = 1_000;

export interface EventsOptions {
  readonly object: string | undefined;
  readonly limit: number;
  readonly follow: boolean;
}

/**
 * Lists the newest events, oldest first; with `follow` goes on with what comes until it is
 * interrupted, one line (or JSON object, or YAML document) each, and outlasts a server that is away.
 */
export async function events(session: Session, options: EventsOptions): Promise<void> {
  const { object, limit, follow } = options;
  const { terminal } = session;
  const api = await session.connect();
  const first = await api.events({ object, limit });
  if (!follow) return session.print(first, () => eventsTable(first, session.columns));
  await printEach(session, first);
  let after = first.at(-1)?.id ?? 0;
  let isAway = false;
  while (!terminal.interrupted.aborted) {
    try {
      await terminal.clock.sleep(pollMs, terminal.interrupted);
    } catch {
      return;
    }
    try {
      const next = await api.events({ object, after, limit: batchMax });
      isAway = false;
      await printEach(session, next);
      after = next.at(-1)?.id ?? after;
    } catch (error) {
      if (!(error instanceof BridgeheadError) || error.exitCode !== 5) throw error;
      if (!isAway) terminal.err(`${oneLine(printable(error.message))}; trying again\n`);
      isAway = true;
    }
  }
}

async function printEach(session: Session, events: readonly EventView[]): Promise<void> {
  const { terminal, format } = session;
  for (const event of events) {
    if (format === 'json') terminal.out(`${JSON.stringify(event)}\n`);
    else {
      if (format === 'yaml') terminal.out('---\n');
      await session.print(event, () => eventLine(event));
    }
  }
}
