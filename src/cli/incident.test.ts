import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IncidentItem, IncidentView } from '../protocol/incident-views.ts';
import { TestServer } from './test-server.ts';
import { nowMs, runLine } from './test-terminal.ts';

const firstMs = nowMs - 60_000;
const title = 'BUG: *soft* <b>lockup</b> in ``evil`` @all';
const item: IncidentItem = {
  ...{ id: 12, host: 'lb-1', state: 'recovered', firstMs, servedMs: firstMs + 1_500, isDead: true },
  ...{ instances: 2, sheds: 1, title: `${title}\u001B[2J`, release: '3.16', fingerprint: 'v1-1' },
};
const known: IncidentView['readings'][number]['known'][number] = {
  ...{
    id: 'race',
    title: 'sched: a race',
    kind: 'bug',
    certainty: 'likely',
    because: ['its title'],
  },
  verdict: {
    ...{ affected: 'yes', why: 'the fix was never backported', fixedOnBranch: null },
    ...{
      neverOnBranch: true,
      fixedInMainline: '3.18',
      upgrade: 'mainline 3.18 or later has the fix',
    },
  },
  ...{ conditions: [], advice: 'Move to 3.18', sources: ['https://example.org/1'] },
};
const view: IncidentView = {
  ...{ id: 12, host: 'lb-1', state: 'resolved', isFollowed: false, openedMs: firstMs + 900 },
  ...{ failoverId: 'f', resolved: { atMs: nowMs, who: 'ann', text: 'done' } },
  notes: [{ atMs: nowMs, who: 'ben', text: '# no heading\n```\nno end of code' }],
  story: {
    firstMs,
    facts: {
      ...{ kernel: '3.16', docker: '20.10', agent: '0.1', bootId: 'b', uptimeS: 86_400, cpus: 2 },
      ...{ memoryMib: 512, nics: ['eth0 (e1000)'], zone: 'z', rack: 'r', labels: { a: 'b' } },
    },
    reports: [
      {
        ...{ id: 5, firstMs, atMs: firstMs + 400, kind: 'soft-lockup', title, head: '| head |' },
        ...{ release: '3.16', fingerprint: 'v1-1' },
      },
    ],
    lastWords: 'said from 198.18.0.11: Kernel panic',
    verdict: {
      ...{ operationId: 'f', atMs: firstMs + 300, lastHeardMs: firstMs, silencedMs: firstMs + 200 },
      reasons: ['lb-2 does not hear it'],
    },
    moves: [
      {
        ...{ id: 'a', instance: 'web', tier: 0, how: 'standby', to: 'lb-2', isGone: false },
        servedMs: firstMs + 500,
      },
    ],
    sheds: [
      {
        ...{ operationId: 's1', id: 'c', instance: 'c', tier: 2, role: 'active', from: 'lb-3' },
        ...{ forInstance: 'web', forTier: 0, state: 'done', atMs: firstMs + 700, to: null },
        servedMs: null,
      },
      {
        ...{ operationId: 's2', id: 'd', instance: 'd', tier: 3, role: 'active', from: 'lb-3' },
        ...{ forInstance: 'web', forTier: 0, state: 'done', atMs: firstMs + 800, to: 'lb-2' },
        servedMs: firstMs + 1_500,
      },
    ],
    ...{ returnedMs: null, servedMs: firstMs + 1_500 },
    timeLine: [
      { atMs: firstMs, from: 'kernel', text: '[link](http://evil) \u001B[2J' },
      { atMs: firstMs + 500, from: 'service', text: 'web answers on lb-2' },
    ],
  },
  readings: [
    { crashId: 5, known: [known], queries: ['"soft lockup" "evil"'], lines: ['```', 'a\u0007b'] },
  ],
  earlier: [{ ...item, id: 3 }],
  together: [],
};

async function ask(line: string) {
  await using server = await TestServer.start({
    'GET /v1/incidents?limit=50': () => ({ items: [item] }),
    'GET /v1/incidents?limit=5&host=lb-1&state=open&fingerprint=v1-1': () => ({ items: [] }),
    'GET /v1/incidents/12': () => view,
    'POST /v1/incidents/12/notes': () => view,
    'POST /v1/incidents/12/resolve': () => view,
  });
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const ran = await runLine(line.split(' '), { env });
  return { ...ran, seen: server.seen };
}

test('incidents are listed, and looked for', async () => {
  const { out } = await ask('incident list');
  assert.match(
    out,
    /^12 +2026-11-23 11:59:00Z +lb-1 +recovered +1\.5 s +2 +1 +3\.16 +BUG: .*\\u001b/m,
  );
  const none = await ask('incident list --limit 5 --host lb-1 --state open --group v1-1');
  assert.equal(none.out, 'no incidents\n');
  assert.deepEqual(JSON.parse((await ask('incident list -o json')).out), [item]);
  assert.equal((await ask('incident show x')).code, 2);
  assert.equal((await ask('incident list --state gone')).code, 2);
});

test('one is shown with what is known of it and its time line', async () => {
  const { out } = await ask('incident show 12');
  assert.match(out, /^State +resolved by ann 2026-11-23 12:00:00Z: done$/m);
  assert.match(out, /^Served again +after 1\.5 s$/m);
  assert.match(
    out,
    /5 known as +sched: a race \(race\); this kernel: yes, the fix was never backported/,
  );
  assert.match(out, /5 search for +"soft lockup" "evil"/);
  assert.match(out, /Moved +web \(tier 0\): to its standby on lb-2, answers since 11:59:00\.500/);
  assert.match(
    out,
    /Gave way +d \(tier 3\) on lb-3 .*: back on lb-2 since .*\n +c \(tier 2\) .*: not back yet/,
  );
  assert.match(out, /11:59:00\.500 +\+500 ms +service +web answers on lb-2/);
  assert.ok(!out.includes('\u001B'));
});

test('notes and the last word are sent as one text', async () => {
  const { seen } = await ask('incident note 12 two words');
  assert.deepEqual(seen.at(-1)?.body, { text: 'two words' });
  const resolved = await ask('incident resolve 12 a cable');
  assert.deepEqual(resolved.seen.at(-1)?.body, { note: 'a cable' });
  assert.equal((await ask('incident resolve 12')).code, 2);
});

test('an export is Markdown in which nothing that others wrote is Markdown', async () => {
  const { out } = await ask('incident export 12');
  assert.match(
    out,
    /^# Incident 12: host `lb-1`: ```BUG: \*soft\* <b>lockup<\/b> in ``evil`` @all```$/m,
  );
  assert.match(out, /^- Known as `sched: a race` \(`race`, bug\): this kernel: yes/m);
  assert.match(out, /^- Search for `"soft lockup" "evil"`$/m);
  // A fence of three backticks in the report does not end the block, nor does one in a note.
  assert.match(out, /^````text\n```\na\\u0007b\n````$/m);
  assert.match(out, /ben`: ````# no heading ``` no end of code````$/m);
  assert.match(out, /kernel: `\[link\]\(http:\/\/evil\) \\u001b\[2J`$/m);
  assert.ok(!out.includes('\u001B') && !out.includes('\u0007'));
  const outside = out
    .replace(/^(`{3,})text\n[\s\S]*?^\1$/gm, '')
    .replace(/(`+)(?!`).*?[^`]\1(?!`)/g, '');
  assert.doesNotMatch(outside, /<b>|@all|\*soft\*|\]\(|no heading/);
});
