import type { CrashReport } from '../../crash/report.ts';
import type { KnownIssue } from '../../known-issues/entry.ts';
import {
  findKnown,
  isRuledOut,
  type Known,
  LineTallies,
  type LineTally,
} from '../../known-issues/find.ts';
import { queriesOf } from '../../known-issues/queries.ts';
import { fixesOf } from '../../known-issues/verdict.ts';
import { readCrashes } from '../crash-input.ts';
import { issuesWith } from '../known-issue-files.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { recordText, tableText } from '../table.ts';
import { verdictFields } from './known-issues.ts';

/** One report with all that is to be said of it. */
interface Explained {
  readonly file: string;
  readonly line: number;
  readonly host: string | null;
  readonly kind: string;
  readonly title: string;
  readonly fingerprint: string;
  readonly died: string;
  readonly where: string;
  readonly known: readonly Known[];
  readonly queries: readonly string[];
}

/**
 * Says in words what the crash reports in log files mean: what died and where, the known issues that
 * fit, whether that kernel has the fix and which one does, and what to search for; and which lines
 * of the log are known noise.
 *
 * @throws BridgeheadError REQUEST_INVALID for a file that cannot be read
 */
export async function explainCrashes(
  session: Session,
  files: readonly string[],
  folders: readonly string[],
): Promise<void> {
  const issues = await issuesWith(folders);
  const tallies = new LineTallies(issues);
  const reports: Explained[] = [];
  for (const file of files) {
    const found = await readCrashes(session, file, (line) => tallies.push(line));
    reports.push(...found.map((report) => explain(file, report, issues)));
  }
  const lines = tallies.found();
  const noise = lines.map(({ issue, count, first }) => ({
    id: issue.id,
    title: issue.title,
    kind: issue.kind,
    count,
    first,
    advice: issue.advice,
  }));
  await session.print({ reports, lines: noise }, () => {
    const told = new Map<string, string>();
    const texts = reports.map((report) =>
      textOf(report, `${report.file}:${report.line}`, issues, told, session.columns),
    );
    if (texts.length === 0) texts.push('No crash report found.');
    if (texts.length > 1) texts.push(groupsText(reports));
    if (lines.length > 0) texts.push(linesText(lines, session.columns));
    return texts.join('\n\n');
  });
}

/** What one report means, in words, headed by where it is from. */
export function explainedText(
  place: string,
  report: CrashReport,
  issues: readonly KnownIssue[],
  columns: number,
): string {
  return textOf(explain(place, report, issues), place, issues, new Map(), columns);
}

function explain(file: string, report: CrashReport, issues: readonly KnownIssue[]): Explained {
  return {
    file,
    line: report.line,
    host: report.host,
    kind: report.kind,
    title: report.title,
    fingerprint: report.fingerprint.id,
    died: diedText(report),
    where: whereText(report),
    known: findKnown(issues, report),
    queries: queriesOf(report),
  };
}

function diedText(report: CrashReport): string {
  const { process, pid, cpu, release, uptimeSeconds } = report;
  const host = report.host === null ? 'A host' : `Host ${report.host}`;
  const kernel = release === null ? '' : ` with kernel ${release}`;
  const up = uptimeSeconds === null ? '' : `, up for ${durationText(uptimeSeconds)}`;
  const who = process === null ? '' : `, in process ${process}${pid === null ? '' : ` (${pid})`}`;
  return `${host}${kernel}${up}: ${report.title}${who}${cpu === null ? '' : ` on CPU ${cpu}`}.`;
}

