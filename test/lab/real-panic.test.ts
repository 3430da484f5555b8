// A real kernel that really dies on a host's bridge: what it says last, what is made of it, and
// where its host's services answer then. The machine stands for the kernel of a host that is a
// namespace otherwise; when it dies the host is taken away.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { hostOf, viewLab } from '../../src/lab/lab-handle.ts';
import type { KernelFault } from '../../src/lab/panic-machine/faults.ts';
import { machineFiles } from '../../src/lab/panic-machine/kernel.ts';
import { PanicMachine, placeOf } from '../../src/lab/panic-machine/machine.ts';
import { crashView } from '../../src/protocol/crash-views.ts';
import { incidentItem, incidentView } from '../../src/protocol/incident-views.ts';
import { eventually, exampleFile, LabUnderTest } from './lab-under-test.ts';

const name = 'shop-web';
const release = /^6\.1\.0-\d+-amd64$/;

let lab: LabUnderTest;
before(async () => {
  // Takes its time on a fresh machine; a command of the lab's has two minutes.
  await machineFiles();
  lab = await LabUnderTest.up('p', 7198);
  const text = await readFile(exampleFile, 'utf8');
  const spec = text.replace('    tier: 0\n', '    tier: 0\n    standbys: 1\n');
  assert.equal((await lab.apply(spec, '--wait')).code, 0);
});
after(() => lab?.[Symbol.asyncDispose]());

async function warm(): Promise<{ readonly host: string; readonly address: string }> {
  await lab.allServing(90_000);
  return eventually(async () => {
    const { host, standbys, addresses } = await lab.instance(name);
    assert.equal(standbys.length, 1);
    return { host: host ?? '', address: addresses[0]?.address ?? '' };
  }, 60_000);
}

/** The host's newest incident, once it is as `check` wants it. */
async function incidentOf(host: string, check: (found: z.infer<typeof incidentView>) => void) {
  return eventually(async () => {
    const list = await lab.api('incident', 'list', '--host', host, '-o', 'json');
    const [newest] = z.array(incidentItem).parse(JSON.parse(list.stdout));
    assert.ok(newest !== undefined, list.stdout);
    const shown = await lab.api('incident', 'show', String(newest.id), '-o', 'json');
    const found = incidentView.parse(JSON.parse(shown.stdout));
    check(found);
    return found;
  }, 60_000);
}

/** Has the kernel of the host that serves die, and waits until another host serves. */
async function panicked(fault: KernelFault): Promise<string> {
  const { host, address } = await warm();
  await lab.lab('panic', host, '--fault', fault);
  await eventually(async () => {
    assert.notEqual((await lab.instance(name)).host, host);
    await lab.fetch(address);
  });
  const { stdout } = await lab.api('events', '--object', `host/${host}`);
  const at = (what: RegExp) => {
    assert.match(stdout, what);
    return stdout.search(what);
  };
  // Told of by the kernel itself, before its silence said so.
  assert.ok(at(/host\.last-words .*Kernel panic - not syncing/) < at(/host\.dead/), stdout);
  return host;
}

async function crashesOf(host: string) {
  const { stdout } = await lab.api('crash', 'list', '--host', host, '-o', 'json');
  return z.array(crashView).parse(JSON.parse(stdout));
}

async function crashOf(host: string, title: RegExp) {
  return eventually(async () => {
    const found = await crashesOf(host);
    const crash = found.find(({ report }) => title.test(report.title));
    assert.ok(crash !== undefined, found.map(({ report }) => report.title).join('\n'));
    return crash;
  }, 60_000);
}

const inModule = (name: string) => `bridgehead_${name}`;
/**
 * What a kernel lives through, with the title of its report. The hung task before any oops: after
 * one the kernel tells of no more.
 */
const lived: readonly (readonly [KernelFault, string])[] = [
  ['hung-task', `INFO: task hung in ${inModule('hung_task')}`],
  ['warn', `WARNING in ${inModule('warn')}`],
  ['warn-text', `WARNING in ${inModule('warn_text')}`],
  ['refcount', `WARNING: refcount bug in ${inModule('refcount')}`],
  ['bad-page', `BUG: Bad page state in ${inModule('bad_page')}`],
  ['atomic-schedule', `BUG: scheduling while atomic in ${inModule('atomic_schedule')}`],
  ['slab-corruption', 'BUG: Right Redzone overwritten'],
  ['soft-lockup', 'BUG: soft lockup in fault_write'],
  ['rcu-stall', 'INFO: rcu detected stall in fault_write'],
  [
    'null-call',
    `BUG: unable to handle kernel NULL pointer dereference in ${inModule('null_call')}`,
  ],
  [
    'paging-request',
    `BUG: unable to handle kernel paging request in ${inModule('paging_request')}`,
  ],
  ['general-protection', `general protection fault in ${inModule('general_protection')}`],
  ['divide', `divide error in ${inModule('divide')}`],
  ['bug', `kernel BUG in ${inModule('bug')}`],
  ['list-corruption', `BUG: corrupted list in ${inModule('list_corruption')}`],
];

