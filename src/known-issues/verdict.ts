import type { CrashReport } from '../crash/report.ts';
import { type KnownIssue, neverFixed, type ReleaseLine, unknownRelease } from './entry.ts';
import type { KernelRelease } from './release.ts';
import { compareDebian, compareRpm, compareUpstream, isOfBranch } from './version.ts';

/**
 * Whether a release has the fault. `likely` where what it is made from has it, and a distribution
 * may have taken the fix by itself.
 */
export type Affected = 'yes' | 'likely' | 'no' | 'unknown';

export interface Verdict {
  readonly affected: Affected;
  /** Why, as a sentence without a full stop. */
  readonly why: string;
  /** The lowest release with the fix on the branch the kernel is of; null where none is known. */
  readonly fixedOnBranch: string | null;
  /** Whether the branch never got the fix, as far as the entry says. */
  readonly neverOnBranch: boolean;
  /** First mainline release with the fix; null where it is unknown, or there is none. */
  readonly fixedInMainline: string | null;
  /** What to install, as a sentence without a full stop; null where nothing helps. */
  readonly upgrade: string | null;
}

/**
 * What an entry says of a release: the line of its distribution first, then that of its stable
 * branch, then mainline. What no line decides is `unknown`; nothing is guessed from a number that
 * only looks higher.
 */
export function verdictOn(issue: KnownIssue, release: KernelRelease | null): Verdict {
  const mainline = issue.releases.find((line) => line.of === 'mainline');
  const fixedInMainline = releaseOrNull(mainline?.fixed);
  const line = release === null ? undefined : lineFor(issue, release);
  const rest = {
    fixedOnBranch: releaseOrNull(line?.fixed),
    neverOnBranch: line?.fixed === neverFixed,
    fixedInMainline,
  };
  if (issue.kind === 'noise')
    return { affected: 'no', why: 'the message is harmless by itself', ...rest, upgrade: null };
  if (release === null)
    return {
      affected: 'unknown',
      why: 'the report names no release',
      ...rest,
      upgrade: fixedInMainline === null ? null : `mainline ${fixedInMainline} or later has the fix`,
    };
  const { affected, why } =
    line === undefined ? byMainline(issue, release, mainline) : byLine(line, release);
  const upgrade = affected === 'no' ? null : upgradeOf(issue, line, fixedInMainline);
  return { affected, why, ...rest, upgrade };
}

interface Finding {
  readonly affected: Affected;
  readonly why: string;
}

function byLine(line: ReleaseLine, release: KernelRelease): Finding {
  const own = ownVersion(line, release);
  const where = nameOf(line);
  if (line.fixed === neverFixed)
    return { affected: 'yes', why: `the fix was never backported to ${where}` };
  if (own === null)
    return {
      affected: 'unknown',
      why: `${release.release} does not say which package is installed, and that is what ${where} counts by`,
    };
  if (line.introduced !== undefined && line.introduced !== unknownRelease) {
    if (compareIn(line, own, line.introduced) < 0)
      return {
        affected: 'no',
        why: `${own} is older than ${line.introduced}, which brought it in`,
      };
  }
  if (line.fixed === unknownRelease)
    return { affected: 'unknown', why: `which release of ${where} has the fix is not known` };
  const isFixed = compareIn(line, own, line.fixed) >= 0 || hasStream(line, own);
  if (isFixed)
    return { affected: 'no', why: `${own} has the fix, which ${where} has since ${line.fixed}` };
  if (line.of === 'stable' && release.vendor !== 'kernel.org')
    return {
      affected: 'likely',
      why: `it is made from ${own}, and ${where} has the fix since ${line.fixed}; the distribution may have taken it by itself`,
    };
  return {
    affected: 'yes',
    why: `${own} is older than ${line.fixed}, the first of ${where} with the fix`,
  };
}

function byMainline(
  issue: KnownIssue,
  release: KernelRelease,
  mainline: ReleaseLine | undefined,
): Finding {
  const unknown = {
    affected: 'unknown' as const,
    why: `nothing is known of this fault in ${seriesOf(release)}`,
  };
  if (mainline === undefined) return unknown;
  const { introduced, fixed } = mainline;
  const isLater =
    introduced !== undefined &&
    introduced !== unknownRelease &&
    compareUpstream(release.base, introduced) < 0;
  // Red Hat and SUSE carry code of later releases, so that their number says nothing here.
  if (isLater && release.vendor !== 'rhel' && release.vendor !== 'sles')
    return {
      affected: 'no',
      why: `it came in with ${introduced}, and this kernel grew out of ${release.base}`,
    };
  if (fixed === unknownRelease || fixed === neverFixed || isLater) return unknown;
  if (compareUpstream(release.base, fixed) >= 0)
    return {
      affected: 'no',
      why: `it grew out of ${release.base}, and mainline has the fix since ${fixed}`,
    };
  if (release.upstream === null) return unknown;
  // A branch that no line speaks of: the fix may have been backported to it.
  return issue.releases.some(({ of }) => of === 'stable') || release.base !== release.upstream
    ? {
        affected: 'unknown',
        why: `mainline has the fix since ${fixed}; whether ${release.base} got it is not known`,
      }
    : {
        affected: 'yes',
        why: `${release.upstream} is older than ${fixed}, the first with the fix`,
      };
}

