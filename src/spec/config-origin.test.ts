import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import type { InstanceName } from '../domain/ids.ts';
import { renderConfig } from '../haproxy/render.ts';
import { configFindings } from './config-origin.ts';
import { parseSpec } from './parse.ts';

const web = 'web' as InstanceName;

const specWith = (config: string) => `apiVersion: bridgehead/v1
pools: [{ name: p, cidr: 10.0.0.0/24 }]
instances:
  - name: web
    owner: o
    service: s
    image: i
    addresses: [{ pool: p }]
    config: ${config}
    notes: behind it
`;

/** What stands in the text where the config's `oops` is said to be. */
function found(config: string): string {
  const text = specWith(config);
  const parsed = parseSpec(text, 'spec.yaml');
  assert.deepEqual(parsed.findings, []);
  const read = parsed.spec?.instances[0]?.config.split('\n') ?? [];
  const line = read.findIndex((one) => one.includes('oops')) + 1;
  const column = (read[line - 1]?.indexOf('oops') ?? 0) + 1;
  const [finding] = configFindings(parsed, web, [{ line, column, message: 'm' }]);
  assert.equal(finding?.object, 'instance web');
  return text.split('\n')[(finding?.line ?? 0) - 1]?.slice((finding?.column ?? 0) - 1) ?? '';
}

test('literal blocks, however they are written', () => {
  assert.equal(found('|\n      frontend w\n        oops x'), 'oops x');
  assert.equal(found('|- # a comment\n      frontend w\n      oops'), 'oops');
  assert.equal(found('|+\n\n\n       \n       frontend w\n\n         oops\n\n'), 'oops');
  assert.equal(
    found('|2\n        oops: deeper than it must be\n      b'),
    'oops: deeper than it must be',
  );
  assert.equal(found('\n      |\n      oops'), 'oops');
  assert.equal(found('&anchor |\r\n      frontend w\r\n      oops\r\n'), 'oops\r');
});

test('text in quotes or without', () => {
  assert.equal(found('frontend oops'), 'oops');
  assert.equal(found("'it''s oops'"), "oops'");
  assert.equal(found('"a\\tb \\u00e9 \\U0001F600 \\x41\\" é oops"'), 'oops"');
  assert.equal(found('"frontend w\\n  bind :80\\x0a😀 oops\\n"'), 'oops\\n"');
});

test('what joins lines is refused, with the way to write it', () => {
  for (const config of ['>\n      a\n      b', 'a\n      b', '"a\n      b"', "'a\n\n      b'"]) {
    const { findings } = parseSpec(specWith(config), 'spec.yaml');
    assert.deepEqual(
      findings.map(({ line, column }) => [line, column]),
      [[9, 13]],
    );
    assert.match(findings[0]?.message ?? '', /joins .*write 'config: \|'/);
  }
});

test('findings of the renderer stand in the spec', () => {
  const config = '|\n      global\n        daemon\n      frontend w\n        bind 1.2.3.4:80';
  const parsed = parseSpec(specWith(config), 'spec.yaml');
  const instance = parsed.spec?.instances[0];
  assert.ok(instance);
  const { findings } = renderConfig({ ...instance, addresses: [] });
  assert.deepEqual(
    configFindings(parsed, web, findings).map(({ line, column }) => [line, column]),
    [
      [11, 9],
      [13, 14],
    ],
  );
});

test('every character of a config is found again in the text that a YAML writer made', () => {
  const config = fc
    .string({ unit: fc.constantFrom(...'ab :#|"\'\\\n\té'.split('')), minLength: 1 })
    .filter((one) => one.trim() !== '');
  const type = fc.constantFrom('BLOCK_LITERAL' as const, 'QUOTE_DOUBLE' as const);
  fc.assert(
    fc.property(config, type, (written, defaultStringType) => {
      const yaml = stringify(written, { defaultStringType, lineWidth: 0 }).trimEnd();
      const text = specWith(`${yaml.replaceAll('\n', '\n    ')}\n`);
      const parsed = parseSpec(text, 'spec.yaml');
      fc.pre(parsed.spec !== null);
      const lines = parsed.spec.instances[0]?.config.split('\n') ?? [];
      const source = text.split('\n');
      for (const [index, content] of lines.entries()) {
        for (const [at, char] of content.split('').entries()) {
          if (!/[ab :#|é]/.test(char)) continue;
          const finding = { line: index + 1, column: at + 1, message: '' };
          const place = parsed.configOrigin(web)?.toYaml(finding);
          const there = source[(place?.line ?? 0) - 1]?.slice((place?.column ?? 0) - 1) ?? '';
          assert.ok(there.startsWith(char) || there.startsWith(`\\${char}`), there);
        }
      }
    }),
    { numRuns: 500 },
  );
});
