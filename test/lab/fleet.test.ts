// The main job: a fleet that serves, is looked at, and moves an instance.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { bridgehead, eventually, exampleFile, LabUnderTest } from './lab-under-test.ts';

let lab: LabUnderTest;
before(async () => {
  lab = await LabUnderTest.up('f', 7181);
});
after(() => lab?.[Symbol.asyncDispose]());

/** Names of the network links in the namespaces of a container's first process. */
async function linksInside(pid: string): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/net/dev`, 'utf8');
  return text.split('\n').flatMap((line) => /^\s*(\S+):/.exec(line)?.[1] ?? []);
}

test('three hosts are ready, and every instance serves', async () => {
  const hosts = await lab.hosts();
  assert.deepEqual(
    hosts.map(({ name, state }) => `${name} ${state}`),
    ['host-1 ready', 'host-2 ready', 'host-3 ready'],
  );
  for (const { facts } of hosts) {
    assert.match(facts?.kernel ?? '', /^\d+\.\d+/);
    assert.match(facts?.docker ?? '', /^\d+\.\d+/);
    assert.ok((facts?.memoryMib ?? 0) > 0 && facts?.bootId !== '');
    assert.equal(facts?.nics[0]?.driver, 'veth');
    assert.equal(
      facts?.images.some(({ reference }) => reference === 'bridgehead/haproxy:2.6'),
      true,
    );
  }
  assert.equal(
    new Set(hosts.map(({ facts }) => facts?.bootId)).size,
    3,
    'each host has its boot id',
  );
  await lab.allServing();
});

test('each instance answers at its own addresses over IPv4 and IPv6, at its own MAC', async () => {
  for (const { name, addresses, mac } of await lab.instances()) {
    assert.deepEqual(
      addresses.map(({ address }) => (address.includes(':') ? 6 : 4)),
      [4, 6],
      name,
    );
    for (const { address } of addresses) {
      await lab.fetch(address);
      const { stdout } = await lab.inside('client', 'ip', 'neigh', 'show', 'to', address);
      assert.ok(stdout.includes(`lladdr ${mac}`), `${address}: ${stdout}`);
    }
  }
});

test('a container has lo and eth0 and nothing else, no published port, no capability', async () => {
  for (const { name, host } of await lab.instances()) {
    assert.ok(host !== null);
    const inspect = JSON.parse(await lab.docker(host, 'inspect', `bridgehead-${name}`)) as [
      {
        State: { Pid: number };
        HostConfig: { NetworkMode: string; PortBindings: object | null; ReadonlyRootfs: boolean };
        NetworkSettings: { Ports: object };
      },
    ];
    const [{ State, HostConfig, NetworkSettings }] = inspect;
    assert.deepEqual((await linksInside(String(State.Pid))).toSorted(), ['eth0', 'lo']);
    assert.equal(HostConfig.NetworkMode, 'none');
    assert.deepEqual(HostConfig.PortBindings ?? {}, {});
    assert.deepEqual(NetworkSettings.Ports, {});
    assert.equal(HostConfig.ReadonlyRootfs, true);
    const status = await readFile(`/proc/${State.Pid}/status`, 'utf8');
    assert.match(status, /^CapEff:\s+0+$/m);
    assert.match(status, /^Uid:\s+99\s/m);
    assert.match(status, /^NoNewPrivs:\s+1$/m);
  }
});

test('a second up changes nothing', async () => {
  const processes = async () => {
    const { stdout } = await bridgehead(['lab', 'status', '--name', lab.name, '-o', 'json']);
    return (JSON.parse(stdout) as { parts: object[] }).parts;
  };
  const before = await processes();
  const containers = await lab.docker(
    'host-1',
    'ps',
    '--no-trunc',
    '--format',
    '{{.ID}} {{.CreatedAt}}',
  );
  const again = await lab.bringUp();
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(await processes(), before);
  assert.equal(
    await lab.docker('host-1', 'ps', '--no-trunc', '--format', '{{.ID}} {{.CreatedAt}}'),
    containers,
  );
});

test('status is what scripts were promised', async () => {
  const status = await lab.status();
  assert.deepEqual(
    status.hosts.map(({ name, state }) => [name, state]),
    [
      ['host-1', 'ready'],
      ['host-2', 'ready'],
      ['host-3', 'ready'],
    ],
  );
  assert.match(status.hosts[0]?.address ?? '', /^198\.18\./);
  const web = status.instances.find(({ name }) => name === 'shop-web');
  assert.deepEqual(web?.addresses, ['198.18.10.10', '2001:db8:0:10::10']);
  assert.equal(web?.tier, 0);
  assert.equal(status.url, `http://127.0.0.1:${lab.port}`);
  const answer = await fetch(`${status.url}/v1/openapi.json`);
  assert.equal(((await answer.json()) as { openapi: string }).openapi, '3.1.0');
});

test('the same spec again is no change; a dry run shows a change and does nothing', async () => {
  const text = await readFile(exampleFile, 'utf8');
  const same = await lab.apply(text);
  assert.equal(same.code, 0, same.stderr);
  assert.match(same.stdout, /unchanged/);
  const hashes = (await lab.instances()).map(({ configHash }) => configHash);
  const dry = await lab.apply(text.replace('all systems go', 'all is well'), '--dry-run');
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /\+.*all is well/);
  assert.deepEqual(
    (await lab.instances()).map(({ configHash }) => configHash),
    hashes,
  );
});

