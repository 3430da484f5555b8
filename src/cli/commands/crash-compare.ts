import { z } from 'zod';
import { differencesOf, type HostRecord, leastP } from '../../statistics/differences.ts';
import { hostRecordsOf } from '../../statistics/fleet.ts';
import type { OddsRatio } from '../../statistics/odds-ratio.ts';
import { readFleetCrashes } from '../fleet-crashes.ts';
import { readJsonLines } from '../json-lines.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';
import type { Given } from '../verb.ts';

const shownMax = 30;
const crashedLeast = 5;
const shownAt = 0.05;

const hostRecord = z.object({
  host: z.string().min(1).max(256),
  crashed: z.boolean(),
  facts: z.record(z.string().max(256), z.string().max(1_024)),
});

/** Prints facts by how they go together with crashes. @throws BridgeheadError REQUEST_INVALID */
export async function tellDifferences(session: Session, file: string): Promise<void> {
  await printDifferences(session, await readJsonLines(session, file, hostRecord), []);
}

/** The same of the fleet, by the record of its boots. @throws BridgeheadError REQUEST_INVALID */
export async function tellFleetDifferences(session: Session, given: Given): Promise<void> {
  const { boots, meant, notes } = await readFleetCrashes(session, given);
  await printDifferences(session, hostRecordsOf(boots, meant), notes);
}

async function printDifferences(
  session: Session,
  hosts: readonly HostRecord[],
  notes: readonly string[],
): Promise<void> {
  const crashed = hosts.filter((one) => one.crashed).length;
  const differences = differencesOf(hosts);
  const least = leastP(hosts, differences.length);
  await session.print({ hosts: hosts.length, crashed, leastP: least, notes, differences }, () => {
    const rows = differences
      .slice(0, shownMax)
      .map((one) => [
        oneLine(printable(`${one.fact}=${one.value}`)),
        `${one.havingCrashed} of ${one.having}`,
        `${one.othersCrashed} of ${one.others}`,
        oddsText(one.odds),
        one.p.toPrecision(2),
        one.adjusted.toPrecision(2),
        oneLine(printable(one.alike.join(', '))) || '-',
      ]);
    const head = [
      'FACT',
      'CRASHED WITH IT',
      'WITHOUT',
      'ODDS RATIO',
      'P',
      'P OF ALL ASKED',
      'CANNOT BE TOLD FROM',
    ];
    const few: string[] = [];
    if (crashed < crashedLeast)
      few.push(`Only ${crashed} hosts crashed: take it for a hint, no more.`);
    if (least > shownAt && differences.length > 0) {
      few.push(
        `Not enough data to show anything: the most telling fact would have p = ${least.toPrecision(2)} of all asked.`,
      );
    }
    return [
      ...notes,
      `${crashed} of ${hosts.length} hosts crashed; ${differences.length} questions were asked.`,
      ...few,
      ...(rows.length === 0
        ? ['No fact tells one host from another.']
        : ['', tableText(head, rows)]),
    ].join('\n');
  });
}

function oddsText({ ratio, low, high }: OddsRatio): string {
  const text = (value: number | null) =>
    value === null ? '∞' : value === 0 ? '0' : value.toPrecision(2);
  return `${text(ratio)} (${text(low)} to ${text(high)})`;
}
