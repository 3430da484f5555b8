// Holds src/haproxy against the HAProxy that is installed: it accepts what is rendered, and what it
// says of broken configurations is what the samples have. Left out where there is no haproxy.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { type CheckFinding, parseCheckOutput } from '../../src/haproxy/check-output.ts';
import { locateFinding } from '../../src/haproxy/locate.ts';
import { addresses, resources, validConfigs } from '../../src/haproxy/render.samples.ts';
import { renderConfig } from '../../src/haproxy/render.ts';
import { runCommand } from '../../src/system/command.ts';

interface Sample {
  readonly name: string;
  readonly config: string;
  readonly found: readonly CheckFinding[];
}

const samples = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../src/haproxy/check-output.samples.json'), 'utf8'),
) as readonly Sample[];

const version = await runCommand(['haproxy', '-v']).then(
  ({ stdout }) => /version (\d+\.\d+)/.exec(stdout)?.[1] ?? null,
  () => null,
);
const skip = version === null ? 'no haproxy on the PATH' : false;

async function check(
  config: string,
): Promise<{ readonly code: number; readonly findings: readonly CheckFinding[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-check-'));
  try {
    const path = join(folder, 'haproxy.cfg');
    await writeFile(path, config);
    const { code, stdout, stderr } = await runCommand(['haproxy', '-c', '-f', path]);
    return { code, findings: parseCheckOutput(stderr + stdout, path) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

for (const [name, config] of Object.entries(validConfigs)) {
  test(`HAProxy accepts what is rendered: ${name}`, { skip }, async () => {
    const rendered = renderConfig({ name: 'web', config, addresses, resources });
    const { code, findings } = await check(rendered.text);
    assert.deepEqual({ code, findings }, { code: 0, findings: [] });
  });
}

test('HAProxy says of the samples what is written there', { skip }, async () => {
  for (const { name, config, found } of samples) {
    const { findings } = await check(config);
    const places = (all: readonly CheckFinding[]) =>
      all.map(({ severity, line }) => `${severity} ${line}`);
    if (version === '2.6') assert.deepEqual(places(findings), places(found), name);
    // Other versions say it in other words, but of the same faults.
    const isRefused = (all: readonly CheckFinding[]) =>
      all.some(({ severity }) => severity === 'alert');
    assert.equal(isRefused(findings), isRefused(found), name);
  }
});

test("a fault in the owner's configuration is found at its own line", { skip }, async () => {
  const config =
    'defaults\n  timeout client 1s\nfrontend web\n  bind :80\n  default_backend b\n  oops\n';
  const rendered = renderConfig({ name: 'web', config, addresses, resources });
  const { code, findings } = await check(rendered.text);
  assert.notEqual(code, 0);
  const located = findings
    .filter(({ severity }) => severity === 'alert')
    .map((finding) => locateFinding(finding, rendered, config));
  assert.deepEqual(
    located.map(({ line, column }) => [line, column]),
    [[6, 3]],
  );
  assert.match(located[0]?.message ?? '', /unknown keyword 'oops'/);
});
