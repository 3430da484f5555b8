import { join, resolve } from 'node:path';

/** How the `bridgehead` command is run: the program and its first arguments. */
export const bridgeheadCommand: readonly [string, ...string[]] = [
  process.execPath,
  resolve(import.meta.dirname, '../cli/main.ts'),
];

/** The words that run one of the lab's own programs, such as `backend`. */
export function programCommand(name: string): readonly [string, string] {
  return [process.execPath, join(import.meta.dirname, 'programs', `${name}.ts`)];
}
