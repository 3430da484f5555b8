// A real kernel that really dies on a host's bridge: what it says last, what is made of it, and
// where its host's services answer then. The machine stands for the kernel of a host that is a
// namespace otherwise; when it dies the host is taken away.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { hostOf, viewLab } from '../../src/lab/lab-handle.ts';
import { addressOf, macOfNode } from '../../src/lab/topology.ts';
import { crashView } from '../../src/protocol/crash-views.ts';
import { eventually, exampleFile, LabUnderTest } from './lab-under-test.ts';
import { PanicMachine } from './panic-machine/machine.ts';

const name = 'shop-web';

let lab: LabUnderTest;
before(async () => {
  lab = await LabUnderTest.up('p', 7198);
  const text = await readFile(exampleFile, 'utf8');
  const spec = text.replace('    tier: 0\n', '    tier: 0\n    standbys: 1\n');
  assert.equal((await lab.apply(spec, '--wait')).code, 0);
});
after(() => lab?.[Symbol.asyncDispose]());

async function machineOn(host: string): Promise<PanicMachine> {
  const view = viewLab({ name: lab.name });
  const { control } = view.topology;
  const node = hostOf(view, host);
  return PanicMachine.boot({
    namespace: node.namespace,
    own: addressOf(node).v4,
    remote: {
      address: addressOf(control).v4,
      port: view.sites[0]?.netconsolePort ?? 0,
      mac: macOfNode(control, 'own'),
    },
  });
}

async function warm(): Promise<{ readonly host: string; readonly address: string }> {
  await lab.allServing(90_000);
  return eventually(async () => {
    const { host, standbys, addresses } = await lab.instance(name);
    assert.equal(standbys.length, 1);
    return { host: host ?? '', address: addresses[0]?.address ?? '' };
  }, 60_000);
}

async function crashOf(host: string, title: RegExp) {
  return eventually(async () => {
    const { stdout } = await lab.api('crash', 'list', '--host', host, '-o', 'json');
    const found = z.array(crashView).parse(JSON.parse(stdout));
    const crash = found.find(({ report }) => title.test(report.title));
    assert.ok(crash !== undefined, stdout);
    return crash;
  }, 60_000);
}

test('a panic by the magic key: told of, cut out and read, and its services answer elsewhere', async () => {
  const { host, address } = await warm();
  await using machine = await machineOn(host);
  machine.panic();
  await machine.says(/Kernel panic - not syncing/);
  await lab.lab('crash', host);
  await eventually(async () => {
    assert.notEqual((await lab.instance(name)).host, host);
    await lab.fetch(address);
  });
  const { report, id } = await crashOf(host, /sysrq/i);
  assert.equal(report.kind, 'panic');
  assert.match(report.release ?? '', /^6\.1\.0-\d+-amd64$/);
  const functions = report.frames.map((frame) => frame.function);
  assert.ok(functions.includes('sysrq_handle_crash'), functions.join());
  const events = await lab.api('events', '--object', `host/${host}`);
  assert.match(events.stdout, /host\.last-words .*Kernel panic - not syncing/);
  assert.match(events.stdout, /host\.crash-report .*crash show/);
  const shown = await lab.api('crash', 'show', String(id));
  assert.match(shown.stdout, new RegExp(`What died +Host ${host} with kernel 6\\.1\\.0`));
  const logs = await lab.api('logs', `host:${host}`, '"sysrq: Trigger a crash"');
  assert.match(logs.stdout, /Trigger a crash/);
  await lab.lab('heal', host);
});
