// The web page's files, read once at the start: modules with their types stripped, styles, a font.
// The page is what `web/main.ts` reaches by its imports; nothing else of the tree is served.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

/** One file as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** The same by gzip; null where that would be no shorter. */
  readonly packed: Buffer | null;
}

/** What is served: `index` at `/`, the rest below `/page/<version>/`. */
export interface PageFiles {
  readonly index: PageFile;
  /** Of all contents: a path with it never means anything else. */
  readonly version: string;
  readonly files: ReadonlyMap<string, PageFile>;
}

const root = resolve(import.meta.dirname, '../..');
const entry = 'web/main.ts';

/** Styles in the order in which they apply, and what they name. */
const styles = [
  'web/style/tokens.css',
  'web/style/base.css',
  'web/style/parts.css',
  'web/style/views.css',
];
const fonts = ['inter-latin-wght-normal', 'inter-latin-ext-wght-normal'];

/** What the page's modules may import of others, and the file that is it. */
const packages: Readonly<Record<string, string>> = {
  preact: 'node_modules/preact/dist/preact.mjs',
  'preact/hooks': 'node_modules/preact/hooks/dist/hooks.mjs',
  htm: 'node_modules/htm/dist/htm.mjs',
};

const importPattern = /(\bfrom\s*|\bimport\s*)(['"])([^'"\n]+)\2/g;

let kept: PageFiles | null = null;

/**
 * The page, read once in the life of the process.
 *
 * @throws Error where a module imports what is neither below the root nor one of the packages
 */
export function readPage(): PageFiles {
  kept ??= readFiles();
  return kept;
}

function readFiles(): PageFiles {
  const modules = readModules();
  const files = new Map<string, PageFile>();
  for (const [path, text] of modules) files.set(path, packed('text/javascript', text));
  for (const path of styles) files.set(path, packed('text/css', readFileSync(join(root, path))));
  for (const name of fonts) {
    const file = `node_modules/@fontsource-variable/inter/files/${name}.woff2`;
    const bytes = readFileSync(join(root, file));
    files.set(`web/style/${name}.woff2`, { type: 'font/woff2', bytes, packed: null });
  }
  files.set('web/icon.svg', packed('image/svg+xml', readFileSync(join(root, 'web/icon.svg'))));
  const version = versionOf(files);
  const index = readFileSync(join(root, 'web/index.html'), 'utf8')
    .replace('<!--modules-->', () => heads(version, [...modules.keys()]))
    .replaceAll('{base}', `/page/${version}`);
  return { index: packed('text/html', index), version, files };
}

/** Every module that the entry reaches, by its path in the tree; the entry first. */
function readModules(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    const from = path;
    const source = readFileSync(join(root, path), 'utf8');
    const code = path.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
    const linked = code.replace(importPattern, (_, word: string, quote: string, name: string) => {
      const target = targetOf(from, name);
      waiting.push(target);
      const link = relative(dirname(from), target);
      return `${word}${quote}${link.startsWith('.') ? link : `./${link}`}${quote}`;
    });
    found.set(path, linked.replace(/\n\/\/# sourceMappingURL=.*/, ''));
  }
  return found;
}

function targetOf(from: string, name: string): string {
  const target = name.startsWith('.') ? join(dirname(from), name) : packages[name];
  if (target !== undefined && !target.startsWith('..')) return target;
  throw new Error(`${from} imports ${name}, which the page may not`);
}

function heads(version: string, modules: readonly string[]): string {
  const base = `/page/${version}`;
  return [
    ...styles.map((path) => `<link rel="stylesheet" href="${base}/${path}">`),
    // All at once, where the browser would find them import by import.
    ...modules.map((path) => `<link rel="modulepreload" href="${base}/${path}">`),
    `<script type="module" src="${base}/${entry}"></script>`,
  ].join('\n    ');
}

function versionOf(files: ReadonlyMap<string, PageFile>): string {
  const hash = createHash('sha256');
  for (const [path, { bytes }] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(path).update('\0').update(bytes).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

function packed(type: string, content: string | Buffer): PageFile {
  const bytes = Buffer.from(content);
  const short = gzipSync(bytes);
  const full = `${type}; charset=utf-8`;
  return { type: full, bytes, packed: short.length < bytes.length ? short : null };
}
