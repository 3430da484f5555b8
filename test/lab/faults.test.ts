// Parts are killed without warning: what was not killed goes on, and the fleet heals.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, LabUnderTest } from './lab-under-test.ts';

let lab: LabUnderTest;
before(async () => {
  lab = await LabUnderTest.up('x', 7182);
});
after(() => lab?.[Symbol.asyncDispose]());

async function placeOf(name: string): Promise<{ host: string; address: string }> {
  const { host, addresses } = await lab.instance(name);
  assert.ok(host !== null);
  return { host, address: addresses[0]?.address ?? '' };
}

async function startsOf(host: string): Promise<string> {
  return lab.docker(host, 'ps', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.CreatedAt}}');
}

test('a killed scheduler: traffic and drift repair go on; it comes back to the same fleet', async () => {
  const { host, address } = await placeOf('shop-web');
  const before = await lab.instances();
  const loading = lab.load(address, 6);
  await lab.lab('kill', 'scheduler', '--signal', 'SIGKILL');
  const other = await placeOfStatusWithoutScheduler(before);
  await lab.docker(other.host, 'kill', 'bridgehead-status-page');
  await eventually(async () => void (await lab.fetch(other.address)), 10_000);
  const load = await loading;
  assert.equal(load.failed, 0, JSON.stringify(load));
  const down = await lab.api('get', 'hosts');
  assert.equal(down.code, 5, down.stdout);
  assert.equal((await lab.bringUp()).code, 0);
  await lab.allServing();
  const now = await lab.instances();
  assert.deepEqual(
    now.map(({ name, host: at, epoch }) => [name, at, epoch]),
    before.map(({ name, host: at, epoch }) => [name, at, epoch]),
  );
  assert.equal((await lab.instance('shop-web')).host, host);
});

async function placeOfStatusWithoutScheduler(
  known: Awaited<ReturnType<LabUnderTest['instances']>>,
): Promise<{ host: string; address: string }> {
  const status = known.find(({ name }) => name === 'status-page');
  assert.ok(status?.host !== undefined && status.host !== null);
  return { host: status.host, address: status.addresses[0]?.address ?? '' };
}

test('a killed agent: traffic goes on; the next one adopts and restarts nothing', async () => {
  const { host, address } = await placeOf('shop-web');
  const containers = await startsOf(host);
  const loading = lab.load(address, 6);
  await lab.lab('kill', `agent:${host}`, '--signal', 'SIGKILL');
  assert.equal((await lab.bringUp()).code, 0);
  const load = await loading;
  assert.equal(load.failed, 0, JSON.stringify(load));
  await lab.allServing();
  assert.equal(await startsOf(host), containers);
});

test('an agent that restarts without a scheduler keeps what it was told', async () => {
  const { host, address } = await placeOf('shop-web');
  const containers = await startsOf(host);
  await lab.lab('kill', 'scheduler', '--signal', 'SIGKILL');
  await lab.lab('kill', `agent:${host}`, '--signal', 'SIGKILL');
  await lab.lab('heal', host).catch(() => undefined);
  await lab.docker(host, 'kill', 'bridgehead-shop-web');
  await eventually(async () => void (await lab.fetch(address)), 15_000);
  assert.notEqual(await startsOf(host), containers, 'it was made anew');
  assert.equal((await lab.bringUp()).code, 0);
  await lab.allServing();
});

test('a killed Docker Engine: containers and traffic go on, and it is said', async () => {
  const { host, address } = await placeOf('shop-web');
  const loading = lab.load(address, 6);
  await lab.lab('kill', `dockerd:${host}`, '--signal', 'SIGKILL');
  await eventually(async () => {
    assert.equal((await lab.instance('shop-web')).problem?.code, 'ENGINE_DOWN');
  });
  assert.equal((await lab.bringUp()).code, 0);
  const load = await loading;
  assert.equal(load.failed, 0, JSON.stringify(load));
  await eventually(async () => {
    assert.equal((await lab.instance('shop-web')).problem, null);
  });
  await lab.allServing();
});

test('drift heals within two seconds: container, address, veth, port off the bridge', async () => {
  const { host, address } = await placeOf('shop-web');
  const pid = async () =>
    (await lab.docker(host, 'inspect', '-f', '{{.State.Pid}}', 'bridgehead-shop-web')).trim();
  const port = async () =>
    (
      await lab.inside(
        host,
        'nsenter',
        `--net=/proc/${await pid()}/ns/net`,
        'ip',
        '-o',
        'link',
        'show',
        'eth0',
      )
    ).stdout;
  assert.match(await port(), /eth0/);
  const damages: readonly [string, () => Promise<unknown>][] = [
    ['container killed', () => lab.docker(host, 'kill', 'bridgehead-shop-web')],
    ['container removed', () => lab.docker(host, 'rm', '-f', 'bridgehead-shop-web')],
    [
      'address removed',
      async () =>
        lab.inside(
          host,
          'nsenter',
          `--net=/proc/${await pid()}/ns/net`,
          'ip',
          'addr',
          'flush',
          'dev',
          'eth0',
          'scope',
          'global',
        ),
    ],
    [
      'veth deleted',
      async () =>
        lab.inside(
          host,
          'nsenter',
          `--net=/proc/${await pid()}/ns/net`,
          'ip',
          'link',
          'delete',
          'eth0',
        ),
    ],
    [
      'ports down',
      async () => {
        const { stdout } = await lab.inside(host, 'ip', '-br', 'link', 'show', 'type', 'veth');
        const ports = stdout
          .split('\n')
          .flatMap((line) => /^(bh[0-9a-f]{12})@/.exec(line)?.[1] ?? []);
        assert.ok(ports.length > 0);
        for (const name of ports)
          await lab.inside(host, 'ip', 'link', 'set', name, 'down', 'nomaster');
      },
    ],
  ];
  for (const [what, damage] of damages) {
    const atMs = performance.now();
    await damage();
    await eventually(async () => void (await lab.fetch(address)), 15_000).catch(
      (error: unknown) => {
        assert.fail(`${what}: ${String(error)}`);
      },
    );
    console.log(`${what}: answered again after ${Math.round(performance.now() - atMs)} ms`);
  }
  await lab.allServing();
});

