import assert from 'node:assert/strict';
import { test } from 'node:test';
import { productionTimings as timings } from './timings.ts';
import {
  agentHeard,
  granted,
  heard,
  judged,
  lastGrantEndMs,
  mayGrant,
  missed,
  probed,
  probesToSilence,
  promisedTo,
  resumed,
  unheard,
  type WitnessState,
} from './witness.ts';

/** Probes one after the other from `fromMs`: true is answered, false is missed. */
function tried(state: WitnessState, fromMs: number, answers: readonly boolean[]): WitnessState {
  return answers.reduce((now, isAnswered, index) => {
    const sentMs = fromMs + index * timings.probePeriodMs;
    const sent = probed(now, sentMs);
    const next = isAnswered ? heard(sent, sentMs, true) : missed(sent);
    return judged(next, sentMs + timings.probePeriodMs, timings);
  }, state);
}

const promised = (state: WitnessState, ...sessions: readonly string[]) =>
  sessions.reduce((now, session) => promisedTo(now, session, now.silences), state);
const times = (count: number, value: boolean) => Array.from({ length: count }, () => value);
const fresh = unheard({ promised: [], silences: 0, inheritedEndMs: 30_000 });
const alive = tried(fresh, 0, times(10, true));

test('a host that never answered is granted nothing, and is silent after more probes than others', () => {
  assert.equal(mayGrant(fresh, timings), false);
  assert.equal(judged(fresh, 60_000, timings).isSilent, false, 'it was not probed yet');
  assert.equal(tried(fresh, 60_000, times(11, false)).isSilent, false);
  const silent = tried(fresh, 60_000, times(12, false));
  assert.equal(silent.isSilent, true);
  assert.deepEqual(promisedTo(silent, 'a', 1).promised, ['a']);
  assert.equal(tried(silent, 61_000, [true]).isSilent, false);
});

test('a grant of the process before counts until the host has taken one in its place', () => {
  assert.equal(lastGrantEndMs(fresh), 30_000);
  const plain = heard(fresh, 100, false);
  assert.equal(lastGrantEndMs(granted(plain, 300)), 30_000);
  assert.equal(lastGrantEndMs(heard(granted(plain, 300), 200, true)), 300);
  assert.equal(lastGrantEndMs(heard(plain, 200, true)), null);
});

test('five probes without an answer are a silence where nothing is ever lost', () => {
  assert.equal(tried(alive, 200, times(4, false)).isSilent, false);
  assert.equal(tried(alive, 200, times(5, false)).isSilent, true);
  assert.equal(probesToSilence(0, timings), 5);
});

test('the more is lost, the longer it takes: a live host is taken for silent once in a million', () => {
  for (const loss of [0.1, 0.3, 0.51]) {
    const count = probesToSilence(loss, timings);
    assert.ok(loss ** count <= 1e-6 * 1.001, `${loss}: ${count}`);
    assert.ok(loss ** (count - 1) > 1e-6, `${loss}: ${count} is more than it takes`);
  }
});

test('grants are held back half way to a silence, and go on with the next answer', () => {
  assert.equal(mayGrant(tried(alive, 200, times(1, false)), timings), true);
  const half = tried(alive, 200, times(2, false));
  assert.equal(half.isSilent, false);
  assert.equal(mayGrant(half, timings), false);
  assert.equal(mayGrant(tried(half, 240, times(1, true)), timings), true);
});

test('loss is learned from what comes back, and not from a host that is gone', () => {
  const lossy = tried(
    alive,
    200,
    Array.from({ length: 3_000 }, (_, index) => index % 2 === 0),
  );
  assert.ok(Math.abs(lossy.loss - 0.5) < 0.05, String(lossy.loss));
  assert.equal(lossy.isSilent, false);
  const gone = tried(alive, 200, times(1_000, false));
  const back = tried(gone, 30_000, times(1, true));
  assert.ok(back.loss < 0.01, String(back.loss));
  assert.equal(back.isSilent, false);
});

test('a silence that nobody asked about is over as soon as the host is heard', () => {
  const silent = tried(alive, 200, times(10, false));
  assert.equal(mayGrant(silent, timings), false);
  assert.equal(mayGrant(tried(silent, 1_000, times(1, true)), timings), true);
});

test('whom a silence was promised holds all grants until it calls that very silence off', () => {
  const silent = promised(tried(alive, 200, times(10, false)), 'a', 'b');
  const back = tried(silent, 1_000, times(1, true));
  assert.equal(mayGrant(back, timings), false);
  assert.equal(mayGrant(resumed(back, ['a'], 1), timings), false);
  assert.equal(mayGrant(resumed(back, ['a', 'b'], 0), timings), false, 'of another silence');
  assert.equal(mayGrant(resumed(back, ['a', 'b'], 1), timings), true);
  const again = promised(tried(back, 1_100, times(10, false)), 'a');
  assert.equal(again.silences, 2);
  assert.deepEqual(resumed(again, ['a', 'b'], 1).promised, ['a', 'b'], 'a late word on the first');
  assert.deepEqual(promisedTo(again, 'c', 1).promised, ['a', 'b'], 'asked for the first');
  assert.deepEqual(promisedTo(alive, 'a', 0).promised, [], 'nobody counts on what is heard');
});

test('a host that is fenced is granted nothing, however well it is heard', () => {
  assert.equal(mayGrant({ ...alive, isFenced: true }, timings), false);
});

test('an agent that answered once and then no more is a silence, unless it said that it is away', () => {
  const agent = agentHeard(alive, 200, 0);
  const lateMs = 200 + timings.agentSilentMs;
  const at = (state: WitnessState) => judged(heard(state, lateMs, true), lateMs, timings).isSilent;
  assert.equal(at(agent), true);
  assert.equal(at(agentHeard(alive, 200, 30_000)), false);
  assert.equal(at(alive), false, 'one that never answered may be behind a firewall');
  assert.equal(judged(agent, lateMs - 1, timings).isSilent, false);
});

test('the last grant to run out counts, not the last to be made', () => {
  assert.equal(granted(granted(alive, 30_000), 1_000).grantEndMs, 30_000);
});
