import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameCutter, frameBytesMax } from './frames.ts';
import {
  isOfKernel,
  isSurelyOfNoKernel,
  type LogMessage,
  readMessage,
  textMax,
} from './message.ts';
import { readQuery } from './query.ts';

const receivedMs = Date.UTC(2026, 0, 1, 0, 5);

function read(text: string): LogMessage {
  return readMessage(Buffer.from(text), receivedMs);
}

test('RFC 5424, with structured data that has brackets and quotes in it', () => {
  const text =
    '<165>1 2026-01-01T01:03:14.003+01:00 lb-1 haproxy 812 ID47 [x@1 a="1]\\"" b="2"][y c=""] \uFEFFup';
  assert.deepEqual(read(text), {
    ...{ form: 'rfc5424', facility: 20, severity: 5, hostname: 'lb-1', app: 'haproxy', pid: '812' },
    ...{ saidMs: Date.UTC(2026, 0, 1, 0, 3, 14, 3), text: 'up' },
  });
  const bare = read('<0>1 - - - - - - down');
  assert.deepEqual([bare.saidMs, bare.hostname, bare.app, bare.text], [null, '', '', 'down']);
});

test('RFC 3164 as it is sent: no year, no zone, no host, no PRI, Cisco, a kernel line', () => {
  const said = (text: string) => {
    const { form, hostname, app, pid, text: words, saidMs } = read(text);
    return [form, hostname, app, pid, words, saidMs === null ? null : receivedMs - saidMs];
  };
  assert.deepEqual(
    [
      said('<34>Jan  1 00:04:00 lb-1 su[12]: no root'),
      said('<34>Dec 31 23:59:00 lb-1 su: no root'),
      said('<34>Jan  1 03:04:58 lb-1 su: a zone ahead'),
      said('Jan  1 00:05:00 lb-1 cron: no priority'),
      said('<13>Jan  1 00:05:00 su: no host'),
      said('<6>Jan  1 00:05:00 lb-1 kernel: [   12.345678] br0: port 1(eth0) entered'),
      said('<189>29: *Jan  1 00:05:00.123: %LINK-3-UPDOWN: Interface Gi0/1, down'),
      said('<14>2026-01-01T00:05:00Z lb-2 app: iso'),
      said('<30>dnsmasq[7]: busybox'),
    ],
    [
      ['rfc3164', 'lb-1', 'su', '12', 'no root', 60_000],
      ['rfc3164', 'lb-1', 'su', '', 'no root', 360_000],
      ['rfc3164', 'lb-1', 'su', '', 'a zone ahead', 2_000],
      ['rfc3164', 'lb-1', 'cron', '', 'no priority', 0],
      ['rfc3164', '', 'su', '', 'no host', 0],
      ['rfc3164', 'lb-1', 'kernel', '', '[   12.345678] br0: port 1(eth0) entered', 0],
      ['rfc3164', '', '%LINK-3-UPDOWN', '', 'Interface Gi0/1, down', 0],
      ['rfc3164', 'lb-2', 'app', '', 'iso', 0],
      ['rfc3164', '', 'dnsmasq', '7', 'busybox', null],
    ],
  );
});

test('netconsole, plain and extended, is the kernel itself', () => {
  const plain = read('[ 1234.567890] BUG: unable to handle kernel paging request');
  assert.deepEqual([plain.form, plain.facility, plain.app], ['kernel', 0, 'kernel']);
  assert.match(plain.text, /^\[ 1234\.567890\] BUG/);
  assert.equal(read('<4>[    1.000000] warned').severity, 4);
  const record = read('3,891,1234567890,-,caller=T7;BUG: kernel NULL pointer dereference');
  assert.deepEqual([record.form, record.severity], ['kernel', 3]);
});

test('what cannot be read is kept as it is, and marked', () => {
  assert.deepEqual(read('hello'), {
    ...{
      form: 'raw',
      facility: null,
      severity: null,
      saidMs: null,
      hostname: '',
      app: '',
      pid: '',
    },
    text: 'hello',
  });
  assert.equal(read('<999>x y').text, '<999>x y');
  assert.equal(readMessage(Buffer.from([0x67, 0xfc, 0x6e]), receivedMs).text, 'gün');
  const long = read(`<13>Jan  1 00:05:00 h a: ${'x'.repeat(70_000)}`);
  assert.equal(long.text.length, textMax);
  assert.match(long.text, /\(cut\)$/);
});