test('a kernel that fails in many ways: each is read, and its words alone move nothing', async () => {
  const { host, address } = await warm();
  const view = viewLab({ name: lab.name });
  await using machine = await PanicMachine.boot(placeOf(view, hostOf(view, host)));
  for (const [fault] of lived) await machine.fail(fault);
  await machine.die('stack-overflow');
  await crashOf(host, /^BUG: stack guard page was hit in fault_write$/);
  const found = await crashesOf(host);
  const titles = found.map(({ report }) => report.title);
  for (const [fault, title] of lived)
    assert.ok(titles.includes(title), `${fault}: ${titles.join('\n')}`);
  for (const { report } of found) {
    assert.equal(report.corrupted, false, report.title);
    // Of a stalled task the kernel shows no more than its stack.
    if (report.kind !== 'rcu-stall') assert.match(report.release ?? '', release, report.title);
  }
  // Anybody can say them in its name: its host answers, so that it stays.
  assert.equal((await lab.instance(name)).host, host);
  await lab.fetch(address);
});

test('a panic by the magic key: told of, cut out and read, and its services answer elsewhere', async () => {
  const host = await panicked('sysrq');
  const { report, id } = await crashOf(host, /sysrq/i);
  assert.equal(report.kind, 'panic');
  assert.match(report.release ?? '', release);
  const functions = report.frames.map((frame) => frame.function);
  assert.ok(functions.includes('sysrq_handle_crash'), functions.join());
  await eventually(async () => {
    const events = await lab.api('events', '--object', `host/${host}`);
    assert.match(events.stdout, /host\.crash-report .*crash show/);
  });
  const shown = await lab.api('crash', 'show', String(id));
  assert.match(shown.stdout, new RegExp(`What died +Host ${host} with kernel 6\\.1\\.0`));
  const logs = await lab.api('logs', `host:${host}`, '"sysrq: Trigger a crash"');
  assert.match(logs.stdout, /Trigger a crash/);

  const incident = await incidentOf(host, ({ state, story }) => {
    assert.equal(state, 'recovered');
    assert.ok(story.reports.some((one) => one.id === id));
  });
  const { story, readings } = incident;
  assert.match(story.lastWords ?? '', /Kernel panic - not syncing/);
  assert.ok((story.verdict?.reasons.length ?? 0) > 0);
  assert.equal(story.moves.find(({ instance }) => instance === name)?.how, 'standby');
  assert.ok(story.moves.every(({ servedMs }) => servedMs !== null));
  const reading = readings.find(({ crashId }) => crashId === id);
  assert.ok(reading !== undefined && reading.queries.length > 0);
  const texts = story.timeLine.map(({ text }) => text);
  const places = [/sysrq|Kernel panic/, /held for dead/, /answers on/, /all that it held/].map(
    (pattern) => texts.findIndex((text) => pattern.test(text)),
  );
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
    texts.join('\n'),
  );
  assert.ok(!places.includes(-1), texts.join('\n'));
  const ticket = await lab.api('incident', 'export', String(incident.id));
  assert.match(ticket.stdout, new RegExp(`^# Incident ${incident.id}: host \`${host}\`: `));
  assert.match(ticket.stdout, /sysrq_handle_crash/);
  await lab.lab('heal', host);
});

/** Ours is no fault that others know of. */
const ownIssue = `subject: Ours
issues:
  - id: ours-in-the-module
    title: Ours in the module
    kind: bug
    what: It reads from a pointer that is NULL.
    signatures: [{kinds: [null-dereference], functions: [bridgehead_null_dereference]}]
    releases: [{of: mainline, fixed: '6.5'}, {of: stable, branch: '6.1', fixed: never}]
    sources: [{url: 'https://example.org/thread', says: The report.}]
    advice: Go to 6.5.
    examples:
      - - 'BUG: kernel NULL pointer dereference, address: 0000000000000010'
        - 'CPU: 0 PID: 1 Comm: x Not tainted 6.1.0 #1'
        - 'RIP: 0010:bridgehead_null_dereference+0xc/0x20 [bridgehead_fault]'
`;

test('a NULL dereference in a module of the kernel: function and module at fault are named', async () => {
  const host = await panicked('null-dereference');
  const { report, id } = await crashOf(host, /NULL/);
  assert.equal(report.kind, 'null-dereference');
  assert.equal(report.function, 'bridgehead_null_dereference');
  assert.equal(report.module, 'bridgehead_fault');
  assert.match(report.title, /NULL pointer dereference in bridgehead_null_dereference$/);
  assert.match(report.release ?? '', release);
  assert.match(report.lines[0] ?? '', /^BUG: kernel NULL pointer dereference, address: 0{14}10$/);
  // All of it came: from the head over registers and trace to the last line.
  assert.equal(report.corrupted, false);
  assert.deepEqual(report.doubts, []);
  assert.match(report.lines.at(-1) ?? '', /end trace/);
  assert.equal(report.registers['RAX'], '0000000000000000');
  const functions = report.frames.filter((one) => one.isReliable).map((one) => one.function);
  const path = ['fault_write', 'proc_reg_write', 'vfs_write', 'ksys_write', 'do_syscall_64'];
  assert.deepEqual(
    functions.filter((one) => path.includes(one)),
    path,
  );
  const plain = await lab.api('crash', 'show', String(id));
  assert.match(plain.stdout, /Known +No known issue fits this report/);
  const file = join(lab.folder, 'ours.yaml');
  await writeFile(file, ownIssue);
  const known = await lab.api('crash', 'show', String(id), '--known-issues', file);
  assert.match(known.stdout, /Known as +Ours in the module \(ours-in-the-module, bug\)/);
  assert.match(known.stdout, /never backported to stable 6\.1/);
  await lab.lab('heal', host);
});
