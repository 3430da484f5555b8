import { z } from 'zod';
import { nearestWord } from './nearest-word.ts';
import type { Path } from './yaml-reader.ts';

/** One fault of an object: where in it, and what. */
export interface Fault {
  readonly path: Path;
  /** True where the fault is the field itself, not its value. */
  readonly atKey: boolean;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** Unknown fields of one object that are told of. */
const unknownMax = 20;

/** What a schema found wrong with `input`, in words that name the field and say what to write. */
export function faultsOf(
  issues: readonly Issue[],
  schema: z.ZodType,
  input: unknown,
): readonly Fault[] {
  return issues.flatMap((issue): readonly Fault[] => {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    if (issue.code === 'unrecognized_keys') {
      const known = fieldsAt(schema, path);
      return issue.keys.slice(0, unknownMax).map((key) => ({
        path: [...path, key],
        atKey: true,
        message: unknownField(key, known),
      }));
    }
    const value = path.reduce<unknown>(fieldOf, input);
    const isMissing = value === undefined;
    const atKey = issue.code === 'invalid_key';
    return [{ path, atKey, message: messageOf(issue, { name: pathText(path), value, isMissing }) }];
  });
}

function unknownField(key: string, known: readonly string[]): string {
  const meant = nearestWord(key, known);
  const hint =
    meant === null ? `the fields here are ${known.join(', ')}` : `did you mean '${meant}'?`;
  return `unknown field '${key}': ${hint}`;
}

interface Subject {
  readonly name: string;
  readonly value: unknown;
  readonly isMissing: boolean;
}

function messageOf(issue: Issue, { name, value, isMissing }: Subject): string {
  if (isMissing) return `'${name}' is missing`;
  if (issue.code === 'invalid_type') {
    if (value === null && name !== '') return `'${name}' has no value`;
    const wanted = kinds[issue.expected] ?? issue.expected;
    const hint = quoteHint(issue.expected, value);
    return `${subject(name)} must be ${wanted}, not ${kindOf(value)}${hint}`;
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    return `${subject(name)} ${boundText(issue)}`;
  }
  if (issue.code === 'invalid_value') {
    const wanted = issue.values.map(String).join(' or ');
    return `${subject(name)} must be ${wanted}, not ${kindOf(value)}`;
  }
  if (issue.code === 'invalid_format' || issue.code === 'custom') {
    return `${subject(name)} ${issue.message}, not ${kindOf(value)}`;
  }
  if (issue.code === 'invalid_key') return `the name of '${name}' must have 1 to 253 characters`;
  return `${subject(name)}: ${issue.message}`;
}

function subject(name: string): string {
  return name === '' ? 'this' : `'${name}'`;
}

const kinds: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a mapping',
  record: 'a mapping',
  string: 'text',
};

function boundText(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const isSmall = issue.code === 'too_small';
  const bound = isSmall ? issue.minimum : issue.maximum;
  const most = isSmall ? 'at least' : 'at most';
  if (issue.origin === 'string') {
    return isSmall ? 'must not be empty' : `must have ${most} ${bound} characters`;
  }
  if (issue.origin === 'array') {
    return `must have ${most} ${bound} ${bound === 1 ? 'entry' : 'entries'}`;
  }
  return `must be ${most} ${bound}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function quoteHint(expected: string, value: unknown): string {
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  return expected === 'string' && isPlain ? ': put it in quotes' : '';
}

/** Such as `addresses[0].pool`. */
function pathText(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

function fieldOf(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function fieldsAt(schema: z.ZodType, path: Path): readonly string[] {
  let at: unknown = unwrapped(schema);
  for (const step of path) {
    if (at instanceof z.ZodObject) at = unwrapped(at.shape[String(step)]);
    else if (at instanceof z.ZodArray) at = unwrapped(at.element);
    else return [];
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  let at = schema;
  while (
    at instanceof z.ZodOptional ||
    at instanceof z.ZodDefault ||
    at instanceof z.ZodPrefault ||
    at instanceof z.ZodNullable
  ) {
    at = at.unwrap();
  }
  return at;
}
