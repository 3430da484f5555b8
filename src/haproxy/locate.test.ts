import assert from 'node:assert/strict';
import test from 'node:test';
import { locateFinding } from './locate.ts';
import { addresses, resources } from './render.samples.ts';
import { renderConfig } from './render.ts';

const config = 'frontend web\n  bind :80\n  foo bar\n';
const rendered = renderConfig({ name: 'web', config, addresses, resources });
const renderedLine = (source: number) => rendered.sourceLines.indexOf(source) + 1;

test("a rendered line becomes the owner's, with the column of the word at fault", () => {
  const message = "unknown keyword 'foo' in 'frontend' section";
  const check = { severity: 'alert', line: renderedLine(3), message } as const;
  assert.deepEqual(locateFinding(check, rendered, config), { line: 3, column: 3, message });
});

test('both binds that a line became lead back to it', () => {
  for (const offset of [0, 1]) {
    const message = "'bind 198.18.10.10:80' in section 'frontend' : no";
    const check = { severity: 'alert', line: renderedLine(2) + offset, message } as const;
    assert.deepEqual(locateFinding(check, rendered, config), { line: 2, column: 8, message });
  }
});

test('lines that a message mentions are translated too', () => {
  const message = `already used at line ${renderedLine(2)} ('bind :80'), said 'line 2', not line 1`;
  const check = { severity: 'alert', line: renderedLine(3), message } as const;
  const told = "already used at line 2 ('bind :80'), said 'line 2', not the managed part";
  assert.equal(locateFinding(check, rendered, config).message, told);
});

test('a finding in the managed part says so', () => {
  const check = { severity: 'alert', line: 4, message: "unknown keyword 'node'" } as const;
  const { line, column, message } = locateFinding(check, rendered, config);
  assert.deepEqual([line, column], [1, 1]);
  assert.match(message, /the part that Bridgehead manages: unknown keyword 'node'/);
});

test('a finding without a line stands at what it names', () => {
  const at = (message: string) => {
    const { line, column } = locateFinding(
      { severity: 'alert', line: null, message },
      rendered,
      config,
    );
    return `${line}:${column}`;
  };
  assert.equal(at("frontend 'web' has no 'bind' directive."), '1:10');
  assert.equal(at("Proxy 'web': unable to find 'bar'."), '3:7');
  assert.equal(at('out of memory'), '1:1');
});