function whereText(report: CrashReport): string {
  const module = report.module === null ? '' : ` of module ${report.module}`;
  const place =
    report.function === null ? 'No function can be named.' : `In ${report.function}()${module}.`;
  const others = report.frames.filter((frame) => frame.function !== report.function);
  const sure = others.filter((frame) => frame.isReliable);
  const names = (sure.length > 0 ? sure : others).slice(0, 4).map((frame) => frame.function);
  const how = sure.length > 0 ? 'Called by way of' : 'Left on the stack:';
  const by = names.length === 0 ? '' : ` ${how} ${names.join(', ')}.`;
  const doubt = report.corrupted ? ` The report is not whole: ${report.doubts.join('; ')}.` : '';
  return place + by + doubt;
}

function durationText(seconds: number): string {
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} hours`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** @param told where each set of known issues was told first, so that it is told once */
function textOf(
  report: Explained,
  place: string,
  issues: readonly KnownIssue[],
  told: Map<string, string>,
  columns: number,
): string {
  const fields: (readonly [string, string])[] = [
    ['What died', report.died],
    ['Where', report.where],
    ['Group', report.fingerprint],
  ];
  if (report.known.length === 0) fields.push(['Known', 'No known issue fits this report.']);
  const key = JSON.stringify(report.known);
  const before = report.known.length === 0 ? undefined : told.get(key);
  if (before !== undefined) {
    const titles = report.known.map(({ title, id }) => `${title} (${id})`).join('; ');
    fields.push(['Known as', `${titles}, with all that is said at ${before}`]);
  } else {
    told.set(key, place);
    for (const known of report.known) fields.push(...knownFields(known, issues));
    fields.push(['Search for', report.queries.join('\n') || 'nothing in it is worth a search']);
  }
  const text = recordText(
    fields.map(([name, value]) => [name, value.split('\n').map(oneLine).join('\n')]),
    columns,
  );
  return printable(`${place}\n${text}`);
}

function knownFields(
  known: Known,
  issues: readonly KnownIssue[],
): readonly (readonly [string, string])[] {
  const issue = issues.find(({ id }) => id === known.id);
  const sure = isRuledOut(known)
    ? 'Looks like'
    : known.certainty === 'likely'
      ? 'Known as'
      : 'Perhaps';
  return [
    [sure, `${known.title} (${known.id}, ${known.kind})`],
    ['  because', known.because.join('; ')],
    ...verdictFields(known.verdict).map(
      ([name, value]) => [`  ${name.toLowerCase()}`, value] as const,
    ),
    ...(issue === undefined || issue.kind === 'noise'
      ? []
      : ([['  fixed in', fixesOf(issue).join('; ') || 'no release is known']] as const)),
    ...known.conditions.map(
      ({ says, holds }) =>
        [
          '  only where',
          `${says}${holds === null ? '' : holds ? ' That holds.' : ' That does not hold here.'}`,
        ] as const,
    ),
    ...(issue === undefined ? [] : ([['  advice', issue.advice]] as const)),
    ...(issue === undefined
      ? []
      : ([
          [
            '  sources',
            issue.sources
              .slice(0, 3)
              .map(({ url }) => url)
              .join('\n'),
          ],
        ] as const)),
  ];
}

function groupsText(reports: readonly Explained[]): string {
  const groups = new Map<string, Explained[]>();
  for (const report of reports)
    groups.set(report.fingerprint, [...(groups.get(report.fingerprint) ?? []), report]);
  const rows = [...groups].map(([id, of]) => {
    const hosts = new Set(of.flatMap(({ host }) => (host === null ? [] : [host])));
    return [id, String(of.length), String(hosts.size), of[0]?.title ?? ''];
  });
  const right = new Set(['REPORTS', 'HOSTS']);
  return printable(tableText(['GROUP', 'REPORTS', 'HOSTS', 'TITLE'], rows, { right }));
}

function linesText(lines: readonly LineTally[], columns: number): string {
  const fields = lines.map(
    ({ issue, count }) =>
      [
        issue.kind === 'noise' ? 'Noise' : 'Seen',
        `${count} × ${issue.title} (${issue.id}). ${issue.advice}`,
      ] as const,
  );
  return printable(`Lines of the log\n${recordText(fields, columns)}`);
}
