import { BridgeheadError } from '../domain/errors.ts';
import type { Terminal } from './terminal.ts';

export const outputFormats = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** The format that was asked for, or `table`. @throws BridgeheadError REQUEST_INVALID for another */
export function parseOutput(text: string | undefined): OutputFormat {
  if (text === undefined) return 'table';
  const format = outputFormats.find((known) => known === text);
  if (format !== undefined) return format;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `-o ${text} is no output format`,
    `Choose one of ${outputFormats.join(', ')}.`,
  );
}

/**
 * Prints a value for a program (JSON, YAML: field names as in the API), or, for a person, the text
 * that `table` makes of it.
 */
export async function print(
  terminal: Terminal,
  format: OutputFormat,
  value: unknown,
  table: () => string,
): Promise<void> {
  if (format === 'json') {
    terminal.out(`${JSON.stringify(value, null, 2)}\n`);
  } else if (format === 'yaml') {
    const { stringify } = await import('yaml');
    terminal.out(stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }));
  } else {
    terminal.out(`${table()}\n`);
  }
}
