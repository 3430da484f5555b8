import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashesIn } from '../crash/cutter.ts';
import { TestServer } from './test-server.ts';
import { nowMs, runLine } from './test-terminal.ts';

const [report] =
  crashesIn(`[  12.000001] BUG: kernel NULL pointer dereference, address: 0000000000000048
[  12.000002] CPU: 3 PID: 812 Comm: haproxy Not tainted 6.1.90 #1
[  12.000003] RIP: 0010:nic_poll+0x58/0x1c0
[  12.000004] Call Trace:
[  12.000005]  net_rx_action+0x10/0x90
[  12.000006] ---[ end trace 0000000000000000 ]---`);
const group = {
  ...{ id: 'v1-aa', kind: 'null-dereference', title: report?.title, reports: 3, boots: 2 },
  ...{ firstSeenMs: nowMs - 86_400_000, lastSeenMs: nowMs, perDay: 3, lastPerDay: 0.1 },
  hosts: [
    { name: 'lb-1\u001B[2J', reports: 2 },
    { name: 'lb-2', reports: 1 },
  ],
  ...{ releases: [{ name: '', reports: 3 }], because: ['kind', 'nic_poll'] },
  latest: { id: 9, atMs: nowMs, host: 'lb-1', source: '198.18.0.11', report },
};
const decision = {
  ...{ id: 4, atMs: nowMs, who: 'admin', reason: 'inlined', kind: 'merge', subject: 'v1-bb' },
  ...{ target: 'v1-aa', undone: null },
};
const member = { id: 9, atMs: nowMs, host: 'lb-1', boot: null, release: null, process: 'haproxy' };
const answers = {
  'GET /v1/crash-groups?limit=100': () => ({ items: [group] }),
  'GET /v1/crash-groups/v1-aa%2Fhost%3Dlb-1': () => ({
    ...group,
    members: [{ ...member, because: 'nic_poll' }],
    alike: [{ id: 'v1-cc', title: 'T', why: 'it may be inlined' }],
    decisions: [decision],
  }),
  'POST /v1/crash-decisions': () => decision,
  'POST /v1/crash-decisions/4/undo': () => ({
    ...decision,
    undone: { atMs: nowMs, who: 'admin', reason: 'no' },
  }),
  'GET /v1/crash-decisions?all=true': () => ({ items: [decision] }),
};

async function ask(...argv: string[]) {
  await using server = await TestServer.start(answers);
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const ran = await runLine(['crash', ...argv], { env });
  return { ...ran, sent: server.seen.map(({ body }) => body) };
}

test('groups are listed, and one explains itself', async () => {
  const { out } = await ask('groups');
  assert.match(out, /^v1-aa +3 +2 +2 +.* 0\.10 +- +BUG: .* in nic_poll$/m);
  const shown = (await ask('group', 'v1-aa/host=lb-1')).out;
  assert.match(shown, /Because +kind\n +nic_poll/);
  assert.match(shown, /Hosts +lb-1\\u001b\[2J \(2\), lb-2 \(1\)/);
  assert.match(shown, /May be the same:\nGROUP.*\nv1-cc .*inlined/);
  assert.match(shown, /4 .*admin +merge v1-bb into v1-aa +inlined +-/);
});

test('people decide with a reason, and take it back', async () => {
  const merged = await ask('merge', 'v1-bb', 'v1-aa', '--reason', 'inlined');
  assert.deepEqual(merged.sent, [
    { kind: 'merge', group: 'v1-bb', into: 'v1-aa', reason: 'inlined' },
  ]);
  assert.match(merged.out, /decision 4: merge v1-bb into v1-aa; bridgehead crash undo 4/);
  const split = await ask('split', 'v1-aa', '--by', 'release', '--reason', 'x');
  assert.deepEqual(split.sent, [{ kind: 'split', group: 'v1-aa', by: 'release', reason: 'x' }]);
  const assigned = await ask('assign', '9', 'v1-aa', '--reason', 'x');
  assert.deepEqual(assigned.sent, [{ kind: 'assign', report: 9, into: 'v1-aa', reason: 'x' }]);
  assert.match((await ask('undo', '4', '--reason', 'no')).out, /decision 4 is taken back/);
  assert.match((await ask('decisions', '--all')).out, /merge v1-bb into v1-aa/);
  assert.equal((await ask('split', 'v1-aa', '--by', 'colour', '--reason', 'x')).code, 2);
  assert.equal((await ask('assign', 'x', 'v1-aa', '--reason', 'x')).code, 2);
  assert.equal((await ask('merge', 'v1-bb', 'v1-aa', '--reason', ' ')).code, 2);
  assert.equal((await ask('merge', 'v1-bb', 'v1-aa')).code, 2);
});
