import { logChoose } from './gamma.ts';
import type { Boot } from './survival.ts';

/** One boot with the host it is of and the group that is asked about. */
export interface GroupedBoot {
  readonly host: string;
  readonly group: string;
  readonly boot: Boot;
}

export interface HostPermutation {
  /** How often so large a difference comes where groups are dealt out to hosts by chance. */
  readonly p: number;
  /** Ways to deal them out that were tried, this one included. */
  readonly rounds: number;
  /** True where all ways were tried. */
  readonly isExact: boolean;
}

const exactMax = 20_000;
const roundsMax = 9_999;
/** Ways that differ as much, but for rounding, count as being as extreme. */
const slack = 1e-9;

interface Tally {
  readonly crashes: number;
  /** Crashes that its boots would have, were their rate that of all at each uptime. */
  readonly expected: number;
}

/**
 * Whether groups crash at different uptimes, where boots of one host are alike: groups are dealt out
 * to whole hosts anew, and the log-rank statistic, the sum of (crashes - expected)^2 / expected, is
 * compared with that of the real ones. Each boot's expected crashes are the rise of the Nelson-Aalen
 * curve of all while it was watched, so that their sums are those of the log-rank test. Of two groups
 * and few hosts all ways are tried; else some by chance, this one counted among them (Phipson and
 * Smyth 2010), so that p is never too small. Holds with any number of crashes.
 *
 * @param random uniform over [0, 1)
 * @returns null where a host has boots of two groups, or there are fewer than two groups
 */
export function permuteHosts(
  boots: readonly GroupedBoot[],
  random: () => number,
): HostPermutation | null {
  const groupOf = new Map<string, string>();
  for (const { host, group } of boots) {
    if ((groupOf.get(host) ?? group) !== group) return null;
    groupOf.set(host, group);
  }
  const groups = [...new Set(groupOf.values())];
  if (groups.length < 2) return null;
  const hosts = [...groupOf.keys()];
  const tallies = talliesOf(boots, hosts);
  const labels = hosts.map((host) => groups.indexOf(groupOf.get(host) ?? ''));
  const seen = statisticOf(tallies, labels, groups.length) - slack;
  const first = labels.filter((label) => label === 0).length;
  if (groups.length === 2 && logChoose(hosts.length, first) <= Math.log(exactMax)) {
    return exact(tallies, first, seen);
  }
  let extreme = 1;
  for (let round = 0; round < roundsMax; round += 1) {
    shuffle(labels, random);
    if (statisticOf(tallies, labels, groups.length) >= seen) extreme += 1;
  }
  return { p: extreme / (roundsMax + 1), rounds: roundsMax + 1, isExact: false };
}

/** Crashes and expected ones of each host, in the order of `hosts`. */
function talliesOf(boots: readonly GroupedBoot[], hosts: readonly string[]): readonly Tally[] {
  const all = boots.map(({ boot }) => boot);
  const times = [...new Set(all.flatMap((one) => (one.crashed ? [one.untilDays] : [])))].toSorted(
    (a, b) => a - b,
  );
  const steps = times.map((days) => {
    const atRisk = all.filter(({ fromDays, untilDays }) => fromDays < days && days <= untilDays);
    const crashes = atRisk.filter((one) => one.crashed && one.untilDays === days).length;
    return { days, rise: crashes / atRisk.length };
  });
  const byHost = Map.groupBy(boots, ({ host }) => host);
  return hosts.map((host) => {
    const own = (byHost.get(host) ?? []).map(({ boot }) => boot);
    const expected = own.map(({ fromDays, untilDays }) =>
      steps.reduce(
        (sum, { days, rise }) => (fromDays < days && days <= untilDays ? sum + rise : sum),
        0,
      ),
    );
    return {
      crashes: own.filter(({ crashed }) => crashed).length,
      expected: expected.reduce((sum, one) => sum + one, 0),
    };
  });
}

function statisticOf(tallies: readonly Tally[], labels: readonly number[], groups: number): number {
  const excess = new Array<number>(groups).fill(0);
  const expected = new Array<number>(groups).fill(0);
  for (const [index, tally] of tallies.entries()) {
    const label = labels[index] ?? 0;
    excess[label] = (excess[label] ?? 0) + tally.crashes - tally.expected;
    expected[label] = (expected[label] ?? 0) + tally.expected;
  }
  let sum = 0;
  for (const [label, mean] of expected.entries()) {
    if (mean > 0) sum += (excess[label] ?? 0) ** 2 / mean;
  }
  return sum;
}

// All choices of `first` hosts for the first group, each as the next in lexical order.
function exact(tallies: readonly Tally[], first: number, seen: number): HostPermutation {
  const chosen = Array.from({ length: first }, (_, index) => index);
  let rounds = 0;
  let extreme = 0;
  for (;;) {
    const labels = tallies.map(() => 1);
    for (const index of chosen) labels[index] = 0;
    rounds += 1;
    if (statisticOf(tallies, labels, 2) >= seen) extreme += 1;
    let at = first - 1;
    while (at >= 0 && chosen[at] === tallies.length - first + at) at -= 1;
    if (at < 0) return { p: extreme / rounds, rounds, isExact: true };
    let next = (chosen[at] ?? 0) + 1;
    for (; at < first; at += 1, next += 1) chosen[at] = next;
  }
}

function shuffle(list: number[], random: () => number): void {
  for (let at = list.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const kept = list[at] ?? 0;
    list[at] = list[other] ?? 0;
    list[other] = kept;
  }
}
