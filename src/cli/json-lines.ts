import { createReadStream } from 'node:fs';
import type { z } from 'zod';
import { linesOf } from '../crash/lines.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { Session } from './session.ts';

const stdin = '-';
const recordsMax = 1_000_000;

/**
 * The records of a file that has one JSON object a line. Blank lines are passed over.
 *
 * @throws BridgeheadError REQUEST_INVALID for a file that cannot be read, or the first line that is
 * no such record
 */
export async function readJsonLines<Record>(
  session: Session,
  file: string,
  shape: z.ZodType<Record>,
): Promise<readonly Record[]> {
  const records: Record[] = [];
  let line = 0;
  try {
    const input: AsyncIterable<Uint8Array> =
      file === stdin ? session.terminal.input() : createReadStream(file);
    for await (const text of linesOf(input)) {
      line += 1;
      if (text.trim() === '') continue;
      if (records.length >= recordsMax) throw new Error(`more than ${recordsMax} records`);
      const { data, error } = shape.safeParse(JSON.parse(text));
      if (error !== undefined) throw new Error(faultOf(error));
      records.push(data);
    }
    return records;
  } catch (error) {
    const at = line === 0 ? file : `${file}:${line}`;
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${at} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Give a file with one JSON object a line: docs/crash-statistics.md has the fields.',
    );
  }
}

function faultOf({ issues: [first] }: z.ZodError): string {
  const path = first?.path.join('.') ?? '';
  return `${path === '' ? 'the record' : path}: ${first?.message ?? 'not valid'}`;
}
