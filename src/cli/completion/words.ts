import type { Command, Option } from 'commander';
import { kinds } from '../kinds.ts';
import { partitionSides } from '../lab-contract.ts';
import { outputFormats } from '../output.ts';

/** What may stand for the value of an option or an argument. */
export type Value =
  | { readonly kind: 'none' }
  | { readonly kind: 'free' }
  | { readonly kind: 'file' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] };

export interface OptionWords {
  /** As typed, such as `-o` and `--output`. */
  readonly flags: readonly string[];
  readonly summary: string;
  readonly value: Value;
}

/** One command as a shell has to know it. */
export interface CommandWords {
  /** The words that call it; empty for the program itself. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  /** What may stand for its first argument. */
  readonly arguments: readonly string[];
  readonly options: readonly OptionWords[];
}

/** Placeholders in the options' own help that stand for a path. */
const filePlaceholders = /<(file|path)>/;
/** Values that the verbs check themselves, so that their errors say what would do. */
const choicesOf: Readonly<Record<string, readonly string[]>> = {
  '--output': outputFormats,
  '--from': partitionSides,
};

/** The program and every command below it, the program first. */
export function wordsOf(program: Command): readonly CommandWords[] {
  return below(program, []);
}

function below(command: Command, path: readonly string[]): readonly CommandWords[] {
  const own: CommandWords = {
    path,
    commands: command.commands.map((one) => ({ name: one.name(), summary: one.description() })),
    arguments: argumentsOf(command),
    options: [
      ...command.options
        .filter((option) => !option.hidden)
        .map((option) => ({
          flags: [option.short, option.long].filter((flag) => flag !== undefined),
          summary: option.description,
          value: valueOf(option),
        })),
      { flags: ['-h', '--help'], summary: 'print help', value: { kind: 'none' } },
    ],
  };
  return [own, ...command.commands.flatMap((one) => below(one, [...path, one.name()]))];
}

function argumentsOf(command: Command): readonly string[] {
  const [first] = command.registeredArguments;
  if (first === undefined) return [];
  if (first.argChoices !== undefined) return first.argChoices;
  if (first.name() !== 'kind') return [];
  // `describe` shows one object, and an event has no record of its own.
  if (command.name() === 'describe') return kinds.filter((kind) => kind !== 'event');
  return kinds.map((kind) => `${kind}s`);
}

function valueOf({ flags, argChoices, long }: Option): Value {
  const choices = argChoices ?? choicesOf[long ?? ''];
  if (choices !== undefined) return { kind: 'choice', choices };
  if (filePlaceholders.test(flags)) return { kind: 'file' };
  return flags.includes('<') ? { kind: 'free' } : { kind: 'none' };
}
