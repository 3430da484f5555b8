import { fisherTest, holm } from './fisher.ts';
import { type OddsRatio, oddsRatio } from './odds-ratio.ts';

/** One host, whether it crashed, and what is known of it: kernel, Docker, NIC driver and so on. */
export interface HostRecord {
  readonly host: string;
  readonly crashed: boolean;
  readonly facts: Readonly<Record<string, string>>;
}

/** How a fact goes together with crashes. */
export interface Difference {
  readonly fact: string;
  readonly value: string;
  /** Hosts with it, and how many of them crashed. */
  readonly having: number;
  readonly havingCrashed: number;
  readonly others: number;
  readonly othersCrashed: number;
  /** How much more likely a host with it crashes, in odds. */
  readonly odds: OddsRatio;
  /** How likely so uneven a split is by chance, for this fact alone. */
  readonly p: number;
  /** The same after all facts that were asked about. */
  readonly adjusted: number;
  /** Other facts that the very same hosts have: nothing here can tell them apart. */
  readonly alike: readonly string[];
}

/** Facts that a host of a fleet has; more would only weaken what can be said of each. */
const differencesMax = 2_000;

/**
 * What is different about the hosts that crash: each value of each fact by Fisher's exact test, what
 * crashes more often with it first. Facts that every host or only one has are left out, since they
 * say nothing; those of the very same hosts count as one question, under the first one's name.
 */
export function differencesOf(hosts: readonly HostRecord[]): readonly Difference[] {
  const byPattern = new Map<string, { fact: string; value: string; alike: string[] }>();
  const having = new Map<string, Set<number>>();
  for (const [index, { facts }] of hosts.entries()) {
    for (const [fact, value] of Object.entries(facts)) {
      const key = JSON.stringify([fact, value]);
      const known = having.get(key) ?? new Set();
      having.set(key, known.add(index));
    }
  }
  for (const [key, indexes] of [...having].slice(0, differencesMax)) {
    if (indexes.size < 2 || indexes.size === hosts.length) continue;
    const [fact = '', value = ''] = JSON.parse(key) as string[];
    const pattern = [...indexes].join();
    const same = byPattern.get(pattern);
    if (same === undefined) byPattern.set(pattern, { fact, value, alike: [] });
    else same.alike.push(`${fact}=${value}`);
  }
  const crashed = hosts.filter((one) => one.crashed).length;
  const found = [...byPattern.values()].map(({ fact, value, alike }) => {
    const indexes = having.get(JSON.stringify([fact, value])) ?? new Set();
    const havingCrashed = [...indexes].filter((index) => hosts[index]?.crashed === true).length;
    const counts = {
      ...{ having: indexes.size, havingCrashed },
      ...{ others: hosts.length - indexes.size, othersCrashed: crashed - havingCrashed },
    };
    const table = {
      ...{ withHit: havingCrashed, withOut: indexes.size - havingCrashed },
      ...{ othersHit: counts.othersCrashed, othersOut: counts.others - counts.othersCrashed },
    };
    return { fact, value, ...counts, odds: oddsRatio(table), p: fisherTest(table), alike };
  });
  const adjusted = holm(found.map(({ p }) => p));
  return found
    .map((one, index) => ({ ...one, adjusted: adjusted[index] ?? 1 }))
    .toSorted((a, b) => a.p - b.p || excess(b) - excess(a));
}

/**
 * The least p, of all asked, that any fact could have: of one that all that crashed have, and nobody
 * else. Where that is not small, nothing can be shown.
 */
export function leastP(hosts: readonly HostRecord[], questions: number): number {
  const crashed = hosts.filter((one) => one.crashed).length;
  const table = { withHit: crashed, withOut: 0, othersHit: 0, othersOut: hosts.length - crashed };
  return Math.min(1, fisherTest(table) * Math.max(1, questions));
}

function excess(one: Omit<Difference, 'adjusted'>): number {
  return one.havingCrashed / one.having - one.othersCrashed / one.others;
}
