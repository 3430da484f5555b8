import { BridgeheadError } from '../../domain/errors.ts';
import type { MigrationView } from '../../protocol/api.ts';
import type { ApiClient } from '../client.ts';
import { durationText, fineMomentText } from '../duration.ts';
import { oneLine } from '../printable.ts';
import type { Session } from '../session.ts';
import { Interruption, type Paint } from '../terminal.ts';

const pollMs = 100;
/** How long the server may be gone before watching ends; the migration goes on without us. */
const absenceMaxMs = 60_000;

export interface MigrateOptions {
  readonly to: string;
  readonly reason: string;
  readonly wait: boolean;
}

/**
 * Moves an instance and shows its steps as they end.
 *
 * @throws BridgeheadError MIGRATION_FAILED where it was undone, and whatever refused its start
 */
export async function migrate(
  session: Session,
  instance: string,
  { to, reason, wait }: MigrateOptions,
): Promise<void> {
  const api = await session.connect();
  const begun = await api.migrate(instance, to, reason);
  if (!wait) {
    const how = `watch it with: bridgehead events --object instance/${instance} --follow`;
    return session.print(
      begun,
      () => `migration ${begun.id} of ${instance} from ${begun.source} to ${to} began; ${how}`,
    );
  }
  const ended = await watch(session, api, begun);
  if (session.format !== 'table') await session.print(ended, () => '');
  const tookMs = (ended.endedMs ?? ended.startedMs) - ended.startedMs;
  if (ended.outcome === 'undone') {
    throw new BridgeheadError(
      'MIGRATION_FAILED',
      `the migration of ${instance} from ${ended.source} to ${ended.target} was undone: ${ended.error ?? 'no reason was given'}`,
      `${instance} is still on ${ended.source}; see why ${ended.target} failed: bridgehead describe host ${ended.target}`,
    );
  }
  if (session.format !== 'table') return;
  const but = ended.error === null ? '' : `, but ${ended.error}`;
  session.terminal.out(
    `${session.paint('green', 'done')}: ${instance} is on ${ended.target} after ${durationText(tookMs)}${but}\n`,
  );
}

async function watch(
  session: Session,
  api: ApiClient,
  begun: MigrationView,
): Promise<MigrationView> {
  const { terminal, paint, format } = session;
  let shown = 0;
  let view = begun;
  let seenMs = terminal.clock.monotonicMs();
  for (;;) {
    const ended = view.steps.filter((step) => step.endedMs !== null);
    for (const step of ended.slice(shown)) {
      if (format === 'table') terminal.out(`${stepText(step, paint)}\n`);
    }
    shown = Math.max(shown, ended.length);
    if (view.outcome !== null) return view;
    try {
      await terminal.clock.sleep(pollMs, terminal.interrupted);
    } catch {
      throw new Interruption(`interrupted; migration ${begun.id} goes on without this command`);
    }
    try {
      view = await api.migration(begun.id);
      seenMs = terminal.clock.monotonicMs();
    } catch (error) {
      const isAway = error instanceof BridgeheadError && error.exitCode === 5;
      if (!isAway || terminal.clock.monotonicMs() - seenMs > absenceMaxMs) throw error;
    }
  }
}

/** A step that ended: when it began, what it was, how long it took, what came of it. */
function stepText(step: MigrationView['steps'][number], paint: Paint): string {
  const took = durationText((step.endedMs ?? step.startedMs) - step.startedMs);
  const said = oneLine(step.note);
  const note = said.startsWith('failed') ? paint('red', said) : said;
  return `${paint('dim', fineMomentText(step.startedMs))}  ${step.phase.padEnd(8)} ${took.padStart(8)}  ${note}`;
}
