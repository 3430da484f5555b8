import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { recordHeader, recordLines } from './kernel-record.ts';
import { type Heard, lateMark, Netconsole, netconsoleLimits } from './netconsole.ts';

const home = '198.18.0.11';

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text);
}

function textsOf(heard: readonly Heard[]): readonly string[] {
  return heard.map(({ kind, text }) => (kind === 'loss' ? `LOSS ${text}` : text));
}

/** What a sequence of datagrams gives, each a millisecond after the last. */
function heardOf(datagrams: readonly string[], console = new Netconsole()): readonly string[] {
  return datagrams.flatMap((text, at) => textsOf(console.push(bytesOf(text), home, at)));
}

/** One that has heard the record before `next`, and waited for any before that. */
function begun(next: number): Netconsole {
  const console = new Netconsole();
  const first = `6,${next - 1},0,-;first`;
  assert.deepEqual(console.push(bytesOf(first), home, -netconsoleLimits.waitMs), []);
  assert.deepEqual(textsOf(console.due(0)), [first]);
  return console;
}

/** As send_fragmented_body() in drivers/net/netconsole.c does it. */
function inPieces(lead: string, body: string, size: number): readonly string[] {
  const pieces: string[] = [];
  for (let at = 0; at < body.length; at += size) {
    pieces.push(`${lead},ncfrag=${at}/${body.length};${body.slice(at, at + size)}`);
  }
  return pieces;
}

test('the header of a record, with a release before it and fields behind it', () => {
  const header = recordHeader('6.7.0-rc1,30,891,1234567890,-,caller=T7,ncfrag=10/20;tail');
  assert.deepEqual(header, {
    ...{ release: '6.7.0-rc1', facility: 3, level: 6, sequence: 891, microseconds: 1_234_567_890 },
    ...{ caller: 'T7', piece: { offset: 10, total: 20 }, end: 53 },
  });
  assert.equal(recordHeader('6,1,2,-;a')?.release, null);
  for (const text of [
    '6,1,2;a',
    '[    1.000000] 6,1,2,-;a',
    '6,1,2,-a\n;',
    '1.2.3.4 6,1,2,-;a',
    '',
  ]) {
    assert.equal(recordHeader(text), null, text);
  }
});

test('the text of a record: several lines, escapes, and no fields', () => {
  assert.deepEqual(recordLines('one\\x0a\\x09two \\xc3\\xa4\n SUBSYSTEM=pci\n key=value'), [
    'one',
    '\ttwo ä',
  ]);
  assert.deepEqual(recordLines('C:\\x5cnew'), ['C:\\new']);
});

test('pieces become the record, in any order, and its fields stay with it', () => {
  const body = `${'x'.repeat(150)} end\n userdata=1`;
  const pieces = inPieces('6.7.0,6,5,100,-,caller=T1', body, 40);
  const whole = `6.7.0,6,5,100,-,caller=T1;${body}`;
  assert.deepEqual(heardOf(pieces, begun(5)), [whole]);
  fc.assert(
    fc.property(fc.shuffledSubarray([...pieces], { minLength: pieces.length }), (shuffled) => {
      assert.deepEqual(heardOf(shuffled, begun(5)), [whole]);
      assert.deepEqual(heardOf([...shuffled, ...shuffled.slice(0, 1)], begun(5)), [whole]);
    }),
  );
});

test('what stays in pieces is given with the hole named, in its place', () => {
  const console = new Netconsole();
  const [first = '', , third = ''] = inPieces('6,5,100,-', 'abcdefghijklmnop', 6);
  assert.deepEqual(heardOf([first, third, '6,6,101,-;next'], console), []);
  assert.deepEqual(textsOf(console.due(100)), []);
  assert.deepEqual(textsOf(console.due(netconsoleLimits.waitMs)), [
    '6,5,100,-;abcdef… (6 bytes missing) …mnop',
    '6,6,101,-;next',
  ]);
  assert.equal(console.heldBytes, 0);
});

test('records that overtook others wait for them, each for a bounded time', () => {
  const console = begun(1);
  const said = (number: number) => `6,${number},${number},-;m${number}`;
  const datagrams = [1, 2, 5, 4, 3, 6].map((number) => `${said(number)}\n`);
  assert.deepEqual(heardOf(datagrams, console), [1, 2, 3, 4, 5, 6].map(said));
  assert.deepEqual(heardOf(['6,8,8,-;m8', '6,8,8,-;m8'], console), []);
  assert.deepEqual(textsOf(console.due(netconsoleLimits.waitMs)), [
    '6,8,8,-;m8',
    'LOSS 1 message of this kernel did not come (number 7): lost on the way, or not for its console by their level',
  ]);
  // Too late for its turn, and once only.
  assert.deepEqual(heardOf(['6,7,7,-;m7\n key=1\n', '6,7,7,-;m7\n'], console), [
    `6,7,7,-;m7${lateMark}\n key=1`,
  ]);
  assert.deepEqual(heardOf(['6,8,8,-;m8', '6,9,9,-;m9'], console), ['6,9,9,-;m9']);
});

