import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import * as fc from 'fast-check';
import { claimedHash } from './config-hash.ts';
import { splitLines } from './config-lines.ts';
import { addresses, resources, serviceAddress, validConfigs } from './render.samples.ts';
import { configHashOf, hashInDescription, renderConfig } from './render.ts';

const render = (config: string, own = addresses) =>
  renderConfig({ name: 'web', config, addresses: own, resources });

/** The owner's part of what is rendered. */
const body = (config: string, own = addresses) => {
  const { text, sourceLines } = render(config, own);
  return splitLines(text).filter((_, index) => sourceLines[index] !== null);
};

const frontend = (...binds: string[]) => ['frontend w', ...binds].join('\n');
const places = (config: string, own = addresses) =>
  render(config, own).findings.map(({ line, column }) => `${line}:${column}`);
const messages = (config: string, own = addresses) =>
  render(config, own)
    .findings.map(({ message }) => message)
    .join('\n');

test('the managed part stands first and holds the hash of all but its own line', () => {
  const { text, configHash, sourceLines, findings } = render('frontend w\n  bind :80');
  const rest = `# Managed by Bridgehead: instance web. Its owner's configuration follows.
global
    node web
    localpeer web
    stats socket /run/haproxy/stats.sock mode 600 level admin expose-fd listeners
    stats timeout 1m
    maxconn 2000
    nbthread 2
    mworker-max-reloads 16
    hard-stop-after 60s

frontend w
  bind 198.18.10.10:80
  bind [2001:db8::1]:80
`;
  const lines = rest.split('\n');
  lines.splice(2, 0, `    description bridgehead-${configHash}`);
  assert.equal(text, lines.join('\n'));
  assert.equal(configHash, createHash('sha256').update(rest).digest('hex'));
  assert.equal(configHashOf(text), configHash);
  assert.equal(claimedHash(text), configHash);
  assert.equal(hashInDescription(`bridgehead-${configHash}\n`), configHash);
  assert.equal(hashInDescription('something of my own'), null);
  assert.deepEqual(sourceLines, [...Array<null>(12).fill(null), 1, 2, 2]);
  assert.deepEqual(findings, []);
});

test("an owner's hard-stop-after takes the place of the managed one", () => {
  const { text } = render(`global\n  hard-stop-after 5s\n${frontend('bind :80')}`);
  assert.deepEqual(text.match(/hard-stop-after \d+s/g), ['hard-stop-after 5s']);
});

test('a wildcard becomes one bind for each address, with all that stands around it', () => {
  assert.deepEqual(body(frontend('\tbind\t*:80 ssl crt "a b" # c\r')), [
    'frontend w',
    '\tbind\t198.18.10.10:80 ssl crt "a b" # c\r',
    '\tbind\t[2001:db8::1]:80 ssl crt "a b" # c\r',
  ]);
  assert.deepEqual(body(frontend('bind :80,:8000-8010,127.0.0.1:9 name x')).slice(1), [
    'bind 198.18.10.10:80 name x',
    'bind [2001:db8::1]:80 name x',
    'bind 198.18.10.10:8000-8010 name x',
    'bind [2001:db8::1]:8000-8010 name x',
    'bind 127.0.0.1:9 name x',
  ]);
  assert.deepEqual(body(frontend('"bi"nd \':80\'')).slice(1), [
    '"bi"nd 198.18.10.10:80',
    '"bi"nd [2001:db8::1]:80',
  ]);
});

test('a port that is no number is a finding, whatever HAProxy makes of it', () => {
  for (const port of ['8O', '80a', '0', '70000', '90-80', 'http']) {
    const { findings } = render(frontend(`bind :${port}`));
    assert.match(findings[0]?.message ?? '', new RegExp(`'${port}' is no port`));
  }
});

