// A room imports only from rooms below it: src/<room> may import from itself and from the rooms
// named here. Keeps the data flowing one way and the decisions free of I/O.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** Each room with the rooms it may import from; top of the house first. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  cli: [
    'lab',
    'api',
    'access',
    'agent',
    'scheduler',
    'store',
    'spec',
    'trust',
    'protocol',
    'spec',
    'haproxy',
    'incidents',
    'known-issues',
    'crash',
    'statistics',
    'numbers',
    'logs',
    'system',
    'domain',
  ],
  lab: ['store', 'protocol', 'system', 'domain'],
  api: [
    'access',
    'scheduler',
    'operations',
    'store',
    'incidents',
    'known-issues',
    'haproxy',
    'numbers',
    'logs',
    'trust',
    'protocol',
    'system',
    'domain',
  ],
  access: ['store', 'trust', 'domain'],
  scheduler: [
    'detection',
    'operations',
    'store',
    'trust',
    'protocol',
    'spec',
    'placement',
    'haproxy',
    'incidents',
    'crash',
    'numbers',
    'statistics',
    'logs',
    'domain',
  ],
  operations: ['detection', 'store', 'protocol', 'numbers', 'placement', 'haproxy', 'domain'],
  agent: ['detection', 'trust', 'protocol', 'numbers', 'haproxy', 'logs', 'system', 'domain'],
  store: ['detection', 'incidents', 'logs', 'crash', 'trust', 'system', 'domain'],
  spec: ['haproxy', 'domain'],
  trust: ['domain'],
  protocol: ['detection', 'incidents', 'known-issues', 'crash', 'numbers', 'haproxy', 'domain'],
  detection: ['placement', 'domain'],
  placement: ['domain'],
  haproxy: ['domain'],
  incidents: ['known-issues', 'crash', 'domain'],
  'known-issues': ['crash', 'domain'],
  crash: ['logs', 'domain'],
  statistics: [],
  numbers: [],
  logs: ['domain'],
  system: ['domain'],
  domain: [],
};

/** Rooms of pure decisions: no module of Node but these. */
const pure = new Set([
  'domain',
  'detection',
  'placement',
  'haproxy',
  'spec',
  'incidents',
  'known-issues',
  'crash',
  'statistics',
  'numbers',
  'logs',
]);
const pureModules = new Set(['node:crypto', 'node:util', 'node:zlib']);
const testModules = new Set(['node:test', 'node:assert/strict', 'fast-check']);

/** From `src`. */
const madeClient = '../client/api.ts';

/** What the page may import: packages, and rooms of `src` (of `protocol` types alone). */
const pagePackages = new Set(['preact', 'preact/hooks', 'htm']);
const pageRooms = new Set(['protocol', 'statistics', 'placement', 'domain']);

const faults: string[] = [];
for (const file of sources(join(root, 'src'))) {
  const path = relative(root, file);
  const room = path.split('/')[1] ?? '';
  const allowed = rooms[room];
  if (allowed === undefined) {
    faults.push(`${path}: src/${room} is not a room; add it to scripts/check-rooms.ts`);
    continue;
  }
  // Tests and what only they use, by name.
  const isTest = path.endsWith('.test.ts') || /\/test-[^/]+$/.test(path);
  for (const { specifier, line } of imports(readFileSync(file, 'utf8'))) {
    const fault = specifier.startsWith('.')
      ? faultOfRoom(room, isTest ? [...allowed, 'system'] : allowed, file, specifier)
      : faultOfModule(room, isTest, specifier);
    if (fault !== null) faults.push(`${path}:${line}: ${fault}`);
  }
}
for (const file of sources(join(root, 'web'))) {
  const path = relative(root, file);
  for (const { specifier, line } of imports(readFileSync(file, 'utf8'))) {
    const fault = faultOfPage(file, specifier);
    if (fault !== null) faults.push(`${path}:${line}: ${fault}`);
  }
}
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log('rooms: every import goes down');

function faultOfRoom(
  room: string,
  allowed: readonly string[],
  file: string,
  specifier: string,
): string | null {
  const target = relative(join(root, 'src'), resolve(dirname(file), specifier));
  const other = target.split('/')[0] ?? '';
  if (target.startsWith('..')) {
    // What is made from the API's document is for those who ask the API.
    const isAllowed = target === '../package.json' || (room === 'cli' && target === madeClient);
    return isAllowed ? null : `${specifier} is outside src`;
  }
  if (other === room || allowed.includes(other)) return null;
  return `${room} may not import from ${other} (allowed: ${allowed.join(', ') || 'nothing'})`;
}

/** The page runs in browsers: of `src` it has types, and rooms of pure decisions that need no package. */
function faultOfPage(file: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) {
    return pagePackages.has(specifier) ? null : `the page has no ${specifier}`;
  }
  const target = resolve(dirname(file), specifier);
  if (relative(join(root, 'src'), target) === madeClient) return null;
  const [folder = '', room = ''] = relative(root, target).split('/');
  if (folder === 'web' || (folder === 'src' && pageRooms.has(room))) return null;
  return `the page may not import from ${folder}/${room}`;
}

function faultOfModule(room: string, isTest: boolean, specifier: string): string | null {
  if (!pure.has(room) || !specifier.startsWith('node:')) return null;
  if (
    pureModules.has(specifier) ||
    (isTest && (testModules.has(specifier) || specifier === 'node:fs'))
  )
    return null;
  return `${room} is pure: no ${specifier}`;
}

function* imports(text: string): Generator<{ specifier: string; line: number }> {
  const pattern = /(?:from\s+|import\s+|import\()\s*'([^']+)'/g;
  for (const match of text.matchAll(pattern)) {
    yield { specifier: match[1] ?? '', line: text.slice(0, match.index).split('\n').length };
  }
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
