import { findKnown } from '../../known-issues/find.ts';
import { momentText } from '../duration.ts';
import { issuesWith } from '../known-issue-files.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';
import { explainedText } from './crash-explain.ts';

export interface CrashListOptions {
  readonly host: string | undefined;
  readonly group: string | undefined;
  readonly limit: number;
}

/** Lists the fleet's crash reports, the newest first, each with the known issue that fits best. */
export async function listCrashes(
  session: Session,
  options: CrashListOptions,
  folders: readonly string[],
): Promise<void> {
  const api = await session.connect();
  const [crashes, issues] = await Promise.all([api.crashes(options), issuesWith(folders)]);
  const items = crashes.map((crash) => {
    const [known] = findKnown(issues, crash.report);
    return { ...crash, known: known === undefined ? null : known.id };
  });
  await session.print(items, () =>
    items.length === 0
      ? 'no crash reports'
      : tableText(
          ['ID', 'TIME', 'HOST', 'KERNEL', 'GROUP', 'KNOWN AS', 'TITLE'],
          items.map(({ id, atMs, host, known, report }) => [
            String(id),
            momentText(atMs),
            oneLine(printable(host)),
            oneLine(printable(report.release ?? '-')),
            report.fingerprint.id,
            known ?? '-',
            oneLine(printable(report.title)),
          ]),
        ),
  );
}

/** Says what one crash report means, and prints its lines. */
export async function showCrash(
  session: Session,
  id: number,
  folders: readonly string[],
): Promise<void> {
  const api = await session.connect();
  const [crash, issues] = await Promise.all([api.crash(id), issuesWith(folders)]);
  const { report, host, atMs } = crash;
  const known = findKnown(issues, report);
  await session.print({ ...crash, known }, () =>
    [
      explainedText(`${host}, ${momentText(atMs)}`, report, issues, session.columns),
      '',
      ...report.lines.map((line) => oneLine(printable(line))),
    ].join('\n'),
  );
}
