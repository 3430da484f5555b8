import { BridgeheadError } from '../../domain/errors.ts';
import type { KnownIssue } from '../../known-issues/entry.ts';
import { parseRelease } from '../../known-issues/release.ts';
import { nameOf, type Verdict, verdictOn } from '../../known-issues/verdict.ts';
import { issuesWith } from '../known-issue-files.ts';
import { printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { recordText, tableText } from '../table.ts';

/** Lists known issues, or those in which every word stands. @throws BridgeheadError REQUEST_INVALID */
export async function listIssues(
  session: Session,
  words: readonly string[],
  folders: readonly string[],
): Promise<void> {
  const wanted = words.map((word) => word.toLowerCase());
  const issues = (await issuesWith(folders)).filter((issue) => {
    const text = JSON.stringify(issue).toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  await session.print(issues, () => {
    if (issues.length === 0) return 'No known issue has these words.';
    const rows = issues.map((issue) => [issue.id, issue.kind, fixOf(issue), issue.title]);
    const columns = session.columns;
    return printable(tableText(['ID', 'KIND', 'FIXED IN', 'TITLE'], rows, { columns }));
  });
}

function fixOf({ kind, releases }: KnownIssue): string {
  if (kind === 'noise') return '-';
  return releases.find(({ of }) => of === 'mainline')?.fixed ?? 'unknown';
}

/**
 * Shows one known issue and, where a kernel is given, what it says of that kernel.
 *
 * @throws BridgeheadError NOT_FOUND for an id that is none, REQUEST_INVALID for a kernel that cannot be read
 */
export async function showIssue(
  session: Session,
  id: string,
  kernel: { readonly release: string | undefined; readonly banner: string | undefined },
  folders: readonly string[],
): Promise<void> {
  const issues = await issuesWith(folders);
  const issue = issues.find((one) => one.id === id);
  if (issue === undefined) {
    throw new BridgeheadError(
      'NOT_FOUND',
      `there is no known issue ${id}`,
      'See what there is: bridgehead known-issues list',
    );
  }
  const verdict =
    kernel.release === undefined ? null : verdictFor(issue, kernel.release, kernel.banner);
  const record = verdict === null ? issue : { ...issue, verdict };
  await session.print(record, () => printable(issueText(issue, verdict, session.columns)));
}

function verdictFor(issue: KnownIssue, release: string, banner = ''): Verdict {
  const kernel = parseRelease(release, banner);
  if (kernel !== null) return verdictOn(issue, kernel);
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `${release} is no release of a kernel`,
    'Give what uname -r prints, such as 6.1.0-18-amd64.',
  );
}

function issueText(issue: KnownIssue, verdict: Verdict | null, columns: number): string {
  const fields: (readonly [string, string])[] = [
    ['ID', issue.id],
    ['Kind', issue.kind],
    ...(issue.cve === undefined ? [] : [['CVE', issue.cve] as const]),
    ['What', issue.what],
    ...(issue.releases.length === 0
      ? []
      : [['Fixed in', issue.releases.map(lineText).join('\n')] as const]),
    ...(issue.conditions === undefined
      ? []
      : [['Only where', issue.conditions.map(({ says }) => says).join('\n')] as const]),
    ...(issue.commits === undefined ? [] : [['Commits', issue.commits.join(', ')] as const]),
    ['Advice', issue.advice],
    ...(verdict === null ? [] : verdictFields(verdict)),
  ];
  const sources = issue.sources.map(({ url, says }) => `  ${url}\n    ${says}`);
  return [issue.title, recordText(fields, columns), 'Sources', ...sources].join('\n');
}

/** A verdict as fields of a record. */
export function verdictFields(verdict: Verdict): readonly (readonly [string, string])[] {
  return [
    ['This kernel', `${affectedWords[verdict.affected]}: ${verdict.why}`],
    ...(verdict.upgrade === null ? [] : [['Go to', verdict.upgrade] as const]),
  ];
}

const affectedWords = {
  yes: 'has the fault',
  likely: 'likely has the fault',
  no: 'does not have the fault',
  unknown: 'not known',
} as const;

function lineText(line: KnownIssue['releases'][number]): string {
  const from = line.introduced === undefined ? '' : `, came in with ${line.introduced}`;
  return `${nameOf(line)}: ${line.fixed}${from}${line.note === undefined ? '' : ` (${line.note})`}`;
}
