import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BootView } from '../protocol/boot-views.ts';
import type { Soak } from '../statistics/soak.ts';
import { TestServer } from './test-server.ts';
import { nowMs, runLine } from './test-terminal.ts';

const dayMs = 86_400_000;
const fromMs = nowMs - 101 * dayMs;

function boot(
  host: string,
  start: number,
  last: number,
  by: string | null,
  kernel: string,
): BootView {
  const at = (day: number) => fromMs + day * dayMs;
  return {
    ...{ host, bootId: `${host}-${start}`, startedMs: at(start), firstSeenMs: at(start) },
    lastSeenMs: at(last),
    ended: by === null ? null : { atMs: at(last), by: by as 'crash' },
    ...{ crashId: by === 'crash' ? 7 : null, facts: { kernel, zone: 'north' } },
    groups: by === 'crash' ? [{ id: 'v1-aa', atMs: at(last) }] : [],
  };
}

// The origin story: crashes after 60, 30 and 7 days, then quiet with another kernel.
const story = [
  boot('lb-1', 0, 60, 'crash', '3.16'),
  boot('lb-2', 30, 60, 'crash', '3.16'),
  boot('lb-3', 53, 60, 'crash', '3.16'),
  ...['lb-1', 'lb-2', 'lb-3'].map((host) => boot(host, 61, 101, null, '3.18')),
];

async function ask(boots: readonly BootView[], ...argv: string[]) {
  await using server = await TestServer.start(
    new Proxy({}, { get: () => () => ({ items: boots }), has: () => true }),
  );
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const ran = await runLine(['crash', ...argv], { env });
  return { ...ran, asked: server.seen.map(({ path }) => path) };
}

test('the story of the fleet: since a date, or of hosts with the new kernel, as by hand', async () => {
  const since = await ask(story, 'soak', '--since', '40d', '-o', 'json');
  const soak = JSON.parse(since.out) as Soak & {
    readonly before: object;
    readonly after: object;
    readonly missingDays: number;
  };
  const crashesByHost = { 'lb-1': 1, 'lb-2': 1, 'lb-3': 1 };
  assert.deepEqual(soak.before, { hostDays: 97, crashes: 3, crashesByHost });
  assert.deepEqual(soak.after, { hostDays: 120, crashes: 0, crashesByHost: {} });
  const { out, asked } = await ask(story, 'soak', '--with', 'kernel=3.18');
  assert.deepEqual(asked, ['/v1/boots?limit=20000']);
  assert.match(out, /6 boots of 3 hosts are on record/);
  assert.match(out, /If nothing changed +as quiet as this in 8\.9 %/);
  assert.match(out, /If a tenth is left +as quiet as this in 70\.5 %/);
  assert.match(out, /Still to watch +115 host-days, 38 days of 3 hosts, without another crash/);
  assert.match(out, /Boots of one host are taken for independent/);
  const group = await ask(story, 'soak', '--since', '40d', '--group', 'v1-bb');
  assert.match(group.out, /Not enough data: no crash was seen before the change/);
});

test('what cannot be reckoned of the fleet is refused by name', async () => {
  const refused = async (...argv: string[]) => {
    const { code, err } = await ask(story, ...argv);
    assert.equal(code, 2, err);
    return err;
  };
  assert.match(await refused('soak', '--since', '2999-01-01'), /is no time that has been/);
  assert.match(await refused('soak', '--with', 'kernel'), /is no fact with its value/);
  assert.match(await refused('soak'), /--before {2}is no whole number/);
  assert.match(await refused('survival', '--by', 'colour'), /Give one of kernel, zone/);
  const both = ['--group', 'v1-aa', '--unknown-crashed'];
  assert.match(await refused('compare', ...both), /says nothing of a group/);
});

test('survival by a fact: few crashes, exact over all ways to deal kernels out to hosts', async () => {
  const { out } = await ask(story, 'survival', '--by', 'kernel');
  assert.match(out, /^3\.16 +7 +3 +1 +0\.667/m);
  assert.match(out, /Not enough data: 3 crashes are too few/);
  assert.match(out, /Boots of one host are taken for independent/);
  const apart = ['a', 'b', 'c', 'd', 'e', 'f'].map((host, index) =>
    index < 3 ? boot(host, 0, index + 1, 'crash', '3.16') : boot(host, 0, 60, null, '3.18'),
  );
  const shown = await ask(apart, 'survival', '--by', 'kernel');
  assert.match(shown.out, /whole hosts in all 20 ways: p = 0\.10/);
});

test('how a boot ended that nobody knows is said, and turned round on request', async () => {
  const unknown = [...story, boot('lb-4', 0, 50, 'unknown', '3.16')];
  const { out } = await ask(unknown, 'survival');
  assert.match(out, /1 boots ended nobody knows how, and count as not crashed/);
  assert.doesNotMatch(out, /^- +50/m);
  assert.match((await ask(unknown, 'survival', '--unknown-crashed')).out, /^- +50 +2 +1 /m);
});

test('what is different about the hosts that crash, with how little three of them say', async () => {
  const fleet = [...story, ...['lb-4', 'lb-5'].map((host) => boot(host, 0, 90, null, '3.18'))];
  const { out } = await ask(fleet, 'compare');
  assert.match(out, /3 of 5 hosts crashed; 2 questions were asked/);
  assert.match(out, /Only 3 hosts crashed/);
  assert.match(out, /the most telling fact would have p = 0\.20 of all asked/);
  assert.match(out, /kernel=3\.16 +3 of 3 +0 of 2 +∞ \(0\.36 to ∞\) +0\.10 /);
});

test('boots are listed with how each ended and how long it was watched', async () => {
  const { out, asked } = await ask(story, 'boots', '--host', 'lb-1');
  assert.deepEqual(asked, ['/v1/boots?limit=100&host=lb-1']);
  assert.match(out, /^lb-1 .* 60 d 0 h +60 d 0 h +crash +3\.16 +7 +lb-1-0$/m);
  assert.match(out, /^lb-1 .* 40 d 0 h +40 d 0 h +up +3\.18 +- +lb-1-61$/m);
});
