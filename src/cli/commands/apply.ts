import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { BridgeheadError } from '../../domain/errors.ts';
import { changesText } from '../changes.ts';
import { findingText } from '../findings.ts';
import { readLimited } from '../read-limited.ts';
import type { Session } from '../session.ts';
import { paintFor } from '../terminal.ts';

/** What the API takes in characters; in UTF-8 none is shorter than a byte. */
const specBytesMax = 16 * 1024 * 1024;

export interface ApplyOptions {
  /** A path, or `-` for standard input. */
  readonly file: string;
  readonly dryRun: boolean;
  readonly prune: boolean;
}

/** Sends a spec and shows what it changed; what is wrong in it is shown beside its own lines. */
export async function apply(session: Session, options: ApplyOptions): Promise<void> {
  const { file, dryRun, prune } = options;
  const { terminal, format } = session;
  const source = file === '-' ? 'stdin' : file;
  const text = await readSpec(file === '-' ? terminal.input() : createReadStream(file), source);
  const paint = paintFor(terminal, 'err');
  const api = await session.connect();
  try {
    const answer = await api.apply({ source: nameOf(source), text, dryRun, prune });
    if (format === 'table') {
      for (const warning of answer.warnings)
        terminal.err(`${findingText(source, text, warning, 'warning', paint)}\n`);
    }
    await session.print(answer, () => changesText(answer.changes, answer.dryRun, session.paint));
  } catch (error) {
    if (error instanceof BridgeheadError && format !== 'json') {
      for (const finding of error.findings)
        terminal.err(`${findingText(source, text, finding, 'error', paint)}\n`);
    }
    throw error;
  }
}

// The API takes no longer name than this, and it only labels messages.
function nameOf(source: string): string {
  return source.length <= 1_024 ? source : basename(source).slice(-1_024);
}

async function readSpec(stream: AsyncIterable<Uint8Array>, source: string): Promise<string> {
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
  if (text !== null) return text;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `spec ${source} is longer than 16 MiB`,
    'A scheduler takes no more at once: apply it in parts, without --prune.',
  );
}