test('a wildcard of one family in so many words takes that family only', () => {
  const four = ['bind 198.18.10.10:80'];
  const six = ['bind [2001:db8::1]:80'];
  assert.deepEqual(body(frontend('bind 0.0.0.0:80')).slice(1), four);
  assert.deepEqual(body(frontend('bind :::80')).slice(1), [...four, ...six]);
  assert.deepEqual(body(frontend('bind [::]:80 v6only')).slice(1), [`${six[0]} v6only`]);
  assert.deepEqual(body(frontend('bind ipv6@:80')).slice(1), ['bind ipv6@[2001:db8::1]:80']);
  assert.deepEqual(body(frontend('bind quic4@:80')).slice(1), ['bind quic4@198.18.10.10:80']);
});

test('no address is bound twice: who names it, or its family, gets it', () => {
  assert.deepEqual(body(frontend('bind :80', 'bind :::80')).slice(1), [
    'bind 198.18.10.10:80',
    'bind [2001:db8::1]:80',
  ]);
  assert.deepEqual(body(frontend('bind [2001:DB8:0::1]:80 ssl', 'bind :80')).slice(1), [
    'bind [2001:DB8:0::1]:80 ssl',
    'bind 198.18.10.10:80',
  ]);
  // Another port, a part of the range only, another transport, or perhaps never read: no claim.
  for (const other of ['bind 198.18.10.10:81', 'bind 198.18.10.10:85', 'bind quic4@:80 ssl']) {
    const lines = body(frontend('bind :80', 'bind :84-86', other));
    assert.equal(lines.length, 6, other);
  }
  assert.equal(body(frontend('bind :80', '.if 0', 'bind :::80', '.endif')).length, 6);
});

test('the local peer gets one listener', () => {
  const listen = frontend('bind :80');
  const peers = 'peers p\n  bind :1024 ssl\n  server web\n  server b 1.2.3.4:1\n';
  assert.deepEqual(body(peers + listen).slice(0, 3), [
    'peers p',
    '  bind 198.18.10.10:1024 ssl',
    '  server web',
  ]);
  assert.equal(body(`peers p\n peer web :1024\n${listen}`)[1], ' peer web 198.18.10.10:1024');
  assert.deepEqual(places(`peers p\n peer web 1.2.3.4:1024\n${listen}`), ['2:11']);
});

test('addresses that are not the instance’s to bind are refused where they stand', () => {
  assert.deepEqual(places(frontend('bind :80', '  bind 198.18.10.11:81')), ['3:8']);
  assert.match(messages(frontend('bind 198.18.10.11:81')), /bind to ':81' for all/);
  assert.match(messages(frontend('bind example.com:80')), /'example.com' is no IP address/);
  assert.match(messages(frontend('bind "*:${PORT}"')), /environment variable/);
  const v4 = [serviceAddress('198.18.10.10')];
  assert.match(messages(frontend('bind ipv6@:80'), v4), /has no IPv6 address/);
  assert.match(messages(frontend('bind 198.18.10.10:80', 'bind :80'), v4), /by line 2 already/);
  for (const local of ['127.0.0.1:1', '[::1]:1', 'unix@/a', '/a.sock', 'abns@a', 'fd@3']) {
    assert.deepEqual(places(frontend('bind :80', `bind ${local}`)), [], local);
  }
});

const refused: readonly (readonly [line: string, advice: RegExp])[] = [
  ['daemon', /container of its own/],
  ['chroot /x', /container of its own/],
  ['user haproxy', /container of its own/],
  ['uid 1', /container of its own/],
  ['group haproxy', /container of its own/],
  ['gid 1', /container of its own/],
  ['pidfile /x', /container of its own/],
  ['master-worker', /container of its own/],
  ['nbproc 2', /resources\.cpus/],
  ['nbthread 2', /resources\.cpus/],
  ['cpu-map 1 1', /resources\.cpus/],
  ['maxconn 9', /resources\.maxConnections/],
  ['ulimit-n 9', /resources\.maxConnections/],
  ['stats socket /x', /'stats socket' is set by Bridgehead/],
  ['"stats" \'socket\' /x', /'stats socket' is set by Bridgehead/],
  ['stats bind-process 1', /remove the line/],
  ['description mine', /hash of the configuration/],
  ['node n', /name of the instance/],
  ['localpeer n', /name of the instance/],
  ['"$KEYWORD" 1', /written out/],
];

