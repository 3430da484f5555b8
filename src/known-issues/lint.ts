import { crashesIn } from '../crash/cutter.ts';
import type { KnownIssue, ReleaseLine } from './entry.ts';
import { neverFixed, unknownRelease } from './entry.ts';
import { matchLine, matchReport } from './match.ts';
import { fileSchema } from './schema.ts';
import { compareDebian, compareRpm, compareUpstream, isOfBranch } from './version.ts';

/** A file of entries as it was read. */
export interface IssueText {
  readonly file: string;
  /** What the file holds, parsed from JSON or YAML and nothing more. */
  readonly value: unknown;
}

/** Something wrong with an entry, and where. */
export interface Fault {
  readonly file: string;
  /** Such as `issues.3.sources`, or the entry's id. */
  readonly at: string;
  readonly message: string;
}

/**
 * Everything wrong with files of entries: shape, ids given twice, releases that contradict each
 * other, examples that their entry does not match, and examples of one entry that another matches.
 *
 * @param beside further entries that an example must not match, unless one of its id replaces them
 */
export function lint(
  texts: readonly IssueText[],
  beside: readonly KnownIssue[] = [],
): {
  readonly issues: readonly KnownIssue[];
  readonly faults: readonly Fault[];
} {
  const faults: Fault[] = [];
  const found: { file: string; issue: KnownIssue }[] = [];
  for (const { file, value } of texts) {
    const read = fileSchema.safeParse(value);
    if (read.success)
      found.push(...read.data.issues.map((issue) => ({ file, issue: plain(issue) })));
    else
      for (const { path, message } of read.error.issues)
        faults.push({ file, at: path.join('.') || 'the file', message });
  }
  const issues = found.map(({ issue }) => issue);
  const ids = new Set(issues.map(({ id }) => id));
  const all = [...issues, ...beside.filter(({ id }) => !ids.has(id))];
  const seen = new Set<string>();
  for (const { file, issue } of found) {
    const say = (message: string) => faults.push({ file, at: issue.id, message });
    if (seen.has(issue.id)) say('the id is given twice');
    seen.add(issue.id);
    for (const message of releaseFaults(issue)) say(message);
    for (const message of exampleFaults(issue, all)) say(message);
  }
  return { issues, faults };
}

// The schema's output has keys of value undefined; entries have none.
function plain(issue: unknown): KnownIssue {
  return JSON.parse(JSON.stringify(issue)) as KnownIssue;
}

function* releaseFaults(issue: KnownIssue): Generator<string> {
  if (issue.kind === 'bug' && !issue.releases.some(({ of }) => of === 'mainline'))
    yield 'a bug needs a line of mainline, be it with fixed: unknown';
  const lines = new Set<string>();
  for (const line of issue.releases) {
    const name = `${line.of} ${line.branch ?? ''}`.trim();
    if (lines.has(name)) yield `${name} is there twice`;
    lines.add(name);
    const { branch, fixed, introduced } = line;
    for (const release of [fixed, introduced, ...(line.alsoFixed ?? [])]) {
      if (release === undefined || release === unknownRelease || release === neverFixed) continue;
      if (branch !== undefined && !isOfBranch(release, branch))
        yield `${release} is not of the branch ${branch}`;
    }
    if (isRelease(fixed) && isRelease(introduced) && compare(line, introduced, fixed) >= 0)
      yield `${name}: introduced in ${introduced}, and fixed before that, in ${fixed}`;
  }
}

function isRelease(release: string | undefined): release is string {
  return release !== undefined && release !== unknownRelease && release !== neverFixed;
}

function compare(line: ReleaseLine, a: string, b: string): number {
  if (line.of === 'mainline' || line.of === 'stable') return compareUpstream(a, b);
  return line.of === 'debian' || line.of === 'ubuntu' ? compareDebian(a, b) : compareRpm(a, b);
}

function* exampleFaults(issue: KnownIssue, issues: readonly KnownIssue[]): Generator<string> {
  for (const [index, example] of issue.examples.entries()) {
    const matched = matchedBy(issues, example);
    if (!matched.some(({ id }) => id === issue.id))
      yield `example ${index + 1} is not matched by the entry itself`;
    for (const other of matched) {
      // A symptom has many causes, and an entry of one of them may fit too.
      if (other.id !== issue.id && other.kind === issue.kind && issue.kind !== 'symptom')
        yield `example ${index + 1} is matched by ${other.id} too`;
    }
  }
}

/** Entries that any report or line of an example fits. */
function matchedBy(
  issues: readonly KnownIssue[],
  example: readonly string[],
): readonly KnownIssue[] {
  const reports = crashesIn(example.join('\n'));
  return issues.filter(
    (issue) =>
      reports.some((report) => matchReport([issue], report).length > 0) ||
      example.some((line) => matchLine([issue], line).length > 0),
  );
}
