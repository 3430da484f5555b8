import type { ApiClient } from './client.ts';
import { type Access, type AccessOptions, findAccess } from './context.ts';
import type { Lab } from './lab-contract.ts';
import type { AgentOptions, ServerOptions } from './options.ts';
import { type OutputFormat, parseOutput, print } from './output.ts';
import { oneLine, printable } from './printable.ts';
import { type Paint, paintFor, type Terminal } from './terminal.ts';

/** Rooms that a command may need and most do not; loaded when asked for. */
export interface Rooms {
  readonly lab: () => Promise<Lab>;
  readonly server: () => Promise<{
    readonly runServer: (options: ServerOptions) => Promise<void>;
  }>;
  readonly agent: () => Promise<{ readonly runAgent: (options: AgentOptions) => Promise<void> }>;
}

/** What one run of one command works with. */
export interface Session {
  readonly terminal: Terminal;
  readonly format: OutputFormat;
  /** Colours for standard output. */
  readonly paint: Paint;
  /** How wide a table may be; infinite where no terminal shows it. */
  readonly columns: number;
  /** Finds the server, and what opens it. */
  readonly access: () => Promise<Access>;
  /** Makes that server's client; an exact one leaves control characters as they are. */
  readonly connect: (isExact?: boolean) => Promise<ApiClient>;
  readonly lab: () => Promise<Lab>;
  /** Prints `value` in the format asked for; `table` makes a person's text of it. */
  readonly print: (value: unknown, table: () => string) => Promise<void>;
}

/** Options that every command takes that speaks to a server or prints records. */
export interface SharedOptions extends AccessOptions {
  readonly output?: string | undefined;
  /** Wait a little for a server that is about to start. */
  readonly waitServer?: boolean | undefined;
}

/** @throws BridgeheadError REQUEST_INVALID for an unknown output format */
export function openSession(terminal: Terminal, rooms: Rooms, options: SharedOptions): Session {
  const format = parseOutput(options.output);
  const access = () => findAccess(options, terminal.env);
  return {
    terminal,
    format,
    paint: paintFor(terminal, 'out'),
    columns: terminal.outColumns ?? Number.POSITIVE_INFINITY,
    access,
    connect: async (isExact = false) => {
      const { createClient } = await import('./client.ts');
      return createClient(await access(), {
        clock: terminal.clock,
        isWaiting: options.waitServer === true,
        isShown: format === 'table' && !isExact,
        say: (line) => terminal.err(`${oneLine(printable(line))}\n`),
      });
    },
    lab: rooms.lab,
    print: (value, table) => print(terminal, format, value, table),
  };
}
