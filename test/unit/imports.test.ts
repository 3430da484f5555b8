// What is reached by imports, however far away: the agent's state machine runs in the simulation as it
// is, and a command that needs no server is to start fast.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { test } from 'node:test';

const source = resolve(import.meta.dirname, '../../src');
const pureModules = new Set(['node:crypto', 'node:util', 'zod', 'ip-address']);

/** Every file and module that `file` imports at run time, itself included. */
function reached(file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file)) return found;
  found.add(file);
  const text = readFileSync(file, 'utf8');
  for (const match of text.matchAll(
    /^(?:import|export)\s(?!type\b)(?:[^';(]*\sfrom\s)?'([^']+)'/gm,
  )) {
    const specifier = match[1] ?? '';
    if (specifier.startsWith('.')) reached(resolve(dirname(file), specifier), found);
    else found.add(specifier);
  }
  return found;
}

test('the agent and all that it imports is free of input and output', () => {
  const all = [...reached(resolve(source, 'agent/agent.ts'))];
  const files = all.filter((one) => existsSync(one)).map((one) => relative(source, one));
  const modules = all.filter((one) => !existsSync(one));
  assert.ok(files.includes('agent/instance-keeper.ts') && files.includes('agent/plan.ts'));
  assert.deepEqual(
    files.filter((file) =>
      /^system|^agent\/wire|^agent\/kernel|linux|disk|socket|stream/.test(file),
    ),
    [],
  );
  assert.deepEqual(
    modules.filter((one) => !pureModules.has(one)),
    [],
  );
});

test('crash parse loads no schemas: they would take as long as all else that it does', () => {
  for (const file of ['cli/main.ts', 'cli/commands/crash-parse.ts']) {
    const all = reached(resolve(source, file));
    assert.ok(all.size > 5);
    assert.ok(!all.has('zod'), `${file} reaches zod`);
  }
});
