import type { CrashKind } from '../crash/report.ts';

/** What an entry says of what it matches. */
export type IssueKind =
  /** One fault in the code, with releases that have it and releases that don't. */
  | 'bug'
  /** What many faults look like; a release alone decides nothing. */
  | 'symptom'
  /** Often blamed, and harmless by itself. */
  | 'noise';

/** Whose numbers a line of releases is in. */
export type ReleaseSeries =
  | 'mainline'
  | 'stable'
  | 'debian'
  | 'ubuntu'
  | 'rhel'
  | 'sles'
  | 'amazon';

/** A release, or why there is none: nobody has established it, or it was never backported. */
export type FixedIn = string;
export const unknownRelease = 'unknown';
export const neverFixed = 'never';

/** From which release to which a fault is there, in one series of releases. */
export interface ReleaseLine {
  readonly of: ReleaseSeries;
  /**
   * Which releases of the series: `3.16` of stable and of Debian, `4.15.0` of Ubuntu, `3.10.0` of
   * RHEL, `4.12.14-122` of SLES. Left out for mainline.
   */
  readonly branch?: string;
  /** First release with the fault; left out where it was always there, `unknown` where nobody knows. */
  readonly introduced?: string;
  /** First release without it, `unknown`, or `never` for a branch that never got the fix. */
  readonly fixed: FixedIn;
  /** Releases of older builds that got the fix too, such as RHEL's z-streams. */
  readonly alsoFixed?: readonly string[];
  /** What to go to where the branch has no fix. */
  readonly upgrade?: string;
  /** On what the line rests, where it is not the entry's sources alone. */
  readonly note?: string;
}

/**
 * What a report, or a line of the log, has to look like. Everything that is given has to hold; of a
 * list one is enough, but `frames` has to be there whole. Patterns are those of `pattern.ts`.
 */
export interface Signature {
  /** How sure a match is: `likely` unless said. */
  readonly certainty?: 'likely' | 'possible';
  readonly kinds?: readonly CrashKind[];
  /** Functions at fault, plain. */
  readonly functions?: readonly string[];
  /** Functions that stand in the trace, reliable or not. */
  readonly frames?: readonly string[];
  readonly modules?: readonly string[];
  /** Pattern of the title. */
  readonly title?: string;
  /** Patterns of the report's lines; each has to be in one. */
  readonly messages?: readonly string[];
  /** Pattern of one line of the log, inside a report or not; stands alone. */
  readonly line?: string;
}

/** What has to be so beside the release. */
export interface Condition {
  readonly about:
    | 'driver'
    | 'driver-version'
    | 'firmware'
    | 'uptime'
    | 'clock-source'
    | 'setting'
    | 'hardware'
    | 'software'
    | 'load';
  readonly says: string;
  /** For `uptime`: checked where the report says how long the host was up. */
  readonly uptimeDaysMin?: number;
}

export interface Source {
  readonly url: string;
  /** What is to be read there. */
  readonly says: string;
}

/** One known issue. */
export interface KnownIssue {
  readonly id: string;
  readonly title: string;
  readonly kind: IssueKind;
  /** What happens, in two or three sentences. */
  readonly what: string;
  readonly signatures: readonly Signature[];
  readonly releases: readonly ReleaseLine[];
  readonly conditions?: readonly Condition[];
  /** Commits of the fix, mainline's first; 7 to 40 hexadecimal digits. */
  readonly commits?: readonly string[];
  readonly cve?: string;
  readonly sources: readonly Source[];
  readonly advice: string;
  /** Lines of a log that the entry has to match: reports of one, or single lines. */
  readonly examples: readonly (readonly string[])[];
}

/** A file of entries. */
export interface KnownIssueFile {
  readonly subject: string;
  readonly issues: readonly KnownIssue[];
}
