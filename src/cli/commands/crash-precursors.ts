import { createReadStream } from 'node:fs';
import { Cutter } from '../../crash/cutter.ts';
import { openEnvelope } from '../../crash/envelope.ts';
import { linesOf } from '../../crash/lines.ts';
import type { CrashReport } from '../../crash/report.ts';
import { BridgeheadError } from '../../domain/errors.ts';
import { readMessage } from '../../logs/message.ts';
import type { CrashPrecursorsView } from '../../protocol/crash-precursor-views.ts';
import { LogPrecursors, type SaidLines } from '../../scheduler/log-precursors.ts';
import { durationText } from '../duration.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';

const shownMax = 40;
/** Of one file; the newest lines are kept. */
const linesMax = 200_000;

/** One line of a file, with when it was said by whatever clock it has, milliseconds. */
interface Line {
  readonly host: string;
  readonly app: string;
  readonly text: string;
  readonly atMs: number | null;
}

/**
 * Ranks the lines before the crash reports in log files against those of logs of healthy hosts.
 *
 * @param windowMs how long before a crash lines count, by the clock that they have
 * @throws BridgeheadError REQUEST_INVALID for a file that cannot be read
 */
export async function comparePrecursors(
  session: Session,
  crashed: readonly string[],
  healthy: readonly string[],
  windowMs: number,
): Promise<void> {
  const precursors = new LogPrecursors();
  for (const file of crashed) {
    const { lines, reports, skipped } = await readLog(session, file);
    // What one dying kernel says after its first report is no sign of it.
    const firsts = reports.filter(({ firstInBoot }) => firstInBoot);
    for (const [index, report] of firsts.entries()) {
      const from = index === 0 ? 0 : Math.max(0, (firsts[index - 1]?.line ?? 1) - 1 - skipped);
      const head = report.line - 1 - skipped;
      const host = lines[head]?.host;
      const own = lines.slice(from, Math.max(0, head)).filter((line) => line.host === host);
      precursors.take(windowOf(own, lines[head]?.atMs ?? null, windowMs, true));
    }
    const ill = new Set(reports.map(({ line }) => lines[line - 1 - skipped]?.host));
    takeHealthy(
      precursors,
      lines.filter(({ host }) => !ill.has(host)),
      windowMs,
    );
  }
  for (const file of healthy) {
    takeHealthy(precursors, (await readLog(session, file)).lines, windowMs);
  }
  await printPrecursors(session, precursors.result(windowMs));
}

function takeHealthy(found: LogPrecursors, lines: readonly Line[], windowMs: number): void {
  for (const own of Map.groupBy(lines, ({ host }) => host).values()) {
    found.take(windowOf(own, own.at(-1)?.atMs ?? null, windowMs, false));
  }
}

/** The same for crashes that a server keeps; `group` and `report` as its API takes them. */
export async function tellPrecursors(
  session: Session,
  wanted: { readonly report?: number; readonly group?: string; readonly windowMs: number },
): Promise<void> {
  const api = await session.connect();
  await printPrecursors(session, await api.crashPrecursors(wanted));
}

function windowOf(
  lines: readonly Line[],
  endMs: number | null,
  windowMs: number,
  isBeforeCrash: boolean,
): SaidLines {
  const inside = lines.filter(
    ({ atMs }) => atMs === null || endMs === null || atMs >= endMs - windowMs,
  );
  return {
    ...{ stratum: 0, isBeforeCrash },
    lines: inside.map(({ app, text }) => ({ app, text, repeats: 1 })),
  };
}

async function readLog(session: Session, file: string) {
  const cutter = new Cutter();
  const reports: CrashReport[] = [];
  const lines: Line[] = [];
  let skipped = 0;
  try {
    const input: AsyncIterable<Uint8Array> =
      file === '-' ? session.terminal.input() : createReadStream(file);
    for await (const text of linesOf(input)) {
      reports.push(...cutter.push(text));
      lines.push(lineOf(text, session.terminal.clock.wallMs()));
      if (lines.length > linesMax) skipped += lines.splice(0, linesMax / 2).length;
    }
  } catch (error) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Give log files that are there and readable, or - for the standard input.',
    );
  }
  reports.push(...cutter.flush());
  return { lines, reports: reports.toSorted((a, b) => a.line - b.line), skipped };
}

function lineOf(raw: string, nowMs: number): Line {
  const opened = openEnvelope(raw);
  const [first] = opened;
  const host = first?.host ?? '';
  const text = opened.map((line) => line.text).join(' ');
  if (typeof first?.uptimeSeconds === 'number') {
    return { host, app: 'kernel', text, atMs: first.uptimeSeconds * 1_000 };
  }
  const message = readMessage(new TextEncoder().encode(raw), nowMs);
  const isKernel = first?.isKernel === true || message.app === '';
  return {
    host: host || message.hostname,
    ...(isKernel ? { app: 'kernel', text } : { app: message.app, text: message.text }),
    atMs: message.saidMs,
  };
}

async function printPrecursors(session: Session, result: CrashPrecursorsView): Promise<void> {
  await session.print(result, () => {
    const { crashes, healthyWindows, windowMs, questions, leastP, lack, leftOut, items } = result;
    const texts = [
      `Lines within ${durationText(windowMs)} before ${crashes} crashes, held against ${healthyWindows} windows` +
        ` of healthy hosts; ${questions} questions were asked.`,
    ];
    if (leftOut > 0) texts.push(`${leftOut} lines were left out: more than are looked at.`);
    if (lack !== null) texts.push(`Not enough data: ${lack}.`);
    else if (leastP > 0.05) {
      texts.push(
        'Not enough data to show anything: the most telling line would have' +
          ` p = ${leastP.toPrecision(2)} of all asked. What is noise can be told.`,
      );
    }
    const rows = items
      .slice(0, shownMax)
      .map((one) => [
        verdicts[one.verdict],
        `${one.crashed} of ${one.crashedAll}`,
        `${one.healthy} of ${one.healthyAll}`,
        one.lift === null
          ? one.crashed > 0 && one.healthyAll > 0
            ? 'only'
            : '-'
          : one.lift.toFixed(1),
        one.adjusted.toPrecision(2),
        oneLine(printable(one.app === '' ? one.template : `${one.app}: ${one.template}`)),
      ]);
    const head = ['VERDICT', 'BEFORE CRASHES', 'HEALTHY', 'LIFT', 'P OF ALL ASKED', 'LINE'];
    if (rows.length > 0) texts.push('', tableText(head, rows));
    if (items.length > shownMax) texts.push(`and ${items.length - shownMax} more: -o json`);
    return texts.join('\n');
  });
}

const verdicts = {
  'before-crashes': 'before crashes',
  noise: 'noise: healthy hosts print it as often',
  undecided: 'too little data',
} as const;
