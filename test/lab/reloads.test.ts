// Reloads and runtime changes under load fail no request; a reload that fails leaves the worker that
// was there serving, and says so. The bench `reloads` has the long form, with its figures.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { eventView } from '../../src/protocol/api.ts';
import { logMessageView } from '../../src/protocol/log-views.ts';
import { runCommand } from '../../src/system/command.ts';
import { LabClient } from './lab-client.ts';
import { eventually, LabUnderTest } from './lab-under-test.ts';
import { ReloadsUnderLoad, reloadedName, specOf } from './reloads-under-load.ts';

const times = 40;

let lab: LabUnderTest;
let scene: ReloadsUnderLoad;
before(async () => {
  lab = await LabUnderTest.up('w', 7198, '--no-example');
  scene = await ReloadsUnderLoad.up(lab);
});
after(() => lab?.[Symbol.asyncDispose]());

test('no request fails over reloads, configurations and runtime changes', async (context) => {
  let loads = 0;
  const seen = await scene.during(async () => {
    await scene.reloadDirectly(times);
    loads = await scene.changeConfig(5);
    await scene.changeLive(times);
  });
  context.diagnostic(JSON.stringify({ ...seen, loads }));
  assert.ok(loads >= 1 && loads <= 5, `${loads} reloads of 5 configurations`);
  for (const load of [seen.fresh, seen.keptAlive]) {
    assert.ok(load.ok > 100);
    assert.equal(load.failed, 0, JSON.stringify(load));
  }
});

test('a configuration that HAProxy cannot load leaves the old one serving, and says so', async () => {
  const client = await LabClient.of(lab.name);
  const { loadedHash } = await client.settled(reloadedName);
  const seen = await scene.during(async () => {
    // HAProxy takes it when asked with -c, and fails where it is to bind.
    const broken = specOf(0).replace('bind :80', 'bind :80\n        bind unix@/nowhere/x.sock');
    assert.equal(await client.apply(broken), 200);
    await eventually(async () => {
      const now = await client.instance(reloadedName);
      assert.equal(now.problem?.code, 'CONFIG_REFUSED');
      assert.equal(now.loadedHash, loadedHash);
      assert.match(now.phase, /^(?:serving|failed)$/);
      const { stdout } = await lab.api(
        'events',
        '--object',
        `instance/${reloadedName}`,
        '-o',
        'json',
      );
      const kinds = z
        .array(eventView)
        .parse(JSON.parse(stdout))
        .map(({ kind }) => kind);
      assert.ok(kinds.includes('instance.reload-failed'), kinds.join(' '));
      const why = ['severity:alert', 'nowhere', '-o', 'json'];
      const said = await lab.api('logs', `instance:${reloadedName}`, ...why);
      const [first] = z.array(logMessageView).parse(JSON.parse(said.stdout));
      assert.equal(first?.app, 'haproxy', said.stdout + said.stderr);
    });
  });
  for (const load of [seen.fresh, seen.keptAlive]) {
    assert.equal(load.failed, 0, JSON.stringify(load));
  }
});

test('settings on the way of packets hold, and what somebody changes is put right', async () => {
  const host = (await (await LabClient.of(lab.name)).instance(reloadedName)).host ?? '';
  const read = async (name: string) =>
    (await lab.inside(host, 'cat', `/proc/sys/net/${name}`)).stdout.trim();
  const filter = 'bridge/bridge-nf-call-iptables';
  // Only where the machine has br_netfilter.
  if ((await read(filter)) !== '') {
    await lab.inside(host, 'sh', '-c', `echo 1 > /proc/sys/net/${filter}`);
    await eventually(async () => assert.equal(await read(filter), '0'));
  }
  const [container = ''] = (await lab.docker(host, 'ps', '--quiet')).trim().split('\n');
  const pid = (await lab.docker(host, 'inspect', '--format', '{{.State.Pid}}', container)).trim();
  const ports = await runCommand([
    'nsenter',
    ...[`--net=/proc/${pid}/ns/net`, 'cat', '/proc/sys/net/ipv4/ip_local_port_range'],
  ]);
  assert.equal(ports.stdout.trim(), '16384\t65535');
});
