import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from './test-server.ts';
import { nowMs, runLine } from './test-terminal.ts';

const id = '5f0c1a52-2f0e-4a53-8f39-6f3a0a3b7c11';
const target = (name: string, phase: string, toVersion: number | null) => ({
  ...{ name, phase, toVersion, batch: phase === 'waiting' ? 1 : 0, fromVersion: 4 },
  leftBecause: null,
});
const rollout = {
  ...{ id, owner: 'team', service: 'web', state: 'running', who: 'ann', reason: 'new rules' },
  settings: { canaries: 1, batchSize: 5, watchS: 60, errorPercent: 1 },
  ...{ requestedMs: nowMs, endedMs: null, breach: null, pause: null },
  targets: [target('web-1', 'changed', 5), target('web-2', 'waiting', null)],
};
const paused = { ...rollout, pause: { who: 'bob', reason: 'lunch', atMs: nowMs } };

async function ask(line: string, one: unknown = rollout) {
  const answers = { 'GET /v1/rollouts?limit=200': () => ({ items: [one] }) };
  await using server = await TestServer.start(
    new Proxy(answers, {
      get: (known, path) => Reflect.get(known, path) ?? (() => paused),
      has: () => true,
    }),
  );
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const ran = await runLine(line.split(' '), { env });
  return { ...ran, asked: server.seen.map(({ method, path, body }) => ({ method, path, body })) };
}

test('rollouts are listed with how far they are, or why they went back', async () => {
  const { out } = await ask('rollout list --limit 200');
  assert.match(out, /^5f0c1a52 +running +team\/web +1 of 2 +\S.* +ann +new rules$/m);
  const back = { ...rollout, state: 'undone', breach: 'instance web-1: too bad' };
  assert.match(
    (await ask('rollout list --limit 200', back)).out,
    /undone .*instance web-1: too bad$/m,
  );
});

test('one is shown instance by instance, by the beginning of its id', async () => {
  const { out } = await ask('rollout show 5f0c', paused);
  assert.match(out, /^state +paused by bob$/m);
  assert.match(out, /1 first, then 5 at a time, each watched for 60 s; errors at most 1 % more/);
  assert.match(out, /^1 +web-1 +changed +4 +5 +-$/m);
  assert.match(out, /^2 +web-2 +waiting +4 +- +-$/m);
  assert.equal((await ask('rollout show 5f0')).code, 3);
  assert.equal((await ask('rollout show abcdef')).code, 3);
});

test('pause, resume and abort ask for it by its whole id', async () => {
  for (const [line, path, body] of [
    ['rollout pause 5f0c1a52 --reason lunch', 'pause', { reason: 'lunch' }],
    [`rollout resume ${id}`, 'resume', undefined],
    ['rollout abort 5f0c1a52', 'abort', undefined],
  ] as const) {
    const { asked, code } = await ask(line);
    assert.equal(code, 0, line);
    assert.deepEqual(asked.at(-1), { method: 'POST', path: `/v1/rollouts/${id}/${path}`, body });
  }
});

test('apply --rollout travels', async () => {
  const { asked } = await ask('apply -f - --rollout --reason why');
  assert.deepEqual(asked[0]?.body, {
    ...{ source: 'stdin', text: '', dryRun: false, prune: false, takeOver: false },
    ...{ rollout: true, reason: 'why' },
  });
});
