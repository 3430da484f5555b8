import { BridgeheadError } from '../domain/errors.ts';
import type { OutputFormat } from './output.ts';
import { oneLine, printable } from './printable.ts';
import { paintFor, type Terminal } from './terminal.ts';

/**
 * Prints what ended a command on standard error: two lines for a person, one JSON object with
 * `-o json`. The stack of a bug is shown with `--verbose` only.
 *
 * @returns the exit code
 */
export function reportFailure(
  error: unknown,
  terminal: Terminal,
  options: { readonly format: OutputFormat; readonly verbose: boolean },
): number {
  const known = BridgeheadError.wrap(error);
  if (options.format === 'json') {
    terminal.err(`${JSON.stringify({ error: known.body() })}\n`);
  } else {
    const paint = paintFor(terminal, 'err');
    terminal.err(`${paint('red', 'error:')} ${lineOf(known.message)} (${known.code})\n`);
    terminal.err(`${paint('bold', 'next:')} ${lineOf(known.next)}\n`);
  }
  if (known.code === 'INTERNAL' && options.verbose) {
    const cause = known.cause instanceof Error ? known.cause : known;
    terminal.err(`${cause.stack ?? String(cause)}\n`);
  }
  return known.exitCode;
}

// Two lines are two lines, whatever a program that failed had to say.
function lineOf(text: string): string {
  return oneLine(printable(text));
}
