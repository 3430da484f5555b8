import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, integer, property } from 'fast-check';
import { type JournalEntry, replayJournal } from './journal.ts';

const lab = {
  kind: 'lab',
  id: '1a2b3c4d',
  name: 'lab',
  hosts: 3,
  schedulers: 1,
  port: 7080,
} as const;

function text(...entries: readonly JournalEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

function replay(...entries: readonly JournalEntry[]) {
  const state = replayJournal(text(lab, ...entries));
  assert.ok(state !== null);
  return state;
}

test('an empty journal, or one with its first line cut off, is no lab', () => {
  assert.equal(replayJournal(''), null);
  assert.equal(replayJournal(text(lab).slice(0, -1)), null);
});

test('a later lab line changes hosts and port, and keeps all else', () => {
  const state = replay(
    { kind: 'namespace', name: 'bh-lab-switch', state: 'made' },
    { kind: 'crashed', host: 'host-1' },
    { ...lab, hosts: 5, port: 7081 },
  );
  assert.equal(state.hosts, 5);
  assert.equal(state.port, 7081);
  assert.equal(state.namespaces.get('bh-lab-switch'), 'made');
  assert.ok(state.crashed.has('host-1'));
});

test('a journal that names no number of schedulers is of a lab with one', () => {
  const { schedulers, ...old } = { ...lab, schedulers: 2 };
  assert.equal(replayJournal(`${JSON.stringify(old)}\n`)?.schedulers, 1);
  assert.equal(replay({ ...lab, schedulers })?.schedulers, 2);
});

test('a namespace is known from before it is made until after it is gone', () => {
  const name = 'bh-lab-host-1';
  const making: JournalEntry = { kind: 'namespace', name, state: 'making' };
  const made: JournalEntry = { kind: 'namespace', name, state: 'made' };
  const gone: JournalEntry = { kind: 'namespace', name, state: 'gone' };
  assert.equal(replay(making).namespaces.get(name), 'making');
  assert.equal(replay(making, made).namespaces.get(name), 'made');
  assert.equal(replay(making, made, gone).namespaces.size, 0);
  assert.equal(replay(making, made, gone, making).namespaces.get(name), 'making');
});

test("healing undoes all of one host's faults and no other's", () => {
  const state = replay(
    { kind: 'crashed', host: 'host-1' },
    { kind: 'hung', host: 'host-1' },
    { kind: 'partitioned', host: 'host-1', from: 'control' },
    { kind: 'crashed', host: 'host-2' },
    { kind: 'hung', host: 'host-3' },
    { kind: 'partitioned', host: 'host-3', from: 'peers' },
    { kind: 'healed', host: 'host-1' },
  );
  assert.deepEqual([...state.crashed], ['host-2']);
  assert.deepEqual([...state.hung], ['host-3']);
  assert.deepEqual([...state.partitioned], [['host-3', 'peers']]);
});

test('the last partition of a host counts', () => {
  const state = replay(
    { kind: 'partitioned', host: 'host-1', from: 'control' },
    { kind: 'partitioned', host: 'host-1', from: 'all' },
  );
  assert.deepEqual([...state.partitioned], [['host-1', 'all']]);
});

test('a journal that was cut off anywhere is that of an earlier moment, never an error', () => {
  const entries: readonly JournalEntry[] = [
    { kind: 'namespace', name: 'bh-lab-switch', state: 'making' },
    { kind: 'namespace', name: 'bh-lab-switch', state: 'made' },
    { kind: 'crashed', host: 'host-2' },
    { kind: 'healed', host: 'host-2' },
  ];
  const whole = text(lab, ...entries);
  const moments = entries.map((_, index) => replay(...entries.slice(0, index + 1)));
  const states = [null, replay(), ...moments];
  check(
    property(integer({ min: 0, max: whole.length }), (length) => {
      const cut = whole.slice(0, length);
      const lines = cut.split('\n').length - 1;
      assert.deepEqual(replayJournal(cut), states[lines]);
    }),
  );
});

test('a damaged line before the last is an error that names it', () => {
  assert.throws(() => replayJournal(`${text(lab)}{"kind":"no\n${text(lab)}`), /line 2/);
  assert.throws(() => replayJournal(text({ kind: 'hung', host: 'host-1' })), /begins with its lab/);
  assert.throws(() => replayJournal(text({ ...lab, id: '../..' })), /line 1/);
});