test('no bytes crash it, and no text has a NUL', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(`<34>1 ${text}`)),
    fc.string({ maxLength: 200 }).map((text) => Buffer.from(`<34>Jan  1 00:05:00 ${text}`)),
  );
  fc.assert(
    fc.property(bytes, (one) => {
      const { text, severity } = readMessage(one, receivedMs);
      assert.ok(!text.includes('\0') && text.length <= textMax);
      assert.ok(severity === null || (severity >= 0 && severity < 8));
    }),
    { numRuns: 2_000 },
  );
});

test('a stream is cut alike however it is chopped up, both framings by turns', () => {
  const messages = ['<34>one', '<35>1 - - - - - - two\nlines', '<36>three', 'x'.repeat(300)];
  const stream = Buffer.from(
    `${messages[0]}\n${messages[1]?.length} ${messages[1]}${messages[2]}\r\n\n300 ${messages[3]}`,
  );
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
      const cutter = new FrameCutter();
      const edges = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
      const found = edges.flatMap((edge, index) => [
        ...cutter.push(stream.subarray(edges[index - 1] ?? 0, edge)),
      ]);
      assert.deepEqual(
        found.map((one) => one.toString().trimEnd()),
        messages,
      );
    }),
  );
});

test('a frame that is too long is cut, and the next one is whole', () => {
  for (const stream of [
    `${'y'.repeat(frameBytesMax + 9)}\n<34>next\n`,
    `${frameBytesMax + 9} ${'y'.repeat(frameBytesMax + 9)}<34>next\n`,
  ]) {
    const cutter = new FrameCutter();
    const found = stream
      .match(/[\s\S]{1,1000}/g)
      ?.flatMap((part) => [...cutter.push(Buffer.from(part))]);
    assert.deepEqual(
      found?.map((one) => one.length),
      [frameBytesMax, '<34>next'.length],
    );
  }
  const last = new FrameCutter();
  last.push(Buffer.from('<34>unended'));
  assert.equal(last.end().toString(), '<34>unended');
});

test('a search: words, phrases, fields, what must not be', () => {
  assert.deepEqual(
    readQuery('panic "not \\"syncing" -veth host:lb-1 severity:err -facility:cron a:b'),
    [
      { kind: 'text', text: 'panic', isWanted: true },
      { kind: 'text', text: 'not "syncing', isWanted: true },
      { kind: 'text', text: 'veth', isWanted: false },
      { kind: 'field', field: 'host', value: 'lb-1', isWanted: true },
      { kind: 'level', field: 'severity', value: 3, isWanted: true },
      { kind: 'level', field: 'facility', value: 9, isWanted: false },
      { kind: 'text', text: 'a:b', isWanted: true },
    ],
  );
  assert.deepEqual(readQuery('boot:3F2A -boot:0 boot:-2 host:lb-1'), [
    { kind: 'boot', prefix: '3f2a', isWanted: true },
    { kind: 'boot-back', host: 'lb-1', back: 0, isWanted: false },
    { kind: 'boot-back', host: 'lb-1', back: 2, isWanted: true },
    { kind: 'field', field: 'host', value: 'lb-1', isWanted: true },
  ]);
  assert.throws(() => readQuery('boot:-1 -host:lb-1'), /a boot of no host/);
  assert.throws(() => readQuery('boot:%'), /no beginning of a boot's id/);
  assert.deepEqual(readQuery('  '), []);
  assert.throws(() => readQuery('"open'), /a quote is not closed/);
  assert.throws(() => readQuery('severity:bad'), /severity:bad is none of emergency/);
  fc.assert(
    fc.property(fc.string({ maxLength: 100 }), (text) => {
      try {
        readQuery(text);
      } catch (error) {
        assert.match(String(error), /the search is not valid/);
      }
    }),
  );
});

test('what is said to be of no kernel at its first bytes is read as such, and most of it is', () => {
  const piece = fc.constantFrom(
    ...['<', '>', '0', '1', '4', '6', '14', '191', '192', ' ', '[ 1.000000] ', '4,1,2,-;', 'x: '],
    ...['Jan  1 00:05:00 ', '1 - lb-1 kernel - - - ', 'kernel: ', '\u00fc'],
  );
  const texts = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
  const headed = fc.tuple(fc.nat(200), texts).map(([pri, text]) => `<${pri}>${text}`);
  fc.assert(
    fc.property(fc.oneof(texts, headed), (text) => {
      const bytes = Buffer.from(text);
      return !isSurelyOfNoKernel(bytes) || !isOfKernel(readMessage(bytes, receivedMs));
    }),
    { numRuns: 5_000 },
  );
  for (const text of ['<14>Jan  1 00:05:00 lb-1 a: b', '<191>1 - lb-1 a - - - b']) {
    assert.ok(isSurelyOfNoKernel(Buffer.from(text)), text);
  }
});
