// House rules that a machine can hold: file length, banned calls, no empty-word file names.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const linesMax = 400;
/** The formatter breaks code at 100; what is longer is text, and a message may be a line. */
const columnsMax = 140;

/** Rooms whose code takes time and randomness handed in, so that a simulation can own them. */
const handedIn = ['domain', 'placement', 'haproxy', 'spec', 'operations', 'scheduler', 'agent'];
const banned: readonly { pattern: RegExp; why: string }[] = [
  { pattern: /\bDate\.now\(/, why: 'take the Clock that was handed in' },
  { pattern: /\bperformance\.now\(/, why: 'take the Clock that was handed in' },
  { pattern: /\b(setTimeout|setInterval)\(/, why: 'take the Clock that was handed in' },
  { pattern: /\bMath\.random\(/, why: 'take the randomness that was handed in' },
];

const faults: string[] = [];
for (const folder of ['src', 'web', 'sim', 'test', 'scripts', 'bench']) {
  for (const file of sources(join(root, folder))) check(file);
}
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log('tidy: house rules hold');

function check(file: string): void {
  const path = relative(root, file);
  const lines = readFileSync(file, 'utf8').split('\n');
  if (lines.length > linesMax)
    faults.push(`${path}: ${lines.length} lines; split it (limit ${linesMax})`);
  if (/(^|\/)(utils?|helpers?|common|misc)(\.ts|\/)/.test(path)) {
    faults.push(`${path}: name the subject, not a drawer`);
  }
  const room = path.startsWith('src/') ? (path.split('/')[1] ?? '') : '';
  const isBanned = handedIn.includes(room) && !path.endsWith('.test.ts');
  for (const [index, line] of lines.entries()) {
    if (line.length > columnsMax && !path.endsWith('.test.ts'))
      faults.push(`${path}:${index + 1}: ${line.length} columns`);
    if (!isBanned || line.trimStart().startsWith('//') || line.trimStart().startsWith('*'))
      continue;
    for (const { pattern, why } of banned) {
      if (pattern.test(line)) faults.push(`${path}:${index + 1}: ${pattern.source}: ${why}`);
    }
  }
}

function sources(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted();
  } catch {
    return [];
  }
}
