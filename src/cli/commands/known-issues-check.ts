import { type Fault, lint } from '../../known-issues/lint.ts';
import { builtInIssues, builtInTexts, readTexts } from '../known-issue-files.ts';
import { printable } from '../printable.ts';
import type { Session } from '../session.ts';

const wrongExit = 2;

/**
 * Checks files of known issues, those of the program where no path is given, and prints what is
 * wrong. @returns 2 where anything is
 *
 * @throws BridgeheadError REQUEST_INVALID for a file that cannot be read
 */
export async function checkIssues(session: Session, paths: readonly string[]): Promise<number> {
  const texts =
    paths.length === 0 ? builtInTexts() : (await Promise.all(paths.map(readTexts))).flat();
  const { issues, faults } = lint(texts, paths.length === 0 ? [] : builtInIssues());
  await session.print({ files: texts.length, issues: issues.length, faults }, () =>
    [
      ...faults.map(faultText),
      `${issues.length} entries in ${texts.length} files: ${faults.length === 0 ? 'all is well' : `${faults.length} faults`}`,
    ].join('\n'),
  );
  return faults.length === 0 ? 0 : wrongExit;
}

function faultText({ file, at, message }: Fault): string {
  return printable(`${file}: ${at}: ${message}`);
}
