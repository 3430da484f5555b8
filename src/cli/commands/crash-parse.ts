import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Cutter } from '../../crash/cutter.ts';
import { linesOf } from '../../crash/lines.ts';
import type { CrashReport } from '../../crash/report.ts';
import { BridgeheadError } from '../../domain/errors.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { recordText } from '../table.ts';

const framesShown = 12;
const stdin = '-';

/**
 * Prints the crash reports in log files, in order; needs no server.
 *
 * @throws BridgeheadError REQUEST_INVALID for a file that cannot be read
 */
export async function parseCrashes(session: Session, files: readonly string[]): Promise<void> {
  const found: (CrashReport & { readonly file: string })[] = [];
  for (const file of files) {
    for (const report of await crashesOf(session, file)) found.push({ file, ...report });
  }
  await session.print(found, () =>
    found.length === 0 ? 'No crash report found.' : found.map(reportText).join('\n\n'),
  );
}

async function crashesOf(session: Session, file: string): Promise<readonly CrashReport[]> {
  const cutter = new Cutter();
  const found: CrashReport[] = [];
  try {
    if (file !== stdin && (await stat(file)).isDirectory()) throw new Error('it is a directory');
    const input: AsyncIterable<Uint8Array> =
      file === stdin ? session.terminal.input() : createReadStream(file);
    for await (const line of linesOf(input)) {
      found.push(...cutter.push(line));
    }
  } catch (error) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Give log files that are there and readable, or - for the standard input.',
    );
  }
  return [...found, ...cutter.flush()].toSorted((a, b) => a.line - b.line);
}

function reportText(report: CrashReport & { readonly file: string }): string {
  const fields: (readonly [string, string | number | null])[] = [
    ['Where', `${report.file}:${report.line}`],
    ['Kind', report.kind],
    ['Function', inModule(report.function, report.module)],
    ['Process', report.process === null ? null : `${report.process} (${report.pid ?? '?'})`],
    ['CPU', report.cpu],
    ['Kernel', report.release],
    ['Taint', report.taint === '' ? 'none' : report.taint],
    ['Hardware', report.hardware],
    ['Uptime', report.uptimeSeconds === null ? null : `${report.uptimeSeconds} s`],
    ['Host', report.host],
    ['First in boot', report.firstInBoot ? 'yes' : 'no'],
    ['Whole', report.corrupted ? `no: ${report.doubts.join('; ')}` : 'yes'],
    ['Fingerprint', `v${report.fingerprint.version} ${report.fingerprint.id}`],
    ['  made of', report.fingerprint.parts.join(', ')],
  ];
  const said = fields.flatMap(([name, value]) =>
    value === null ? [] : [[name, oneLine(printable(String(value)))] as const],
  );
  const frames = report.frames
    .slice(0, framesShown)
    .map(
      (frame) => `  ${frame.isReliable ? ' ' : '?'} ${inModule(frame.symbol, frame.module) ?? ''}`,
    );
  const more = report.frames.length - frames.length;
  if (more > 0) frames.push(`    ${more} more`);
  return [
    printable(report.title),
    recordText(said),
    ...(frames.length > 0 ? ['Trace'] : []),
    ...frames.map(printable),
  ].join('\n');
}

function inModule(name: string | null, module: string | null): string | null {
  return name === null || module === null ? name : `${name} [${module}]`;
}
