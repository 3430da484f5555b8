import { createReadStream } from 'node:fs';
import { BridgeheadError } from '../domain/errors.ts';
import { readLimited } from './read-limited.ts';
import type { Terminal } from './terminal.ts';

/** What the API takes in characters; in UTF-8 none is shorter than a byte. */
const specBytesMax = 16 * 1024 * 1024;

/** A spec as a person calls it, with its text. */
export interface SpecText {
  readonly source: string;
  readonly text: string;
}

/** The text of a file, or of standard input for `-`. @throws BridgeheadError REQUEST_INVALID */
export async function readSpecText(terminal: Terminal, file: string): Promise<SpecText> {
  const source = file === '-' ? 'stdin' : file;
  const stream = file === '-' ? terminal.input() : createReadStream(file);
  let text: string | null;
  try {
    text = await readLimited(stream, specBytesMax);
  } catch (error) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `spec ${source} cannot be read: ${(error as Error).message}`,
      'Check the path; -f - reads the spec from standard input.',
    );
  }
  if (text !== null) return { source, text };
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `spec ${source} is longer than 16 MiB`,
    'A scheduler takes no more at once: apply it in parts, without --prune.',
  );
}
