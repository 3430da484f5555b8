import type { CrashReport } from '../../crash/report.ts';
import { findKnown, type Known } from '../../known-issues/find.ts';
import { readCrashes } from '../crash-input.ts';
import { issuesWith } from '../known-issue-files.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { recordText } from '../table.ts';

const framesShown = 12;

type Parsed = CrashReport & { readonly file: string; readonly known: readonly Known[] };

/**
 * Prints the crash reports in log files, in order, with the known issues that they fit; needs no
 * server.
 *
 * @param folders of known issues beside those of the program
 * @throws BridgeheadError REQUEST_INVALID for a file that cannot be read
 */
export async function parseCrashes(
  session: Session,
  files: readonly string[],
  folders: readonly string[],
): Promise<void> {
  const issues = await issuesWith(folders);
  const found: Parsed[] = [];
  for (const file of files) {
    for (const report of await readCrashes(session, file))
      found.push({ file, ...report, known: findKnown(issues, report) });
  }
  await session.print(found, () =>
    found.length === 0 ? 'No crash report found.' : found.map(reportText).join('\n\n'),
  );
}

function reportText(report: Parsed): string {
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
    ['Fingerprint', report.fingerprint.id],
    ['  made of', report.fingerprint.parts.join(', ')],
    ...report.known.map(
      ({ id, title, certainty, verdict }) =>
        [
          certainty === 'likely' ? 'Known as' : 'Perhaps',
          `${id}: ${title}; this kernel: ${verdict.affected}, ${verdict.why}`,
        ] as const,
    ),
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
