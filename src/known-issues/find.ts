import type { CrashReport } from '../crash/report.ts';
import type { IssueKind, KnownIssue } from './entry.ts';
import { matchLine, matchReport } from './match.ts';
import { releaseOf } from './release.ts';
import { conditionsOn, type Verdict, verdictOn } from './verdict.ts';

/** A known issue that a report fits, with what it says of the report's kernel. */
export interface Known {
  readonly id: string;
  readonly title: string;
  readonly kind: IssueKind;
  readonly certainty: 'likely' | 'possible';
  readonly because: readonly string[];
  readonly verdict: Verdict;
  /** What has to be so beside the release; `holds` is null where the report does not show it. */
  readonly conditions: readonly { readonly says: string; readonly holds: boolean | null }[];
}

/**
 * The known issues that a report fits, the surest first. One whose conditions do not hold, or that
 * the kernel does not have, comes last.
 */
export function findKnown(issues: readonly KnownIssue[], report: CrashReport): readonly Known[] {
  const release = releaseOf(report);
  return matchReport(issues, report)
    .map(({ issue, certainty, because }) => ({
      id: issue.id,
      title: issue.title,
      kind: issue.kind,
      certainty,
      because,
      verdict: verdictOn(issue, release),
      conditions: conditionsOn(issue, report),
    }))
    .toSorted((a, b) => Number(isRuledOut(a)) - Number(isRuledOut(b)));
}

/** Whether the kernel or a condition says that it cannot have been this one. */
export function isRuledOut({ kind, verdict, conditions }: Known): boolean {
  return (
    (kind !== 'noise' && verdict.affected === 'no') ||
    conditions.some(({ holds }) => holds === false)
  );
}

/** How often lines of a log fit an entry. */
export interface LineTally {
  readonly issue: KnownIssue;
  readonly count: number;
  readonly first: string;
}

/** Counts the lines of a log that fit entries of one line, as they come. */
export class LineTallies {
  readonly #issues: readonly KnownIssue[];
  readonly #tallies = new Map<string, LineTally>();

  constructor(issues: readonly KnownIssue[]) {
    this.#issues = issues.filter(({ signatures }) =>
      signatures.some(({ line }) => line !== undefined),
    );
  }

  push(line: string): void {
    for (const issue of matchLine(this.#issues, line)) {
      const had = this.#tallies.get(issue.id);
      this.#tallies.set(issue.id, {
        issue,
        count: (had?.count ?? 0) + 1,
        first: had?.first ?? line.slice(0, 500),
      });
    }
  }

  /** The most frequent first. */
  found(): readonly LineTally[] {
    return [...this.#tallies.values()].toSorted((a, b) => b.count - a.count);
  }
}
