// Hosts that die, are cut off or hang: what they held answers elsewhere, and never from two hosts.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { askHaproxy } from '../../src/agent/haproxy-socket.ts';
import { hostOf, viewLab } from '../../src/lab/lab-handle.ts';
import { sayLastWords } from '../../src/lab/last-words.ts';
import { labPaths } from '../../src/lab/paths.ts';
import { addressOf } from '../../src/lab/topology.ts';
import type { InstanceView } from '../../src/protocol/api.ts';
import { logMessageView } from '../../src/protocol/log-views.ts';
import { systemClock } from '../../src/system/clock.ts';
import { ArpWitness } from './arp-witness.ts';
import { eventually, LabUnderTest } from './lab-under-test.ts';

const warm = 'shop-web';
const cold = 'shop-api';
const example = join(import.meta.dirname, '../../examples/shop.yaml');

let lab: LabUnderTest;
before(async () => {
  lab = await LabUnderTest.up('f', 7188);
  const text = await readFile(example, 'utf8');
  const spec = text.replace('    tier: 0\n', '    tier: 0\n    standbys: 1\n');
  assert.notEqual(spec, text);
  assert.equal((await lab.apply(spec, '--wait')).code, 0);
});
after(() => lab?.[Symbol.asyncDispose]());

/** Waits until every host is ready, everything serves, and the warm one has its standby. */
async function whole(): Promise<InstanceView> {
  await lab.allServing(90_000);
  return eventually(async () => {
    const hosts = await lab.hosts();
    assert.deepEqual(
      hosts.map(({ state }) => state),
      hosts.map(() => 'ready'),
    );
    const instance = await lab.instance(warm);
    assert.equal(instance.standbys.length, 1);
    const standbyIsWarm = await lab.docker(
      instance.standbys[0] ?? '',
      'ps',
      '--format',
      '{{.Names}}',
    );
    assert.ok(standbyIsWarm.includes(warm), standbyIsWarm);
    return instance;
  }, 90_000);
}

async function failedOver(host: string, from: InstanceView): Promise<void> {
  await eventually(async () => {
    const now = await lab.instance(warm);
    assert.equal(now.phase, 'serving');
    assert.notEqual(now.host, host);
    assert.ok((now.epoch ?? 0) > (from.epoch ?? 0));
    await lab.fetch(now.addresses[0]?.address ?? '');
  }, 30_000);
}

/** Does something to the host of the warm instance, sees its services elsewhere, and heals it. */
async function round(harm: (host: string) => Promise<unknown>, state: string): Promise<void> {
  const start = await whole();
  const host = start.host ?? '';
  await using witness = await ArpWitness.start(lab.name, start.addresses[0]?.address ?? '');
  await harm(host);
  await failedOver(host, start);
  const others = await lab.instances();
  assert.ok(
    others.every((one) => one.host !== host),
    'nothing is left to a host that is gone',
  );
  assert.equal((await lab.hosts()).find(({ name }) => name === host)?.state, state);
  await lab.lab('heal', host);
  await whole();
  const seen = await witness.stop();
  assert.equal(seen.maxRepliesToOne, 1, JSON.stringify(seen.doubleAnswered));
}

test('a standby, which reaches no backend, takes every one for up until it can ask', async () => {
  const { id, standbys } = await whole();
  const host = labPaths(lab.name).host(standbys[0] ?? '');
  await eventually(async () => {
    const folder = join(host.agent, 'instances', id, 'run');
    const state = await askHaproxy(folder, 'stats.sock', 'show servers state shop');
    const up = [...state.matchAll(/^\d+ shop \d+ (\S+) \S+ 2 /gm)].map(([, server]) => server);
    assert.deepEqual(up, ['shop-1', 'shop-2'], state);
  });
});

test('a host that loses its power: its standbys answer, the rest is placed anew, and it comes back with nothing', async () => {
  await round((host) => lab.lab('crash', host), 'dead');
  const { stdout } = await lab.api('ops', 'list', '--all');
  assert.match(stdout, /done .*failover host-/);
});

test('a host that is cut off falls silent by itself, and holds nothing when it is found again', async () => {
  await round((host) => lab.lab('partition', host, '--from', 'all'), 'dead');
});

test('a host that only the scheduler hears is failed over too: its clients hear it no more than its peers', async () => {
  const start = await whole();
  const host = start.host ?? '';
  await using witness = await ArpWitness.start(lab.name, start.addresses[0]?.address ?? '');
  await lab.lab('partition', host, '--from', 'peers');
  await failedOver(host, start);
  const { stdout } = await lab.api('events', '--object', `host/${host}`);
  assert.match(stdout, /host\.dead .*gateway 198\.18\.0\.1 answered it when it last said, answers/);
  await lab.lab('heal', host);
  await whole();
  const seen = await witness.stop();
  assert.equal(seen.maxRepliesToOne, 1, JSON.stringify(seen.doubleAnswered));
});