function lineFor(issue: KnownIssue, release: KernelRelease): ReleaseLine | undefined {
  const own = issue.releases.filter(
    ({ of, branch }) =>
      of === release.vendor && isOfBranch(release.packageVersion ?? release.release, branch ?? ''),
  );
  // The narrowest branch speaks for the kernel.
  const narrowest = own.toSorted((a, b) => (b.branch?.length ?? 0) - (a.branch?.length ?? 0))[0];
  if (narrowest !== undefined && !isOtherFlavour(narrowest, release)) return narrowest;
  if (release.upstream === null) return undefined;
  return issue.releases.find(({ of, branch }) => of === 'stable' && branch === release.base);
}

// Ubuntu's kernels for clouds count by themselves.
function isOtherFlavour(line: ReleaseLine, release: KernelRelease): boolean {
  return (
    line.of === 'ubuntu' && !/^(?:generic|lowlatency|virtual|server)/.test(release.flavour ?? '')
  );
}

function ownVersion(line: ReleaseLine, release: KernelRelease): string | null {
  return line.of === 'stable' || line.of === 'mainline' ? release.upstream : release.packageVersion;
}

function compareIn(line: ReleaseLine, a: string, b: string): number {
  if (line.of === 'stable' || line.of === 'mainline') return compareUpstream(a, b);
  if (line.of === 'debian') return compareDebian(a, b);
  // The name of a running Ubuntu kernel may lack the upload's number.
  if (line.of === 'ubuntu') return compareDebian(shortened(a, b), shortened(b, a));
  return compareRpm(a, b);
}

function shortened(version: string, other: string): string {
  return /-\d+$/.test(other) ? version.replace(/(-\d+)\.\d+.*$/, '$1') : version;
}

/** Whether it is of a build that got the fix in a stream of its own: `3.10.0-957.35.1.el7`. */
function hasStream(line: ReleaseLine, own: string): boolean {
  return (line.alsoFixed ?? []).some((fixed) => {
    const build = /^[\d.]+-\d+/.exec(fixed)?.[0] ?? fixed;
    return isOfBranch(own, build) && compareIn(line, own, fixed) >= 0;
  });
}

function upgradeOf(
  issue: KnownIssue,
  line: ReleaseLine | undefined,
  fixedInMainline: string | null,
): string | null {
  if (line?.upgrade !== undefined) return line.upgrade;
  const onBranch = releaseOrNull(line?.fixed);
  if (line !== undefined && onBranch !== null) return `${nameOf(line)} ${onBranch} or later`;
  const branches = issue.releases
    .filter(({ of, fixed }) => of === 'stable' && releaseOrNull(fixed) !== null)
    .map(({ fixed }) => fixed);
  if (fixedInMainline === null)
    return branches.length === 0 ? null : `stable ${branches.join(', ')} or later of each branch`;
  const also = branches.length === 0 ? '' : `, or of the stable branches ${branches.join(', ')}`;
  return `${fixedInMainline} or later${also}`;
}

function releaseOrNull(fixed: string | undefined): string | null {
  return fixed === undefined || fixed === unknownRelease || fixed === neverFixed ? null : fixed;
}

const names = {
  mainline: 'mainline',
  stable: 'stable',
  debian: 'Debian',
  ubuntu: 'Ubuntu',
  rhel: 'RHEL',
  sles: 'SLES',
  amazon: 'Amazon Linux',
} as const;

/** A line's series and branch in words, such as `Debian 3.16`. */
export function nameOf({ of, branch }: ReleaseLine): string {
  return branch === undefined ? names[of] : `${names[of]} ${branch}`;
}

function seriesOf(release: KernelRelease): string {
  const { vendor } = release;
  return vendor === 'kernel.org' || vendor === 'other'
    ? release.base
    : `${names[vendor]}'s ${release.base}`;
}

/** What has to be so beside the release, with what the report says of it. */
export function conditionsOn(
  issue: KnownIssue,
  report: CrashReport | null,
): readonly { readonly says: string; readonly holds: boolean | null }[] {
  return (issue.conditions ?? []).map(({ says, uptimeDaysMin }) => ({
    says,
    holds:
      uptimeDaysMin === undefined || report === null || report.uptimeSeconds === null
        ? null
        : report.uptimeSeconds >= uptimeDaysMin * 86_400,
  }));
}

/** Every release that is known to have the fix, in words: mainline first. */
export function fixesOf(issue: KnownIssue): readonly string[] {
  return issue.releases.flatMap((line) =>
    releaseOrNull(line.fixed) === null
      ? line.fixed === neverFixed
        ? [`never in ${nameOf(line)}`]
        : []
      : [`${nameOf(line)} since ${line.fixed}`],
  );
}
