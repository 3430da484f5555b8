import { z } from 'zod';
import { kaplanMeier, logRank } from '../../statistics/survival.ts';
import { readJsonLines } from '../json-lines.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';

/** With fewer crashes the test's chi-square is no guide. */
const crashesLeast = 5;
const groupsMax = 100;

const bootRecord = z
  .object({
    group: z.string().max(256).default(''),
    fromDays: z.number().min(0).default(0),
    untilDays: z.number().positive(),
    crashed: z.boolean(),
  })
  .refine(({ fromDays, untilDays }) => fromDays < untilDays, 'untilDays is not after fromDays');

/** Prints survival curves and how groups compare. @throws BridgeheadError REQUEST_INVALID */
export async function tellSurvival(session: Session, file: string): Promise<void> {
  const boots = await readJsonLines(session, file, bootRecord);
  const groups = Map.groupBy(boots, ({ group }) => group);
  const shown = [...groups].slice(0, groupsMax);
  const curves = shown.map(([group, list]) => ({ group, steps: kaplanMeier(list) }));
  const test = logRank(new Map(shown));
  const crashes = boots.filter(({ crashed }) => crashed).length;
  const lack =
    crashes < crashesLeast ? `${crashes} crashes are too few to compare groups by` : null;
  const comparison = { ...test, p: lack === null ? test.p : null, lack };
  await session.print({ curves, comparison }, () => {
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
      rows.length === 0 ? 'No boot has crashed.' : tableText(head, rows),
      '',
      tableText(['GROUP', 'BOOTS', 'CRASHED', 'EXPECTED IF ALIKE'], tallies),
      '',
      verdictOf(comparison),
      'Boots of one host are taken for independent: hosts that crash often weigh more.',
    ].join('\n');
  });
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
