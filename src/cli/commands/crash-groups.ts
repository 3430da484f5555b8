import { findKnown } from '../../known-issues/find.ts';
import type {
  CrashDecisionRequest,
  CrashDecisionView,
  CrashGroupView,
} from '../../protocol/crash-group-views.ts';
import { momentText } from '../duration.ts';
import { issuesWith } from '../known-issue-files.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { recordText, tableText } from '../table.ts';

const namesShown = 4;

/** Lists groups of reports, each with the known issue that fits its newest report best. */
export async function listGroups(
  session: Session,
  limit: number,
  folders: readonly string[],
): Promise<void> {
  const api = await session.connect();
  const [groups, issues] = await Promise.all([api.crashGroups(limit), issuesWith(folders)]);
  const items = groups.map((group) => ({
    ...group,
    known: findKnown(issues, group.latest.report)[0]?.id ?? null,
  }));
  await session.print(items, () =>
    items.length === 0
      ? 'no crash reports'
      : tableText(
          ['GROUP', 'REPORTS', 'HOSTS', 'BOOTS', 'FIRST', 'LAST', 'A DAY', 'KNOWN AS', 'TITLE'],
          items.map((group) => [
            safe(group.id),
            String(group.reports),
            String(group.hosts.length),
            String(group.boots),
            momentText(group.firstSeenMs),
            momentText(group.lastSeenMs),
            group.lastPerDay.toFixed(2),
            group.known ?? '-',
            safe(group.title),
          ]),
          { right: new Set(['REPORTS', 'HOSTS', 'BOOTS', 'A DAY']) },
        ),
  );
}

/** Shows one group with all that makes it what it is. */
export async function showGroup(
  session: Session,
  id: string,
  folders: readonly string[],
): Promise<void> {
  const api = await session.connect();
  const [group, issues] = await Promise.all([api.crashGroup(id), issuesWith(folders)]);
  const known = findKnown(issues, group.latest.report);
  await session.print({ ...group, known }, () => {
    const fields: (readonly [string, string])[] = [
      ['Group', group.id],
      ['Title', group.title],
      ['Reports', `${group.reports} of ${group.hosts.length} hosts in ${group.boots} boots`],
      ['First seen', momentText(group.firstSeenMs)],
      ['Last seen', momentText(group.lastSeenMs)],
      ['A day', `${group.perDay.toFixed(2)} since then, ${group.lastPerDay.toFixed(2)} of late`],
      ['Hosts', namesText(group.hosts)],
      ['Kernels', namesText(group.releases)],
      ['Because', group.because.join('\n')],
      [
        'Known as',
        known
          .map(({ title, id: issue, certainty }) => `${title} (${issue}, ${certainty})`)
          .join('\n') || 'no known issue fits its newest report',
      ],
    ];
    const texts = [
      recordText(
        fields.map(([name, value]) => [name, shown(value)]),
        session.columns,
      ),
    ];
    texts.push(
      tableText(
        ['REPORT', 'TIME', 'HOST', 'BOOT', 'KERNEL', 'PROCESS', 'IN IT BY'],
        group.members.map((one) => [
          String(one.id),
          momentText(one.atMs),
          ...[one.host, one.boot ?? '-', one.release ?? '-', one.process ?? '-', one.because].map(
            safe,
          ),
        ]),
      ),
    );
    if (group.alike.length > 0) {
      const rows = group.alike.map((one) => [safe(one.id), safe(one.title), safe(one.why)]);
      texts.push(`May be the same:\n${tableText(['GROUP', 'TITLE', 'WHY'], rows)}`);
    }
    if (group.decisions.length > 0) texts.push(`Decided:\n${decisionsText(group.decisions)}`);
    return texts.join('\n\n');
  });
}

/** Merges, splits or assigns. */
export async function decide(session: Session, request: CrashDecisionRequest): Promise<void> {
  const api = await session.connect();
  const decision = await api.decideCrashes(request);
  await session.print(
    decision,
    () =>
      `decision ${decision.id}: ${safe(wordsOf(decision))}; bridgehead crash undo ${decision.id} takes it back`,
  );
}

/** Takes a decision back. */
export async function undo(session: Session, id: number, reason: string): Promise<void> {
  const api = await session.connect();
  const decision = await api.undoCrashDecision(id, reason);
  await session.print(decision, () => `decision ${id} is taken back: ${safe(wordsOf(decision))}`);
}

/** Lists decisions, those that were taken back too where `all` is true. */
export async function listDecisions(session: Session, all: boolean): Promise<void> {
  const api = await session.connect();
  const decisions = await api.crashDecisions(all);
  await session.print(decisions, () =>
    decisions.length === 0 ? 'nothing was decided' : decisionsText(decisions),
  );
}

function decisionsText(decisions: readonly CrashDecisionView[]): string {
  return tableText(
    ['DECISION', 'TIME', 'WHO', 'WHAT', 'WHY', 'TAKEN BACK'],
    decisions.map((one) => [
      String(one.id),
      momentText(one.atMs),
      safe(one.who),
      safe(wordsOf(one)),
      safe(one.reason),
      one.undone === null
        ? '-'
        : safe(`${momentText(one.undone.atMs)} by ${one.undone.who}: ${one.undone.reason}`),
    ]),
  );
}

function wordsOf({ kind, subject, target }: CrashDecisionView): string {
  switch (kind) {
    case 'merge':
      return `merge ${subject} into ${target}`;
    case 'split':
      return `split ${subject} by ${target}`;
    case 'assign':
      return `assign report ${subject} to ${target}`;
  }
}

function namesText(names: CrashGroupView['hosts']): string {
  const some = names.slice(0, namesShown).map(({ name, reports }) => `${name || '?'} (${reports})`);
  const more = names.length - some.length;
  return some.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function safe(text: string): string {
  return oneLine(printable(text));
}

function shown(text: string): string {
  return text.split('\n').map(safe).join('\n');
}