test('an address that nobody granted is taken off', async () => {
  const { host } = await placeOf('shop-web');
  const pid = (
    await lab.docker(host, 'inspect', '-f', '{{.State.Pid}}', 'bridgehead-shop-web')
  ).trim();
  const inside = ['nsenter', `--net=/proc/${pid}/ns/net`, 'ip'] as const;
  await lab.inside(host, ...inside, 'addr', 'add', '198.18.10.99/16', 'dev', 'eth0');
  await eventually(async () => {
    const { stdout } = await lab.inside(host, ...inside, 'addr', 'show', 'dev', 'eth0');
    assert.ok(!stdout.includes('198.18.10.99'), stdout);
  });
});

test('a crashed host is shown dead, refuses to be a target, and comes back', async () => {
  const { host, address } = await placeOf('status-page');
  const elsewhere = await lab.instances();
  await lab.lab('crash', host);
  await eventually(async () => {
    assert.equal((await lab.hosts()).find(({ name }) => name === host)?.state, 'dead');
  });
  for (const one of elsewhere.filter((other) => other.host !== host)) {
    await lab.fetch(one.addresses[0]?.address ?? '');
    const back = await lab.api('migrate', one.name, '--to', host);
    assert.match(back.stderr, /HOST_NOT_READY/);
  }
  await lab.lab('heal', host);
  await lab.allServing(60_000);
  await eventually(async () => {
    assert.equal((await lab.hosts()).find(({ name }) => name === host)?.state, 'ready');
  }, 60_000);
  await lab.fetch(address);
});

test('a partitioned host goes on serving and is found again', async () => {
  const { host, address } = await placeOf('shop-web');
  await lab.lab('partition', host, '--from', 'control');
  await eventually(async () => {
    assert.equal((await lab.hosts()).find(({ name }) => name === host)?.state, 'suspect');
  });
  await lab.fetch(address);
  await lab.lab('heal', host);
  await lab.allServing();
});

test('a stranger who speaks in the name of a served address is named, and does not get it', async () => {
  const { address } = await placeOf('status-page');
  await lab.inside('backend', 'ip', 'addr', 'add', `${address}/16`, 'dev', 'eth0');
  const { stdout } = await lab.inside('backend', 'ip', '-o', 'link', 'show', 'dev', 'eth0');
  const mac = /link\/ether (\S+)/.exec(stdout)?.[1] ?? 'no MAC';
  // Its kernel asks for a neighbour in the name of the address, as any host does.
  await lab.inside('backend', 'ping', '-n', '-c', '1', '-W', '1', '-I', address, '198.18.0.250');
  await lab.inside('backend', 'ip', 'addr', 'del', `${address}/16`, 'dev', 'eth0');
  await eventually(async () => {
    const { stdout: events } = await lab.api('events', '--object', 'instance/status-page');
    assert.match(events, new RegExp(`address.conflict .*${mac} on the wire`));
  });
  await eventually(async () => void (await lab.fetch(address)));
});

test('an address that a stranger answers for is not taken, and the stranger is named', async () => {
  const stranger = '198.18.10.77';
  await lab.inside('backend', 'ip', 'addr', 'add', `${stranger}/16`, 'dev', 'eth0');
  const { stdout } = await lab.inside('backend', 'ip', '-o', 'link', 'show', 'dev', 'eth0');
  const mac = /link\/ether (\S+)/.exec(stdout)?.[1] ?? 'no MAC';
  const spec = `apiVersion: bridgehead/v1
instances:
  - name: late
    owner: team
    service: late
    tier: 2
    image: bridgehead/haproxy:2.6
    addresses: [{ pool: public-v4, address: ${stranger} }]
    config: |
      defaults
        mode http
        timeout connect 1s
        timeout client 5s
        timeout server 5s
      frontend f
        bind :80
        http-request return status 200
`;
  assert.equal((await lab.apply(spec)).code, 0);
  await eventually(async () => {
    const { problem } = await lab.instance('late');
    assert.equal(problem?.code, 'ADDRESS_CONFLICT');
    assert.ok(problem?.message.includes(mac), `${problem?.message} does not name ${mac}`);
  });
  await lab.inside('backend', 'ip', 'addr', 'del', `${stranger}/16`, 'dev', 'eth0');
  await lab.allServing(60_000);
  await lab.fetch(stranger);
});
