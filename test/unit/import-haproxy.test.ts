// The configurations in import-configs, one for each thing that a haproxy.cfg can hold. Each line says
// at its end what has to become of it, unless it is kept; what is taken whole has to pass HAProxy's own check.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { writeStandIns } from '../../src/agent/stand-ins.ts';
import { certificateFolder } from '../../src/haproxy/certificates.ts';
import { parseCheckOutput } from '../../src/haproxy/check-output.ts';
import { splitLines } from '../../src/haproxy/config-lines.ts';
import { renderImported } from '../../src/haproxy/import/check.ts';
import {
  type ImportedConfig,
  type ImportOptions,
  importConfig,
} from '../../src/haproxy/import/import.ts';
import { tokenizeLine } from '../../src/haproxy/tokenize.ts';
import { runCommand } from '../../src/system/command.ts';

const folder = join(import.meta.dirname, 'import-configs');
const names = readdirSync(folder).filter((name) => name.endsWith('.cfg'));
const pages = new Map([
  [
    '/etc/haproxy/pages/503.http',
    'HTTP/1.0 503 Service Unavailable\r\nCache-Control: no-cache\r\nConnection: close\r\n' +
      'Content-Type: text/html\r\nX-Odd: 100% "$HOME"\r\n\r\n<html>\n\t<b>"Back" soon, $5 \\o/ # no</b>\r\n',
  ],
  ['/etc/haproxy/pages/empty.http', 'HTTP/1.0 408 Request Time-out\r\n\r\n'],
  ['/etc/haproxy/pages/other.http', 'HTTP/1.0 200 OK\r\n\r\nfine'],
]);
const hasHaproxy = await runCommand(['haproxy', '-v']).then(
  () => true,
  () => false,
);

test('the set is as large as it has to be', () => {
  assert.ok(names.length >= 50, `${names.length} configurations`);
});

for (const name of names) {
  const text = readFileSync(join(folder, name), 'utf8');
  const imported = importConfig([{ name, text, encoding: 'utf-8' }], optionsIn(text));
  const isWhole = imported.lines.every(({ fate }) => fate !== 'refused');

  test(`import of ${name}: every line has the fate it should have`, () => {
    assert.deepEqual(
      imported.lines.map(({ line, fate, detail }) => ({ line, fate, detail })),
      splitLines(text).flatMap((line, index) => {
        if (tokenizeLine(line).length === 0) return [];
        const fate = / # (changed|moved|managed|refused)$/.exec(line)?.[1] ?? 'kept';
        const found = imported.lines.find((report) => report.line === index + 1);
        return [{ line: index + 1, fate, detail: found?.detail }];
      }),
    );
    for (const { fate, detail } of imported.lines)
      assert.equal(detail === '', fate === 'kept', detail);
    assert.deepEqual(imported.problems, []);
  });

  test(`import of ${name}: what is kept is there`, () => assertKept(text, imported));

  const skip = !isWhole ? 'refused, as it should be' : !hasHaproxy ? 'no haproxy here' : false;
  test(`import of ${name}: HAProxy takes what comes of it`, { skip }, async () => {
    const { code, findings } = await check(renderImported(imported).text);
    assert.equal(code, 0, JSON.stringify(findings));
  });
}

/** Every line of the text that says something is reported once, and kept ones are in the result. */
function assertKept(text: string, imported: ImportedConfig): void {
  const config = splitLines(imported.config);
  for (const { fate, text: line, now } of imported.lines) {
    const there = now.map((number) => config[number - 1]);
    if (fate === 'kept') assert.deepEqual(there, [line]);
    if (fate === 'changed') assert.ok(there.length > 0);
    if (fate === 'moved' || fate === 'managed') assert.deepEqual(there, []);
    if (fate === 'refused') assert.match(there[0] ?? '', /^# REFUSED: /);
  }
  const said = splitLines(text).filter((line) => tokenizeLine(line).length > 0);
  assert.deepEqual(
    imported.lines.map((line) => line.text),
    said,
  );
}

/** `# options: keep merge pool6 peer:NAME env:NAME=VALUE map:OLD=NEW` in the first line. */
function optionsIn(text: string): ImportOptions {
  const words = (/^# options: (.*)$/m.exec(text)?.[1] ?? '').split(' ');
  const pairs = (prefix: string) =>
    words
      .filter((word) => word.startsWith(prefix))
      .map((word) => word.slice(prefix.length).split('=', 2))
      .map(([from = '', to = '']) => [from, to] as const);
  const pool6 = { name: 'public-v6', family: 6, cidr: null } as const;
  return {
    name: 'web',
    fallbackName: 'web',
    localPeer: pairs('peer:')[0]?.[0] ?? 'here',
    pages,
    environment: Object.fromEntries(pairs('env:')),
    pools: [
      { name: 'public-v4', family: 4, cidr: null },
      ...(words.includes('pool6') ? [pool6] : []),
    ],
    isKeeping: words.includes('keep'),
    isMerging: words.includes('merge'),
    mapped: new Map(pairs('map:')),
  };
}

async function check(config: string) {
  const place = await mkdtemp(join(tmpdir(), 'bridgehead-import-'));
  try {
    const path = join(place, 'haproxy.cfg');
    const certificates = join(place, 'certificates');
    await writeStandIns(certificates, config);
    await writeFile(path, config.replaceAll(certificateFolder, certificates));
    const { code, stdout, stderr } = await runCommand(['haproxy', '-c', '-f', path], {
      // Names of the configurations are unknown everywhere: where there is no DNS, that takes less long.
      env: { PATH: process.env['PATH'], RES_OPTIONS: 'timeout:1 attempts:1' },
    });
    return { code, findings: parseCheckOutput(stderr + stdout, path) };
  } finally {
    await rm(place, { recursive: true });
  }
}
