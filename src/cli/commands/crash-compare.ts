import { z } from 'zod';
import { differencesOf } from '../../statistics/differences.ts';
import { readJsonLines } from '../json-lines.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';

const shownMax = 30;
const crashedLeast = 5;

const hostRecord = z.object({
  host: z.string().min(1).max(256),
  crashed: z.boolean(),
  facts: z.record(z.string().max(256), z.string().max(1_024)),
});

/** Prints facts by how they go together with crashes. @throws BridgeheadError REQUEST_INVALID */
export async function tellDifferences(session: Session, file: string): Promise<void> {
  const hosts = await readJsonLines(session, file, hostRecord);
  const crashed = hosts.filter((one) => one.crashed).length;
  const differences = differencesOf(hosts);
  await session.print({ hosts: hosts.length, crashed, differences }, () => {
    const rows = differences
      .slice(0, shownMax)
      .map((one) => [
        oneLine(printable(`${one.fact}=${one.value}`)),
        `${one.havingCrashed} of ${one.having}`,
        `${one.othersCrashed} of ${one.others}`,
        one.p.toPrecision(2),
        one.adjusted.toPrecision(2),
        oneLine(printable(one.alike.join(', '))) || '-',
      ]);
    const head = [
      'FACT',
      'CRASHED WITH IT',
      'WITHOUT',
      'P',
      'P OF ALL ASKED',
      'CANNOT BE TOLD FROM',
    ];
    const few =
      crashed < crashedLeast ? [`Only ${crashed} hosts crashed: take it for a hint, no more.`] : [];
    return [
      `${crashed} of ${hosts.length} hosts crashed; ${differences.length} questions were asked.`,
      ...few,
      ...(rows.length === 0
        ? ['No fact tells one host from another.']
        : ['', tableText(head, rows)]),
    ].join('\n');
  });
}
