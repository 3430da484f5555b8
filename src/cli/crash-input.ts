import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Cutter } from '../crash/cutter.ts';
import { linesOf } from '../crash/lines.ts';
import type { CrashReport } from '../crash/report.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { Session } from './session.ts';

const stdin = '-';

/**
 * The crash reports in a log file, `-` for the standard input, in order.
 *
 * @param onLine called with each line as it stands in the file
 * @throws BridgeheadError REQUEST_INVALID for a file that cannot be read
 */
export async function readCrashes(
  session: Session,
  file: string,
  onLine?: (line: string) => void,
): Promise<readonly CrashReport[]> {
  const cutter = new Cutter();
  const found: CrashReport[] = [];
  try {
    if (file !== stdin && (await stat(file)).isDirectory()) throw new Error('it is a directory');
    const input: AsyncIterable<Uint8Array> =
      file === stdin ? session.terminal.input() : createReadStream(file);
    for await (const line of linesOf(input)) {
      onLine?.(line);
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