test('losses of a sender are summed up and told now and then, and at the end', () => {
  const console = new Netconsole();
  heardOf(['6,1,1,-;a', '6,4,4,-;b'], console);
  assert.match(textsOf(console.due(1_000)).join(), /LOSS 2 messages .*\(of numbers 2 to 3\)/);
  console.push(bytesOf('6,9,9,-;c'), home, 2_000);
  console.push(bytesOf('6,11,11,-;d'), home, 2_000);
  assert.deepEqual(textsOf(console.due(3_000)), ['6,9,9,-;c', '6,11,11,-;d']);
  assert.match(textsOf(console.flush()).join(), /LOSS 5 messages .*\(of numbers 5 to 10\)/);
  assert.deepEqual(console.flush(), []);
});

test('a boot begins the numbers anew, and nothing is lost by it', () => {
  const console = begun(400);
  const heard = heardOf(
    [
      '6,400,9000000000,-;old',
      '6,402,9000000001,-;held',
      '6,395,3000000,-;new',
      '6,396,3000001,-;n',
    ],
    console,
  );
  assert.deepEqual(heard, ['6,400,9000000000,-;old', '6,402,9000000001,-;held']);
  const [first, second, loss] = textsOf(console.due(netconsoleLimits.waitMs + 10));
  assert.deepEqual([first, second], ['6,395,3000000,-;new', '6,396,3000001,-;n']);
  assert.match(loss ?? '', /LOSS 1 message .*number 401/);
  // The newer boot may have come further by the time that its console begins.
  assert.deepEqual(heardOf(['6,900,500000,-;third'], console), []);
  assert.deepEqual(textsOf(console.flush()), ['6,900,500000,-;third']);
});

test('senders are kept apart', () => {
  const console = new Netconsole();
  const [a1 = '', a2 = ''] = inPieces('6,5,100,-', 'aaaabbbb', 4);
  const [b1 = '', b2 = ''] = inPieces('6,5,100,-', 'ccccdddd', 4);
  console.push(bytesOf(a1), '1', 0);
  console.push(bytesOf(b1), '2', 0);
  console.push(bytesOf(a2), '1', 0);
  console.push(bytesOf(b2), '2', 0);
  assert.deepEqual(
    console.flush().map(({ address, text }) => [address, text]),
    [
      ['1', '6,5,100,-;aaaabbbb'],
      ['2', '6,5,100,-;ccccdddd'],
    ],
  );
});

test('plain: lines that come in parts are joined, several in one are parted', () => {
  const console = new Netconsole();
  assert.deepEqual(
    heardOf(['[    1.000000] Modules linked in: a b', ' c d', ' e\n[    2.000000] x\n'], console),
    ['[    1.000000] Modules linked in: a b c d e', '[    2.000000] x'],
  );
  assert.deepEqual(heardOf(['[    3.000000] cut off', '[    4.000000] y\n'], console), [
    '[    3.000000] cut off',
    '[    4.000000] y',
  ]);
  assert.deepEqual(heardOf(['[    5.000000] last'], console), []);
  assert.deepEqual(textsOf(console.due(netconsoleLimits.waitMs)), ['[    5.000000] last']);
  assert.deepEqual(heardOf(['gün\n'], console), ['gün']);
});

test('any bytes from any number of senders: nothing is lost, and little is held', () => {
  const piece = fc
    .tuple(fc.nat(9), fc.nat(40), fc.nat(40), fc.string({ maxLength: 30 }))
    .map(([number, offset, total, text]) => `6,${number},1,-,ncfrag=${offset}/${total};${text}`);
  const record = fc
    .tuple(fc.nat(40), fc.nat(5_000_000), fc.string({ maxLength: 30 }))
    .map(([number, time, text]) => `6,${number},${time},-;${text}`);
  const datagram = fc.oneof(piece, record, fc.string({ maxLength: 60 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(datagram, fc.nat(3), fc.nat(200))), (all) => {
      const console = new Netconsole();
      let nowMs = 0;
      for (const [text, sender, passesMs] of all) {
        nowMs += passesMs;
        for (const { text: heard } of console.push(bytesOf(text), String(sender), nowMs)) {
          assert.notEqual(heard, '');
        }
        console.due(nowMs);
      }
      console.flush();
      assert.equal(console.heldBytes, 0);
    }),
  );
});

test('three thousand senders that finish nothing are held within the bounds', () => {
  const console = new Netconsole();
  const part = 'z'.repeat(900);
  let given = 0;
  for (let sender = 0; sender < 3_000; sender += 1) {
    for (let number = 0; number < 4; number += 1) {
      const text = `6,${number},1,-,ncfrag=0/9000;${part}`;
      given += console.push(bytesOf(text), `s${sender}`, 0).length;
      assert.ok(console.heldBytes <= netconsoleLimits.bytes);
    }
  }
  given += console.flush().length;
  assert.equal(given, 12_000);
  assert.equal(console.heldBytes, 0);
});

test('twenty thousand frames of one sender, each a number too far, hold no more than the window', () => {
  const console = new Netconsole();
  let given = 0;
  const frames = 20_000;
  for (let number = 0; number < frames; number += 1) {
    given += console.push(bytesOf(`6,${number * 2},1,-;m`), home, 0).length;
    if (number % 1_000 === 0) assert.ok(console.heldBytes <= 40 * 20);
  }
  const end = console.flush();
  assert.equal(given + end.filter(({ kind }) => kind === 'text').length, frames);
  assert.match(end.at(-1)?.text ?? '', /^19999 messages/);
});
