import { readFile } from 'node:fs/promises';
import { BridgeheadError } from '../domain/errors.ts';
import type { Terminal } from './terminal.ts';

const bytesMax = 4_096;

/**
 * A password: of a file, else typed without being shown, else a line of standard input. The line
 * break at its end is none of it.
 *
 * @param prompt what a person is asked
 * @throws BridgeheadError REQUEST_INVALID where there is none
 */
export async function readPassword(
  terminal: Terminal,
  prompt: string,
  file: string | undefined,
): Promise<string> {
  if (file !== undefined) return firstLine(await textOf(file), `file ${file}`);
  if (terminal.readHidden === undefined) {
    return firstLine(await inputOf(terminal), 'standard input');
  }
  terminal.err(`${prompt}: `);
  const typed = await terminal.readHidden();
  terminal.err('\n');
  return firstLine(typed, 'what was typed');
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${file} cannot be read: ${cause.message}`,
      'Name a file that holds the password on its first line.',
      { cause },
    );
  });
}

async function inputOf(terminal: Terminal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of terminal.input()) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bytesMax || chunk.includes(10)) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function firstLine(text: string, where: string): string {
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line !== '') return line;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `there is no password in ${where}`,
    'Type it, or give it on one line: --password-file PATH, or standard input.',
  );
}
