import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownSeverity, readHaproxyLine } from './haproxy-line.ts';

test('what HAProxy itself prints has its level and process', () => {
  // HAProxy 2.6.12.
  const line = '[WARNING]  (20255) : Server b/s2 enters drain state. 0 active and 0 backup servers';
  const { severity, pid, app, text } = readHaproxyLine(line, 0);
  assert.deepEqual([severity, pid, app], [4, '20255', 'haproxy']);
  assert.equal(text, 'Server b/s2 enters drain state. 0 active and 0 backup servers');
  assert.equal(ownSeverity("[ALERT]    (8) : backend 'b' has no server available!"), 1);
  assert.equal(ownSeverity('[NOTICE]   (1) : New worker (8) forked'), 5);
  assert.equal(
    ownSeverity('10.0.0.1:55 [26/Nov/2026:01:02:03.004] web api/s1 0/0/0/1/1 503'),
    null,
  );
});

test('an owner’s lines are read as syslog where they begin so, and kept as they are else', () => {
  const raw = readHaproxyLine('10.0.0.1:55 web api/s1 503', 0);
  assert.deepEqual([raw.severity, raw.text], [6, '10.0.0.1:55 web api/s1 503']);
  const syslog = readHaproxyLine('<134>1 2026-11-26T01:02:03.000Z web haproxy 8 - - GET / 503', 0);
  assert.deepEqual([syslog.facility, syslog.severity, syslog.pid], [16, 6, '8']);
  assert.equal(syslog.text, 'GET / 503');
  assert.equal(readHaproxyLine('<2>kernel: [  1.0] BUG: x', 0).facility, 3);
});
