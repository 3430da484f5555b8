import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HostName } from '../domain/ids.ts';
import { productionTimings as timings } from './timings.ts';
import { isTooMany, type Report, suspicionOf, verdictOf } from './verdict.ts';
import { quorumOf, witnessesFor, witnessesMax } from './witness-sets.ts';

const name = (text: string) => text as HostName;
const host = name('h');
const [a, b, c] = [name('a'), name('b'), name('c')];

function report(witness: HostName, state: Report['state'], grantEndMs: number | null): Report {
  const isPromised = state === 'silent';
  return { witness, state, isPromised, grantEndMs, heardMs: 0, agentHeardMs: 0, loss: 0 };
}

function verdict(
  sets: readonly (readonly HostName[])[],
  reports: readonly Report[],
  nowMs: number,
) {
  return verdictOf(
    {
      host,
      sets: sets.map((witnesses, index) => ({ version: index + 1, witnesses })),
      reports: new Map(reports.map((one) => [one.witness, one])),
    },
    nowMs,
    timings,
  );
}

test('silent to all and the last grant run out: silenced, and not a moment before', () => {
  const reports = [report(a, 'silent', 1_000), report(b, 'silent', 1_050)];
  const atMs = 1_050 + timings.marginMs;
  assert.deepEqual(
    [verdict([[a, b]], reports, atMs - 1).state, verdict([[a, b]], reports, atMs).state],
    ['suspect', 'silenced'],
  );
  assert.equal(verdict([[a, b]], reports, 900).silencedAtMs, atMs);
});

test('a witness that says nothing, or never heard it, may still be granting', () => {
  assert.equal(verdict([[a, b]], [report(a, 'silent', 0)], 9_999).state, 'alive');
  const unknown = [report(a, 'silent', 0), report(b, 'unknown', null)];
  assert.equal(verdict([[a, b]], unknown, 9_999).state, 'alive');
});

test('a witness that is silent and was not asked to promise may grant again at any time', () => {
  const evidence = {
    host,
    sets: [{ version: 1, witnesses: [a, b] }],
    reports: new Map([
      [a, report(a, 'silent', 0)],
      [b, { ...report(b, 'silent', 0), isPromised: false }],
    ]),
  };
  assert.equal(verdictOf(evidence, 9_999, timings).state, 'alive');
  assert.equal(suspicionOf(evidence, 9_999, timings).state, 'silenced');
});

test('a majority of three that fell silent is enough, whatever the third says', () => {
  const reports = [report(a, 'silent', 0), report(b, 'silent', 0), report(c, 'hears', 9_999)];
  assert.equal(verdict([[a, b, c]], reports, 9_999).state, 'silenced');
});

test('every set that the host may still go by has to be without a quorum', () => {
  const reports = [report(a, 'silent', 0), report(b, 'silent', 0)];
  assert.equal(
    verdict(
      [
        [a, b],
        [a, c],
      ],
      reports,
      9_999,
    ).state,
    'alive',
  );
  assert.equal(verdict([[], [a, b]], reports, 9_999).state, 'unwitnessed');
  assert.equal(verdict([], reports, 9_999).state, 'unwitnessed');
});

test('a silenced host has no quorum, whoever of its witnesses grants what they may', () => {
  const states = fc.constantFrom<Report['state']>('hears', 'silent', 'unknown');
  const one = fc.record({ state: states, grantEndMs: fc.integer({ min: 0, max: 500 }) });
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 5 }), fc.nat(600), (all, nowMs) => {
      const witnesses = all.map((_, index) => name(`w${index}`));
      const reports = all.map(({ state, grantEndMs }, index) =>
        report(name(`w${index}`), state, grantEndMs),
      );
      if (verdict([witnesses], reports, nowMs).state !== 'silenced') return;
      const mayHold = all.filter(
        ({ state, grantEndMs }) => state !== 'silent' || grantEndMs > nowMs,
      );
      assert.ok(mayHold.length < quorumOf({ witnesses }));
    }),
  );
});

test('witnesses are others, bounded, of other racks first, and the same in any order', () => {
  const fleet = Array.from({ length: 40 }, (_, index) => ({
    name: name(`host-${index}`),
    zone: 'z',
    rack: `r${index % 4}`,
  }));
  for (const of of fleet) {
    const chosen = witnessesFor(of, fleet);
    assert.equal(chosen.length, witnessesMax);
    assert.ok(!chosen.includes(of.name));
    const racks = chosen.map((one) => fleet.find((host) => host.name === one)?.rack);
    assert.ok(!racks.includes(of.rack), 'none of its own rack while there are others');
    assert.deepEqual(witnessesFor(of, fleet.toReversed()), chosen);
  }
  const watched = fleet.flatMap((of) => witnessesFor(of, fleet));
  const most = Math.max(...fleet.map((one) => watched.filter((name) => name === one.name).length));
  assert.ok(most <= 4 * witnessesMax, `one host witnesses ${most}`);
});

test('one host alone is never too many; more than the share of the fleet is', () => {
  assert.equal(isTooMany(1, 1, 0.5), false);
  assert.equal(isTooMany(2, 3, 0.5), true);
  assert.equal(isTooMany(2, 4, 0.5), false);
});
