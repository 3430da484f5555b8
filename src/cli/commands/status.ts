import type { StatusView } from '../../protocol/api.ts';
import { durationText } from '../duration.ts';
import type { Session } from '../session.ts';
import { recordText, tableText } from '../table.ts';
import { agoText } from '../tables.ts';
import type { Paint } from '../terminal.ts';

/** How the scheduler does and which others there are, and the last result of each of its reconcilers. */
export async function status(session: Session): Promise<void> {
  const api = await session.connect();
  const view = await api.status();
  await session.print(view, () => statusText(view, session));
}

// Without its lease on the store the one that answers carries nothing: the others do.
function schedulersText({ scheduler, schedulers }: StatusView, paint: Paint): string {
  const others = schedulers.filter((name) => name !== scheduler);
  const lease = schedulers.includes(scheduler) ? '' : `, ${paint('yellow', 'without a lease')}`;
  return [`${scheduler} (answers${lease})`, ...others].join(', ');
}

function statusText(view: StatusView, { terminal, paint, columns }: Session): string {
  const nowMs = terminal.clock.wallMs();
  const share = (part: number, total: number, what: string) =>
    paint(part === total ? 'green' : 'yellow', `${part} of ${total} ${what}`);
  const summary = recordText([
    ['Version', view.version],
    ['Schedulers', schedulersText(view, paint)],
    ['Up', durationText(view.uptimeS * 1_000)],
    ['Store', `${view.store} PostgreSQL`],
    ['Hosts', share(view.hosts.ready, view.hosts.total, 'ready')],
    ['Instances', share(view.instances.serving, view.instances.total, 'serving')],
  ]);
  if (view.reconcilers.length === 0) return summary;
  const table = tableText(
    ['RECONCILER', 'LAST RUN', 'TOOK', 'RESULT'],
    view.reconcilers.map(({ name, lastRunMs, tookMs, result, error }) => [
      name,
      agoText(lastRunMs, nowMs),
      tookMs === null ? '-' : durationText(tookMs),
      error === null ? result || '-' : paint('red', `failed: ${error}`),
    ]),
    { columns },
  );
  return `${summary}\n\n${table}`;
}
