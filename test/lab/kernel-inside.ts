// Run by kernel.test.ts inside a network namespace of its own: the agent's kernel calls against the
// real kernel. Prints nothing when all is well, but what this kernel cannot do.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { portPattern } from '../../src/agent/facts.ts';
import {
  addAddresses,
  attachPort,
  createPort,
  deletePort,
  detachPort,
  flushAddresses,
  listPorts,
  readBridges,
  readInterior,
  readPort,
  removeAddresses,
} from '../../src/agent/kernel.ts';
import { commandOutput, runCommand } from '../../src/system/command.ts';

const port = 'bh0123456789ab';
const mac = '02:00:00:00:00:77';
const addresses = [
  { address: '198.18.10.1', prefix: 16, gateway: '198.18.0.1' },
  { address: '2001:db8::1', prefix: 48, gateway: '2001:db8::ff' },
];

const container = spawn('unshare', ['--net', 'sleep', '60'], { stdio: 'ignore' });
const pid = container.pid ?? 0;
try {
  await untilApart();
  const filtering = ['ip', 'link', 'add', 'br0', 'type', 'bridge', 'vlan_filtering', '1'] as const;
  // CONFIG_BRIDGE_VLAN_FILTERING is a choice; every distribution's kernel has it, a sandbox's may not.
  const hasVlans = (await runCommand([...filtering])).code === 0;
  if (!hasVlans) await commandOutput(['ip', 'link', 'add', 'br0', 'type', 'bridge']);
  await commandOutput(['ip', '-batch', '-'], {
    input: `link add eth0 type veth peer name far0
link set eth0 master br0
link set eth0 up
link set far0 up
link set br0 up
addr add 198.18.0.11/16 dev br0
`,
  });
  await untouched(hasVlans);
  await plain();
  if (hasVlans) await inVlan();
  else console.log('this kernel has no VLAN filtering on bridges: VLAN pools were not tested');
} finally {
  container.kill('SIGKILL');
}

async function untilApart(): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const [own, other] = await Promise.all(
      ['self', String(pid)].map((name) => commandOutput(['readlink', `/proc/${name}/ns/net`])),
    );
    if (own !== other) return;
  }
  assert.fail('the container got no namespace of its own');
}

async function untouched(hasVlans: boolean): Promise<void> {
  assert.equal(await readPort(port), null);
  assert.equal(await readInterior(pid), null);
  await deletePort(port);
  const [bridge] = await readBridges(portPattern);
  assert.deepEqual(bridge?.addresses, ['198.18.0.11']);
  assert.equal(bridge?.vlanAware, hasVlans);
  assert.deepEqual(bridge?.nics, [{ name: 'eth0', kind: 'veth' }]);
}

async function plain(): Promise<void> {
  await createPort(port, pid, mac, 1_400);
  assert.deepEqual(await readPort(port), { up: false, bridge: null });
  assert.deepEqual(await readInterior(pid), { mac, addresses: [] });
  assert.deepEqual(await listPorts(portPattern), [port]);
  for (let times = 0; times < 2; times += 1) {
    await attachPort(port, 'br0', null);
    assert.deepEqual(await readPort(port), { up: true, bridge: 'br0' });
    await addAddresses(pid, addresses);
    assert.deepEqual((await readInterior(pid))?.addresses.toSorted(), [
      '198.18.10.1',
      '2001:db8::1',
    ]);
  }
  const inside = ['nsenter', `--net=/proc/${pid}/ns/net`, 'ip'] as const;
  assert.match(await commandOutput([...inside, 'route']), /default via 198\.18\.0\.1/);
  assert.match(await commandOutput([...inside, '-6', 'route']), /default via 2001:db8::ff/);
  await removeAddresses(pid, ['198.18.10.1', '198.18.10.99']);
  assert.deepEqual((await readInterior(pid))?.addresses, ['2001:db8::1']);
  await detachPort(port);
  assert.deepEqual(await readPort(port), { up: false, bridge: null });
  await flushAddresses(pid);
  assert.deepEqual(await readInterior(pid), { mac, addresses: [] });
  await createPort(port, pid, mac, 1_400);
  await deletePort(port);
  assert.equal(await readPort(port), null);
  await detachPort(port);
}

async function inVlan(): Promise<void> {
  await createPort(port, pid, mac, 1_500);
  await attachPort(port, 'br0', 42);
  const vlans = JSON.parse(await commandOutput(['bridge', '-json', 'vlan', 'show'])) as {
    readonly ifname: string;
    readonly vlans: readonly { readonly vlan: number; readonly flags?: readonly string[] }[];
  }[];
  const of = (name: string) => vlans.find(({ ifname }) => ifname === name)?.vlans;
  assert.deepEqual(of(port), [{ vlan: 42, flags: ['PVID', 'Egress Untagged'] }]);
  assert.ok(
    of('eth0')?.some(({ vlan, flags }) => vlan === 42 && flags === undefined),
    'tagged',
  );
  await deletePort(port);
}