test('a host that only the scheduler does not hear keeps what it has', async () => {
  const start = await whole();
  const host = start.host ?? '';
  await lab.lab('partition', host, '--from', 'control');
  await eventually(async () => {
    assert.equal((await lab.hosts()).find(({ name }) => name === host)?.state, 'suspect');
  });
  await lab.fetch(start.addresses[0]?.address ?? '');
  assert.equal((await lab.instance(warm)).host, host);
  await lab.lab('heal', host);
  assert.equal((await whole()).epoch, start.epoch);
});

test('a host whose user space hangs for good is failed over, and goes on later to no harm', async () => {
  await round((host) => lab.lab('hang', host), 'dead');
});

test('a gateway that falls silent is told of by each host, moves nothing, and is told of again', async () => {
  const start = await whole();
  const host = start.host ?? '';
  const told = async (kind: RegExp, answers: boolean) => {
    const { facts } = (await lab.hosts()).find(({ name }) => name === host) ?? {};
    const gateway = facts?.gateways.find(({ address }) => address === '198.18.0.1');
    assert.equal(gateway?.answers, answers);
    assert.match((await lab.api('events', '--object', `host/${host}`)).stdout, kind);
  };
  assert.equal((await lab.inside('switch', 'ip', 'link', 'set', 'sw0', 'arp', 'off')).code, 0);
  await eventually(() => told(/gateway\.silent .*198\.18\.0\.1 does not answer/, false));
  assert.equal((await lab.inside('switch', 'ip', 'link', 'set', 'sw0', 'arp', 'on')).code, 0);
  await eventually(() => told(/gateway\.answers .*198\.18\.0\.1 answers this host again/, true));
  assert.equal((await whole()).epoch, start.epoch);
});

test('agents that restart, all at once, move nothing and stop nothing', async () => {
  const start = await whole();
  const address = start.addresses[0]?.address ?? '';
  const load = lab.load(warm, 12, 50);
  await systemClock.sleep(2_000);
  for (const host of ['host-1', 'host-2', 'host-3']) {
    await lab.lab('kill', `agent:${host}`, '--signal', 'TERM');
  }
  await systemClock.sleep(3_000);
  await lab.lab('up');
  const { failed } = await load;
  assert.equal(failed, 0);
  await lab.fetch(address);
  assert.equal((await whole()).epoch, start.epoch);
});

test('a scheduler that is gone for a while fails nothing over when it is back', async () => {
  const start = await whole();
  await lab.lab('kill', 'scheduler');
  await systemClock.sleep(3_000);
  await lab.fetch(start.addresses[0]?.address ?? '');
  await lab.lab('up');
  assert.equal((await whole()).epoch, start.epoch);
  assert.equal((await lab.instance(cold)).phase, 'serving');
});

test('last words in the name of a host that lives are told of, and move and stop nothing', async () => {
  const start = await whole();
  const host = start.host ?? '';
  const load = lab.load(warm, 8, 100);
  await systemClock.sleep(1_000);
  await sayLastWords(viewLab({ name: lab.name }), hostOf(viewLab({ name: lab.name }), host));
  await eventually(async () => {
    const { stdout } = await lab.api('events', '--object', `host/${host}`);
    assert.match(stdout, /host\.last-words .*Kernel panic - not syncing/);
  });
  await eventually(async () => {
    const { stdout } = await lab.api('logs', '"Kernel panic - not syncing"', `host:${host}`);
    assert.match(stdout, new RegExp(` ${host} .*Kernel panic - not syncing`));
  });
  await eventually(async () => {
    const { stdout } = await lab.api('crash', 'list', '--host', host);
    assert.match(stdout, new RegExp(` ${host} .*[Pp]anic`));
  });
  const { sent, failed } = await load;
  assert.ok(sent > 700, `${sent} sent`);
  assert.equal(failed, 0);
  const now = await lab.instance(warm);
  assert.deepEqual([now.host, now.epoch], [host, start.epoch]);
});

test('what hosts log by syslog is found, in each form and under the name of its host', async () => {
  const control = viewLab({ name: lab.name }).topology.control;
  const server = ['--server', addressOf(control).v4, '--port', '514'];
  const say = async (text: string, ...form: string[]) => {
    const { code, stderr } = await lab.inside('host-2', 'logger', ...server, ...form, '--', text);
    assert.equal(code, 0, stderr);
  };
  await say('by UDP, the old form', '--udp', '--rfc3164', '--tag', 'drill');
  await say('by TCP, the new form', '--tcp', '--rfc5424', '--tag', 'drill');
  await say('counted', '--tcp', '--octet-count', '--tag', 'drill', '--priority', 'kern.err');
  await eventually(async () => {
    const { stdout } = await lab.api('logs', 'host:host-2', 'app:drill', '-o', 'json');
    const found = z.array(logMessageView).parse(JSON.parse(stdout));
    assert.deepEqual(found.map(({ text, form }) => `${form} ${text}`).toSorted(), [
      'rfc3164 by UDP, the old form',
      'rfc5424 by TCP, the new form',
      'rfc5424 counted',
    ]);
  });
  const bad = await lab.api('logs', 'severity:error', 'count', '--without', 'UDP');
  assert.match(bad.stdout, /host-2 +error +drill\[?\d*\]?: counted/);
});

test('a host that dies with its last words said is failed over', async () => {
  await round((host) => lab.lab('crash', host, '--panic'), 'dead');
});
