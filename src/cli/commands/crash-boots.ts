import { durationText, momentText } from '../duration.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';

/** Lists boots of hosts, the newest first. */
export async function listBoots(
  session: Session,
  host: string | undefined,
  limit: number,
): Promise<void> {
  const api = await session.connect();
  const boots = await api.boots({ host, limit });
  await session.print(boots, () =>
    boots.length === 0
      ? 'no boots: no agent has told of one'
      : tableText(
          ['HOST', 'STARTED', 'UP FOR', 'WATCHED FOR', 'ENDED', 'KERNEL', 'REPORT', 'BOOT'],
          boots.map((boot) => {
            const { startedMs, firstSeenMs, lastSeenMs, ended, crashId, facts } = boot;
            const endMs = ended?.atMs ?? lastSeenMs;
            return [
              oneLine(printable(boot.host)),
              momentText(startedMs),
              durationText(endMs - startedMs),
              durationText(endMs - firstSeenMs),
              ended === null ? 'up' : ended.by,
              oneLine(printable(facts['kernel'] ?? '-')),
              crashId === null ? '-' : String(crashId),
              oneLine(printable(boot.bootId)),
            ];
          }),
        ),
  );
}
