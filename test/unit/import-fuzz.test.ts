// Broken, spliced and random configurations: none may stop the import, lose a line or come back from the
// spec other than it went in. A larger run: IMPORT_FUZZ_INPUTS=10000 node --test test/unit/import-fuzz.test.ts

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { specOf, specYaml } from '../../src/cli/import-spec.ts';
import { splitLines } from '../../src/haproxy/config-lines.ts';
import { importFindings, renderImported } from '../../src/haproxy/import/check.ts';
import { type ImportFile } from '../../src/haproxy/import/fate.ts';
import {
  type ImportedConfig,
  type ImportOptions,
  importConfig,
} from '../../src/haproxy/import/import.ts';
import { tokenizeLine } from '../../src/haproxy/tokenize.ts';
import { parseSpec } from '../../src/spec/parse.ts';

const inputs = Number(process.env['IMPORT_FUZZ_INPUTS'] ?? 400);
const seed = Number(process.env['IMPORT_FUZZ_SEED'] ?? 1);
const folder = join(import.meta.dirname, 'import-configs');
const texts = readdirSync(folder)
  .filter((name) => name.endsWith('.cfg'))
  .map((name) => readFileSync(join(folder, name), 'utf8'));
const vocabulary = [...new Set(texts.flatMap((text) => text.split(/\s+/)))];
const pages = new Map([['/etc/haproxy/errors/503.http', 'HTTP/1.0 503 No\r\nA: b\r\n\r\nbody"']]);
const oddities = [
  '"',
  "'",
  '\\',
  '#',
  '$',
  '${',
  '}',
  '\0',
  '\t',
  '\r',
  '\v',
  '\n',
  ',',
  ':',
  '::',
  '[',
  ']',
  '@',
  '"$X"',
  '"${X[*]}"',
  '\\x',
  '\\x4',
  '*',
  '-',
  '0',
  '65536',
  '255.255.255.255',
  '%[',
  '\u2028',
  '\ufeff',
  '\ud83d\ude00',
  'unix@',
  '/',
  '__proto__',
  'constructor',
  'toString',
  '.if',
  '.endif',
];

test(`${inputs} inputs: no crash, one fate for each line, nothing lost`, {
  timeout: 600_000,
}, () => {
  for (let number = 0; number < inputs; number += 1) {
    const random = randomFrom(seed * 1_000_003 + number);
    const files = filesOf(random);
    try {
      const imported = importConfig(files, optionsOf(random));
      assertWhole(files, imported);
    } catch (cause) {
      throw new Error(`input ${number} of seed ${seed}: ${JSON.stringify(files)}`, { cause });
    }
  }
});

function assertWhole(files: readonly ImportFile[], imported: ImportedConfig): void {
  const config = splitLines(imported.config);
  const said = files.flatMap(({ name, text }) =>
    splitLines(text).flatMap((line, index) =>
      tokenizeLine(line).length === 0 ? [] : [`${name}:${index + 1}:${line.replace(/\r$/, '')}`],
    ),
  );
  assert.deepEqual(
    imported.lines.map(({ file, line, text }) => `${file}:${line}:${text}`),
    said,
  );
  const used = new Set<number>();
  for (const { fate, text, now, detail } of imported.lines) {
    const there = now.map((number) => config[number - 1]);
    for (const number of now) assert.ok(!used.has(number) && used.add(number));
    assert.equal(detail === '', fate === 'kept');
    if (fate === 'kept') assert.deepEqual(there, [text]);
    else if (fate === 'changed') assert.ok(there.length > 0 && !there.includes(undefined));
    else if (fate === 'refused') assert.ok(there[0]?.startsWith('# REFUSED: '));
    else assert.deepEqual(there, []);
  }
  const rendered = renderImported(imported);
  const isTaken =
    imported.problems.length === 0 && imported.lines.every((l) => l.fate !== 'refused');
  if (isTaken) assert.deepEqual(rendered.findings, []);
  importFindings(
    imported,
    rendered,
    `[ALERT] (1) : config : parsing [x:${config.length}] : 'a' b`,
    'x',
  );
  const words = { owner: 'o', service: undefined, image: 'i' };
  const written = `${specYaml(specOf(imported, words))}${poolsYaml}`;
  if (imported.addresses.some(({ address }) => address !== null)) return;
  const { spec, findings } = parseSpec(written, 'spec');
  assert.deepEqual(findings, []);
  assert.equal(spec?.instances[0]?.config, imported.config);
}