test('what Bridgehead sets is refused in global, and nowhere else', () => {
  for (const [line, advice] of refused) {
    const config = `${frontend('bind :80')}\nglobal\n  log stdout\n   ${line}\n`;
    assert.deepEqual(places(config), ['5:4'], line);
    assert.match(messages(config), advice);
  }
  const elsewhere = 'defaults\n maxconn 10\nfrontend w\n bind :80\n maxconn 9\n description x\n';
  assert.deepEqual(places(`global\n stats timeout 5s\n stats maxconn 9\n${elsewhere}`), []);
});

test('programs, lines before the first section and NUL characters are refused', () => {
  assert.deepEqual(places(`${frontend('bind :80')}\n program x\n command true`), ['3:2']);
  assert.deepEqual(places(` maxconn 9\n.notice "x"\n${frontend('bind :80')}`), ['1:2']);
  assert.deepEqual(places(frontend('bind :80', '# a\0b')), ['3:4']);
});

test('an instance that would answer nothing is refused at its first frontend', () => {
  assert.deepEqual(places(''), ['1:1']);
  assert.deepEqual(places('backend b\n  frontend w\n # bind :80'), ['2:3']);
  assert.deepEqual(places(frontend('bind unix@/tmp/x', 'http-request deny')), ['1:1']);
  assert.deepEqual(places('backend b\n bind :80'), ['1:1']);
});

const line = fc.oneof(
  fc.constantFrom(...Object.values(validConfigs).flatMap((config) => config.split('\n'))),
  fc.constantFrom(...refused.map(([text]) => text), 'global', 'bind ,', 'bind', 'bind :', '.if 1'),
  fc.string({ unit: fc.constantFrom(...'bind :*80[]@,-"\'\\#$\r\t\0é'.split('')) }),
);

test('every line of the owner stands once, in order, but for binds that are multiplied', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), fc.subarray([...addresses]), (lines, own) => {
      const config = lines.join('\n');
      const { text, sourceLines, configHash, findings } = render(config, own);
      const rendered = splitLines(text);
      assert.equal(rendered.length, sourceLines.length);
      assert.ok(text.endsWith('\n'));
      assert.equal(configHashOf(text), configHash);
      const sources = splitLines(config);
      const mapped = sourceLines.filter((source) => source !== null);
      assert.deepEqual(
        [...new Set(mapped)],
        sources.map((_, index) => index + 1),
      );
      assert.deepEqual(
        mapped,
        mapped.toSorted((a, b) => a - b),
      );
      for (const [index, source] of sourceLines.entries()) {
        if (source === null || rendered[index] === sources[source - 1]) continue;
        assert.match(sources[source - 1] ?? '', /bi"?nd|peer|server/);
        // A local address beside a wildcard in one list gets a line of its own; with a finding the
        // text is not for use, and a wildcard that nothing can take is left out.
        const known = [...own.map(({ address }) => address), '127.0.0.1:99'];
        const isMultiplied = known.some((address) => rendered[index]?.includes(address));
        assert.ok(isMultiplied || findings.length > 0);
      }
      for (const finding of findings) {
        const width = sources[finding.line - 1]?.length ?? 0;
        assert.ok(finding.line >= 1 && finding.line <= Math.max(1, sources.length));
        assert.ok(finding.column >= 1 && finding.column <= width + 1);
      }
    }),
  );
});

test('the valid samples have no findings', () => {
  for (const [name, config] of Object.entries(validConfigs)) {
    assert.deepEqual(render(config).findings, [], name);
  }
});
