// Files of known issues: those that come with the program, and the operator's own.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BridgeheadError } from '../domain/errors.ts';
import type { KnownIssue, KnownIssueFile } from '../known-issues/entry.ts';
import type { IssueText } from '../known-issues/lint.ts';

const ownFolder = fileURLToPath(new URL('../../known-issues/', import.meta.url));
const maxFiles = 1000;
const bytesMax = 4 * 1024 * 1024;

/** The entries that come with the program; checked by its tests, so read as they are. */
export function builtInIssues(): readonly KnownIssue[] {
  return textsIn(ownFolder).flatMap(({ value }) => (value as KnownIssueFile).issues);
}

/** The files that come with the program, for the lint. */
export function builtInTexts(): readonly IssueText[] {
  return textsIn(ownFolder);
}

/**
 * The entries of the program and of folders of the operator's; an entry of theirs takes the place of
 * ours of the same id.
 *
 * @throws BridgeheadError REQUEST_INVALID where a file cannot be read or is wrong
 */
export async function issuesWith(folders: readonly string[]): Promise<readonly KnownIssue[]> {
  if (folders.length === 0) return builtInIssues();
  const { lint } = await import('../known-issues/lint.ts');
  const texts: IssueText[] = [];
  for (const folder of folders) texts.push(...(await readTexts(folder)));
  const { issues, faults } = lint(texts);
  const [first] = faults;
  if (first !== undefined) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${first.file}: ${first.at}: ${first.message}${faults.length > 1 ? `, and ${faults.length - 1} more faults` : ''}`,
      `See them all: bridgehead known-issues check ${folders.join(' ')}`,
    );
  }
  const own = new Set(issues.map(({ id }) => id));
  return [...issues, ...builtInIssues().filter(({ id }) => !own.has(id))];
}

/** Files to read: a folder's `.json`, `.yaml` and `.yml`, or one file. */
export async function readTexts(path: string): Promise<readonly IssueText[]> {
  const names = namesIn(path);
  if (names !== null && !names.some((name) => isYaml(name))) return textsIn(path);
  const { parse } = await import('yaml');
  return (names ?? ['']).map((name) => {
    const file = name === '' ? path : join(path, name);
    return {
      file,
      value: valueOf(file, isYaml(file) ? (text) => parse(text) as unknown : JSON.parse),
    };
  });
}

function textsIn(folder: string): readonly IssueText[] {
  return (namesIn(folder) ?? []).map((name) => {
    const file = join(folder, name);
    return { file, value: valueOf(file, JSON.parse) };
  });
}

function isYaml(name: string): boolean {
  return /\.ya?ml$/.test(name);
}

/** Names of the files in a folder; null where it is none. */
function namesIn(path: string): readonly string[] | null {
  let names: readonly string[];
  try {
    names = readdirSync(path).filter((name) => /\.(?:json|ya?ml)$/.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    throw unreadable(path, error);
  }
  if (names.length > maxFiles)
    throw unreadable(path, new Error(`it holds more than ${maxFiles} files`));
  return names.toSorted();
}

function valueOf(file: string, parse: (text: string) => unknown): unknown {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.length > bytesMax) throw new Error(`it has more than ${bytesMax} bytes`);
    return parse(text);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(path: string, error: unknown): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    'Give a folder of JSON or YAML files of known issues, or such a file; docs/known-issues.md has their form.',
  );
}