const poolsYaml = `pools:
  - { name: public-v4, cidr: 192.0.2.0/24 }
  - { name: public-v6, cidr: '2001:db8:1::/64' }
  - { name: six, cidr: '2001:db8::/64' }
`;

function filesOf(random: (below: number) => number): readonly ImportFile[] {
  const count = random(8) === 0 ? 1 + random(3) : 1;
  return Array.from({ length: count }, (_, index) => ({
    name: `file-${index}.cfg`,
    text: textOf(random),
    encoding: random(20) === 0 ? 'latin1' : 'utf-8',
  }));
}

function textOf(random: (below: number) => number): string {
  if (random(10) === 0) return noise(random);
  const pick = <Item>(items: readonly Item[]) => items[random(items.length)] as Item;
  let lines = pick(texts).split('\n');
  for (let left = random(12); left > 0; left -= 1) {
    const at = random(lines.length + 1);
    const line = lines[at] ?? '';
    const cut = random(line.length + 1);
    const kind = random(9);
    if (kind === 0) lines.splice(at, 1);
    else if (kind === 1) lines.splice(at, 0, pick(pick(texts).split('\n')));
    else if (kind === 2)
      lines = [...lines.slice(0, at), ...pick(texts).split('\n').slice(random(9))];
    else if (kind === 3) lines[at] = `${line.slice(0, cut)}${pick(oddities)}${line.slice(cut)}`;
    else if (kind === 4) lines[at] = `${line} ${pick(vocabulary)} ${pick(vocabulary)}`;
    else if (kind === 5) lines[at] = line.split(' ').toReversed().join(' ');
    else if (kind === 6) lines[at] = `${pick(vocabulary)} ${line}`;
    else if (kind === 7) lines[at] = line.replace(/\d+/g, () => String(random(70_000)));
    else lines[at] = line.slice(0, cut);
  }
  return lines.join(random(10) === 0 ? '\r\n' : '\n');
}

function noise(random: (below: number) => number): string {
  const words = Array.from({ length: random(120) }, () => {
    const kind = random(4);
    if (kind === 0) return String.fromCharCode(random(0x2ff));
    if (kind === 1) return '\n';
    return (kind === 2 ? oddities : vocabulary)[random(oddities.length)] ?? '';
  });
  return words.join(random(2) === 0 ? ' ' : '');
}

function optionsOf(random: (below: number) => number): ImportOptions {
  const mapped = new Map([['203.0.113.7', '198.18.10.7']]);
  return {
    name: random(2) === 0 ? 'web' : null,
    fallbackName: 'fallback',
    localPeer: random(2) === 0 ? 'lb1' : 'web',
    pages,
    environment: random(3) === 0 ? { PORT: "8'0", WEB_PORT: '81' } : {},
    pools: [
      [],
      [{ name: 'public-v4', family: 4, cidr: null }],
      [{ name: 'six', family: 6, cidr: '2001:db8::/64' }],
      [
        { name: 'public-v4', family: 4, cidr: '203.0.113.0/24' },
        { name: 'public-v6', family: 6, cidr: null },
      ],
    ][random(4)] as ImportOptions['pools'],
    isKeeping: random(3) === 0,
    isMerging: random(3) === 0,
    mapped: random(3) === 0 ? mapped : new Map(),
  };
}

/** Whole numbers below a bound, by mulberry32 (public domain, Tommy Ettinger 2017). */
function randomFrom(start: number): (below: number) => number {
  let state = start >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * Math.max(1, below));
  };
}
