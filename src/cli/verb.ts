import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import { BridgeheadError } from '../domain/errors.ts';
import { outputFormats } from './output.ts';
import { openSession, type Rooms, type Session } from './session.ts';
import type { Terminal } from './terminal.ts';

/** What the definitions of the verbs are given; `exitCode` is what the verb that ran left. */
export interface CommandLine {
  readonly terminal: Terminal;
  readonly rooms: Rooms;
  exitCode: number;
}

type Value = string | boolean | readonly string[] | undefined;

/** Options as they were typed, global ones included; each read once, with its check. */
export class Given {
  readonly #values: Readonly<Record<string, Value>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values as Readonly<Record<string, Value>>;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }

  is(name: string): boolean {
    return this.#values[name] === true;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  /** A whole number in a range. @throws BridgeheadError REQUEST_INVALID */
  whole(name: string, option: string, min: number, max: number): number {
    const text = this.text(name) ?? '';
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${option} ${text} is no whole number from ${min} to ${max}`,
      `Give ${option} such a number.`,
    );
  }
}

/** What a verb does; a number is its exit code, nothing is 0. */
export type Act = (
  session: Session,
  args: readonly string[],
  given: Given,
) => Promise<number | undefined | void>;

/** The options that say where the server is. On the program too, but not on `server` and `agent`. */
export function withAccessOptions(command: Command): Command {
  return command
    .option('--server <url>', 'http(s)://HOST:PORT or unix:/path/to.sock (env BRIDGEHEAD_SERVER)')
    .option('--token <token>', 'token of the API (env BRIDGEHEAD_TOKEN)')
    .option('--token-file <path>', 'file that holds the token')
    .option('--ca <file>', 'authorities that vouch for the server, PEM (env BRIDGEHEAD_CA)')
    .option('--fingerprint <sha256>', 'of its certificate or CA (env BRIDGEHEAD_FINGERPRINT)')
    .option('--lab <name>', 'use the server of the lab of that name')
    .option('--wait-server', 'wait up to 10 s for a server that is about to start');
}

export function withOutputOption(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', `${outputFormats.join(', ')} (default: table)`),
  );
}

/** For what begins something: the name by which the server knows the request again. */
export function withKeyOption(command: Command): Command {
  return command.option('--idempotency-key <key>', 'what is sent twice with it is done once');
}

/** The key that was given, or a new one. @throws BridgeheadError REQUEST_INVALID */
export function keyOf(given: Given): string {
  const key = given.text('idempotencyKey');
  if (key === undefined) return randomUUID();
  if (/^[\x21-\x7e]{1,128}$/.test(key)) return key;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `--idempotency-key ${JSON.stringify(key)} is no key`,
    'Give 1 to 128 visible ASCII characters without spaces, such as a UUID or the number of a build.',
  );
}

/** Adds a verb that speaks to the API to a group of commands. */
export type AddVerb = (
  name: string,
  summary: string,
  examples: readonly string[],
  act: Act,
  options?: (command: Command) => Command,
) => Command;

/** Verbs of `group`, each with the options of a client. */
export function clientVerbs(group: Command, line: CommandLine): AddVerb {
  return (name, summary, examples, act, options = (command) => command) => {
    const command = options(group.command(name).description(summary));
    return does(line, withAccessOptions(withOutputOption(command)), examples, act);
  };
}

/** Gives a command its examples and what it does. */
export function does(
  line: CommandLine,
  command: Command,
  examples: readonly string[],
  act: Act,
): Command {
  command.addOption(new Option('--verbose', 'print the stack of an internal error').hideHelp());
  command.addHelpText(
    'after',
    `\nExamples:\n${examples.map((example) => `  bridgehead ${example}`).join('\n')}`,
  );
  return command.action(async (...values: unknown[]) => {
    const args = values.slice(0, -2).flatMap((value) => (value ?? []) as string | string[]);
    const options = { ...rootOf(command).opts(), ...command.opts() };
    const session = openSession(line.terminal, line.rooms, options);
    line.exitCode = (await act(session, args, new Given(options))) ?? 0;
  });
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}