test('a new configuration is loaded without a failed request', async () => {
  const text = await readFile(exampleFile, 'utf8');
  const { addresses } = await lab.instance('status-page');
  const address = addresses[0]?.address ?? '';
  assert.equal(await lab.fetch(address), 'all systems go');
  const loading = lab.load(address, 6);
  for (const words of ['one', 'two', 'three']) {
    const result = await lab.apply(text.replace('all systems go', words));
    assert.equal(result.code, 0, result.stderr);
    await lab.allServing();
    assert.equal(await lab.fetch(address), words);
  }
  const load = await loading;
  assert.equal(load.failed, 0, JSON.stringify(load));
  assert.ok(load.ok > 300, JSON.stringify(load));
  assert.equal((await lab.apply(text)).code, 0);
  await lab.allServing();
});

test('an instance moves under load, and a third host sees it at its new place', async () => {
  const { host, addresses, epoch } = await lab.instance('shop-web');
  const target = ['host-1', 'host-2', 'host-3'].find((name) => name !== host && name !== 'host-x');
  const explained = await lab.api('explain', 'shop-web', '-o', 'json');
  const { candidates } = JSON.parse(explained.stdout) as {
    candidates: { host: string; fits: boolean }[];
  };
  const fitting = candidates.find((one) => one.host !== host && one.fits)?.host ?? target ?? '';
  const loading = lab.load(addresses[0]?.address ?? '', 8);
  const moved = await lab.api('migrate', 'shop-web', '--to', fitting, '--reason', 'test');
  assert.equal(moved.code, 0, moved.stdout + moved.stderr);
  const load = await loading;
  assert.equal(load.failed, 0, JSON.stringify(load));
  const after = await lab.instance('shop-web');
  assert.equal(after.host, fitting);
  assert.ok((after.epoch ?? 0) > (epoch ?? 0), 'the epoch has grown');
  assert.equal(after.phase, 'serving');
  for (const { address } of addresses) await lab.fetch(address);
  const events = await lab.api('events', '--object', 'instance/shop-web');
  assert.match(events.stdout, /migrated from host-\d to host-\d/);
  await eventually(async () => {
    assert.ok(host !== null);
    const left = await lab.docker(host, 'ps', '-a', '--format', '{{.Names}}');
    assert.ok(!left.includes('bridgehead-shop-web'), left);
    const links = await lab.inside(host, 'ip', '-br', 'link');
    const serving = (await lab.hosts()).find(({ name }) => name === host)?.instances.length ?? 0;
    assert.equal(links.stdout.split('\n').filter((line) => line.startsWith('bh')).length, serving);
  });
});

test('a migration that must not be is refused with the reason', async () => {
  const { host } = await lab.instance('status-page');
  assert.ok(host !== null);
  const other = host === 'host-1' ? 'host-2' : 'host-1';
  const refusal = async (to: string) => {
    const result = await lab.api('migrate', 'status-page', '--to', to);
    assert.notEqual(result.code, 0, `to ${to} was taken: ${result.stdout}`);
    return result.stderr;
  };
  assert.match(await refusal(host), /ALREADY_THERE/);
  assert.match(await refusal('host-9'), /NOT_FOUND/);
  assert.equal((await lab.api('cordon', other, '--reason', 'broken fan')).code, 0);
  assert.match(await refusal(other), /broken fan[\s\S]*HOST_CORDONED/);
  assert.equal((await lab.api('uncordon', other)).code, 0);
  const text = await readFile(exampleFile, 'utf8');
  const small = text.replace(
    `  - name: ${other}\n`,
    `  - name: ${other}\n    capacity: { instances: 0, memoryMib: 64, cpus: 1 }\n`,
  );
  const applied = await lab.apply(small);
  if (applied.code === 0) {
    assert.match(await refusal(other), /NO_CAPACITY/);
    assert.equal((await lab.apply(text)).code, 0);
  } else {
    assert.fail(applied.stderr);
  }
  assert.equal((await lab.instance('status-page')).host, host);
});

test('an instance that leaves the spec leaves its host when pruned, and its addresses are free', async () => {
  const text = await readFile(exampleFile, 'utf8');
  const without = text.slice(0, text.indexOf('  - name: status-page'));
  const { host, addresses } = await lab.instance('status-page');
  assert.ok(host !== null);
  assert.equal((await lab.apply(without)).code, 0);
  assert.equal((await lab.instances()).length, 3, 'kept without --prune');
  const pruned = await lab.apply(without, '--prune');
  assert.equal(pruned.code, 0, pruned.stderr);
  assert.equal((await lab.instances()).length, 2);
  await assert.rejects(lab.fetch(addresses[0]?.address ?? ''));
  await eventually(async () => {
    const left = await lab.docker(host, 'ps', '-a', '--format', '{{.Names}}');
    assert.ok(!left.includes('bridgehead-status-page'), left);
  });
  assert.equal((await lab.apply(text)).code, 0);
  await lab.allServing();
});
