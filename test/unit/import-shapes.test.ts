// Shapes of files rather than keywords: ends of lines, marks at the beginning, names, size.

import assert from 'node:assert/strict';
import test from 'node:test';
import { type ImportOptions, importConfig } from '../../src/haproxy/import/import.ts';

const options: ImportOptions = {
  name: 'web',
  fallbackName: 'web',
  localPeer: 'here',
  pages: new Map(),
  environment: {},
  pools: [],
  isKeeping: false,
  isMerging: false,
  mapped: new Map(),
};
const importOf = (...texts: readonly string[]) =>
  importConfig(
    texts.map((text, index) => ({ name: `${index}.cfg`, text, encoding: 'utf-8' })),
    options,
  );
const told = (text: string, line: number) => {
  const found = importOf(text).lines.find((report) => report.line === line);
  return { fate: found?.fate, said: [found?.detail ?? '', ...(found?.warnings ?? [])].join('; ') };
};

test('line ends of another system go, and the last line needs none', () => {
  const text = 'global\r\n\tdaemon\r\nfrontend web\r\n\tbind :80\r\n\tmode\thttp';
  const { config, lines, problems } = importOf(text);
  assert.equal(config, 'global\nfrontend web\n\tbind :80\n\tmode\thttp\n');
  assert.deepEqual(
    lines.map(({ line, fate }) => `${line} ${fate}`),
    ['1 kept', '2 managed', '3 kept', '4 kept', '5 kept'],
  );
  assert.deepEqual(problems, []);
});

test('a backslash at the end of a line joins nothing, as HAProxy reads it', () => {
  const text = 'frontend web\n    bind :80\n    acl a path /x \\\n    acl b path /y\\\n';
  assert.equal(importOf(text).config, text);
  assert.equal(importOf(text).lines.length, 4);
});

test('each file begins a section of its own', () => {
  const { lines } = importOf('frontend web\n    bind :80\n', '    mode http\n');
  assert.equal(lines[2]?.fate, 'refused');
  assert.match(lines[2]?.detail ?? '', /before the first section/);
});

test('a host name stops nothing where a server has it, and is told of everywhere else', () => {
  const head = 'frontend web\n    bind :80\nbackend b\n';
  assert.deepEqual(told(`${head}    server app app:80 check # of compose`, 4), {
    fate: 'changed',
    said:
      "HAProxy starts also where nobody knows the name yet; 'app' is looked up once, when HAProxy " +
      "starts, by the DNS of the container: add 'resolvers NAME', with a section of that name, or " +
      'give the address',
  });
  assert.match(
    importOf(`${head}    server app app:80 check # of compose`).config,
    /^ {4}server app app:80 check init-addr last,libc,none # of compose$/m,
  );
  for (const line of ['dispatch app:80', 'log loghost local0', 'log udp@loghost:514 local0']) {
    const { fate, said } = told(`${head}    ${line}`, 4);
    assert.equal(fate, 'kept', line);
    assert.match(said, /^; '(?:app|loghost)' is looked up when/, line);
  }
  for (const line of [
    'log global',
    'log stdout format raw local0',
    'log ring@r local0',
    'server a 10.0.0.1:80',
  ])
    assert.deepEqual(told(`${head}    ${line}`, 4), { fate: 'kept', said: '' }, line);
});

test('what listens on loopback alone is told how it gets an address', () => {
  const { problems } = importOf('frontend web\n    bind 127.0.0.1:80\n    bind [::1]:80\n');
  assert.deepEqual(problems, [
    'nothing listens on the addresses of the instance, only on its loopback: give it one with ' +
      '--address 127.0.0.1=ADDRESS',
  ]);
});

test('2,000 services in one file, each line with its fate', () => {
  const services = Array.from(
    { length: 2_000 },
    (_, index) => `frontend f${index}\n    bind :${10_000 + index}\n    default_backend b${index}
backend b${index}\n    option httpchk GET /health\n    server s1 10.0.0.1:80 check\n`,
  );
  const text = `global\n    maxconn 1000\n${services.join('')}`;
  const { lines, problems, config } = importOf(text);
  assert.equal(lines.length, 2 + 6 * services.length);
  assert.deepEqual(problems, []);
  assert.equal(config, text.replace('    maxconn 1000\n', ''));
});
