import { z } from 'zod';
import { BridgeheadError } from '../../domain/errors.ts';
import { survivalOf } from '../../statistics/fleet.ts';
import {
  type GroupedBoot,
  type HostPermutation,
  permuteHosts,
} from '../../statistics/permutation.ts';
import { type Boot, kaplanMeier, logRank } from '../../statistics/survival.ts';
import { readFleetCrashes } from '../fleet-crashes.ts';
import { readJsonLines } from '../json-lines.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';
import type { Given } from '../verb.ts';

/** With fewer crashes the test's chi-square is no guide. */
const crashesLeast = 5;
const groupsMax = 100;

const bootRecord = z
  .object({
    group: z.string().max(256).default(''),
    fromDays: z.number().min(0).default(0),
    untilDays: z.number().positive(),
    /** Boots of one host are not independent; where it is said, that is reckoned with. */
    host: z.string().min(1).max(256).optional(),
    crashed: z.boolean(),
  })
  .refine(({ fromDays, untilDays }) => fromDays < untilDays, 'untilDays is not after fromDays');

/** Prints survival curves and how groups compare. @throws BridgeheadError REQUEST_INVALID */
export async function tellSurvival(session: Session, file: string): Promise<void> {
  const boots = await readJsonLines(session, file, bootRecord);
  const grouped = boots.map(({ group, host = null, ...boot }) => ({ host, group, boot }));
  await printSurvival(session, grouped, []);
}

/** The same of the fleet, by the record of its boots. @throws BridgeheadError REQUEST_INVALID */
export async function tellFleetSurvival(session: Session, given: Given): Promise<void> {
  const { boots, meant, notes } = await readFleetCrashes(session, given);
  const by = given.text('by');
  const grouped = boots.flatMap((one) => {
    const boot = survivalOf(one, meant);
    const group = by === undefined ? '' : (one.facts[by] ?? 'unknown');
    return boot === null ? [] : [{ host: one.host, group, boot }];
  });
  const unwatched = boots.length - grouped.length;
  const facts = [...new Set(boots.flatMap((one) => Object.keys(one.facts)))].toSorted();
  if (by !== undefined && boots.length > 0 && !facts.includes(by)) throw noFact(by, facts);
  await printSurvival(session, grouped, [
    ...notes,
    ...(unwatched > 0
      ? [`${unwatched} boots ended before they were watched, and count nothing.`]
      : []),
  ]);
}

interface Grouped {
  readonly host: string | null;
  readonly group: string;
  readonly boot: Boot;
}

async function printSurvival(
  session: Session,
  boots: readonly Grouped[],
  notes: readonly string[],
): Promise<void> {
  const groups = Map.groupBy(boots, ({ group }) => group);
  const shown = [...groups]
    .slice(0, groupsMax)
    .map(([group, list]) => [group, list.map(({ boot }) => boot)] as const);
  const curves = shown.map(([group, list]) => ({ group, steps: kaplanMeier(list) }));
  const test = logRank(new Map(shown));
  const crashes = boots.filter(({ boot }) => boot.crashed).length;
  const lack =
    crashes < crashesLeast ? `${crashes} crashes are too few to compare groups by` : null;
  const byHost = permutationOf(boots);
  const comparison = { ...test, p: lack === null ? test.p : null, lack, byHost };
  await session.print({ curves, comparison, notes }, () => {
    const rows = curves.flatMap(({ group, steps }) =>
      steps.map(({ days, atRisk, crashes: hit, share, low, high }) => [
        oneLine(printable(group)) || '-',
        String(days),
        String(atRisk),
        String(hit),
        ...[share, low, high].map((value) => value.toFixed(3)),
      ]),
    );
    const head = ['GROUP', 'UPTIME DAYS', 'AT RISK', 'CRASHED', 'LAST LONGER', 'LOW', 'HIGH'];
    const tallies = test.groups.map(({ group, boots: count, crashes: hit, expected }) => [
      oneLine(printable(group)) || '-',
      String(count),
      String(hit),
      expected.toFixed(1),
    ]);
    return [
      ...notes,
      rows.length === 0 ? 'No boot has crashed.' : tableText(head, rows),
      '',
      tableText(['GROUP', 'BOOTS', 'CRASHED', 'EXPECTED IF ALIKE'], tallies),
      '',
      verdictOf(comparison),
      hostsText(byHost),
    ].join('\n');
  });
}

// Each run gives the same answer: what is dealt out by chance begins at the same number.
function permutationOf(boots: readonly Grouped[]): HostPermutation | null {
  const known = boots.filter((one): one is GroupedBoot => one.host !== null);
  let state = 1;
  const random = () => {
    // Park and Miller's minimal standard generator (1988).
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return known.length === boots.length ? permuteHosts(known, random) : null;
}

function hostsText(byHost: HostPermutation | null): string {
  if (byHost === null) {
    return 'Boots of one host are taken for independent: hosts that crash often weigh more.';
  }
  const { p, rounds, isExact } = byHost;
  const how = isExact ? `all ${rounds} ways` : `${rounds} ways by chance`;
  return (
    `Groups dealt out to whole hosts in ${how}: p = ${p.toPrecision(2)}.` +
    ' It holds though boots of one host are alike, and with few crashes.'
  );
}

function noFact(by: string, facts: readonly string[]): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    `--by ${by} is no fact of any boot`,
    `Give one of ${facts.join(', ')}.`,
  );
}

function verdictOf({
  p,
  lack,
}: {
  readonly p: number | null;
  readonly lack: string | null;
}): string {
  if (lack !== null) return `Not enough data: ${lack}.`;
  if (p === null) return 'One group: nothing to compare.';
  return `Log-rank: a difference as large comes by chance with p = ${p.toPrecision(2)}.`;
}
