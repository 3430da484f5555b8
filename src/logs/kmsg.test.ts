import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readKmsg } from './kmsg.ts';

test('a kernel line reads as dmesg shows it, with its caller and the fields of its device', () => {
  const record =
    '6,1047,12345678,-,caller=T1;pci 0000:00:1f.2: [8086:2922] type 00\n SUBSYSTEM=pci\n DEVICE=+pci:0000:00:1f.2\n';
  assert.deepEqual(readKmsg(record, 5), {
    ...{
      form: 'kernel',
      facility: 0,
      severity: 6,
      saidMs: 5,
      hostname: '',
      app: 'kernel',
      pid: '',
    },
    text: '[   12.345678][    T1] pci 0000:00:1f.2: [8086:2922] type 00\n SUBSYSTEM=pci\n DEVICE=+pci:0000:00:1f.2',
  });
  assert.equal(readKmsg('4,9,1,c;half of', null)?.text, '[    0.000001] half of');
  assert.equal(
    readKmsg('4,9,1,-,unknown=1,caller=C3,more=2;x', null)?.text,
    '[    0.000001][    C3] x',
  );
});

test('what a program wrote is of the program', () => {
  const found = readKmsg('30,8,1,-;systemd[1]: Started cron', null);
  assert.deepEqual(
    [found?.app, found?.pid, found?.facility, found?.severity, found?.text],
    ['systemd', '1', 3, 6, 'Started cron'],
  );
  assert.equal(readKmsg('12,8,1,-;no name', null)?.text, '[    0.000001] no name');
});

test('escapes are the bytes they stand for', () => {
  const textOf = (said: string) => readKmsg(`6,1,1,-;${said}`, null)?.text.slice(15);
  assert.equal(textOf('g\\xc3\\xbcn \\x5cx41 a\\x0ab'), 'gün \\x41 a\nb');
  assert.equal(textOf('nul \\x00 in it'), 'nul \uFFFD in it');
});

test('what is no record is none, and no text crashes it', () => {
  for (const text of ['', 'hello', '6,1,1;x', '6,x,1,-;x', '6,18446744073709551615,1,-;x']) {
    assert.equal(readKmsg(text, null), null, text);
  }
  const nearly = fc.string({ maxLength: 80 }).map((text) => `6,1,1,-;${text}`);
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 80 }), nearly), (text) => {
      assert.ok(readKmsg(text, null)?.text.includes('\0') !== true);
    }),
  );
});
