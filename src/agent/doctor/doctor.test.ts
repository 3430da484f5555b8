import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../system/clock.ts';
import { DockerEngine } from '../../system/docker-engine.ts';
import { type CheckState, checkHost } from './checks.ts';
import { proveNetconsole } from './proof.ts';
import { type HostReadings, readHost } from './readings.ts';

const target = {
  ...{ name: 'bridgehead', isEnabled: true, device: 'br0' },
  ...{ remoteAddress: '198.18.0.3', remotePort: '6666' },
};
const good: HostReadings = {
  netconsole: { isPresent: true, targets: [target] },
  bridges: [{ name: 'br0', addresses: ['198.18.0.11'], nics: ['eth0'] }],
  sysctls: {
    ...{ 'kernel.printk': '7\t4\t1\t7', 'kernel.panic': '10', 'net.ipv4.ip_forward': '0' },
    'net.bridge.bridge-nf-call-iptables': '0',
    'net.ipv4.conf.all.arp_ignore': '1',
    'net.ipv4.conf.br0.arp_announce': '2',
  },
  docker: { isUp: true, hasLiveRestore: true },
  ...{ nftFault: null, isClockKept: true, pstore: 'efi_pstore' },
};
const scheduler = '198.18.0.3';

const bad = (change: Partial<HostReadings>, to: string | null = scheduler) =>
  Object.fromEntries(
    checkHost({ ...good, ...change }, to)
      .filter(({ state }) => state !== 'ok')
      .map(({ check, state }) => [check, state]),
  );
const sysctl = (name: string, value: string | null) => ({
  sysctls: { ...good.sysctls, [name]: value },
});
const targets = (...all: readonly (typeof target)[]) => ({
  netconsole: { isPresent: true, targets: all },
});

test('a host as it should be has nothing to do', () => {
  const findings = checkHost(good, scheduler);
  assert.equal(findings.length, 14);
  assert.ok(findings.every(({ state, next }) => state === 'ok' && next === ''));
});

test('each fault of a host is found by its own check', () => {
  const cases: readonly [Partial<HostReadings>, string, CheckState][] = [
    [{ netconsole: { isPresent: false, targets: [] } }, 'netconsole', 'fail'],
    [targets(), 'netconsole', 'fail'],
    [targets({ ...target, device: 'eth0' }), 'netconsole-bridge', 'fail'],
    [targets({ ...target, device: 'eth1' }), 'netconsole-bridge', 'warn'],
    [targets({ ...target, remoteAddress: '198.18.0.4' }), 'netconsole-remote', 'fail'],
    [sysctl('kernel.printk', '4 4 1 7'), 'console-level', 'fail'],
    [sysctl('kernel.printk', null), 'console-level', 'unknown'],
    [sysctl('net.bridge.bridge-nf-call-arptables', '1'), 'bridge-nf-call', 'fail'],
    [{ nftFault: 'Operation not permitted' }, 'nftables', 'fail'],
    [{ docker: { isUp: true, hasLiveRestore: false } }, 'docker', 'fail'],
    [{ docker: { isUp: false, hasLiveRestore: false } }, 'docker', 'fail'],
    [sysctl('net.ipv4.ip_forward', '1'), 'ip-forward', 'warn'],
    [sysctl('net.ipv4.conf.all.arp_ignore', '0'), 'arp', 'warn'],
    [sysctl('net.ipv4.conf.br0.arp_announce', '1'), 'arp', 'warn'],
    [{ isClockKept: false }, 'clock', 'warn'],
    [{ isClockKept: null }, 'clock', 'unknown'],
    [{ pstore: null }, 'pstore', 'warn'],
    [sysctl('kernel.panic', '0'), 'panic', 'warn'],
    [{ bridges: [{ name: 'br0', addresses: [], nics: ['eth0'] }] }, 'bridge', 'fail'],
    [{ bridges: [{ name: 'br0', addresses: ['198.18.0.11'], nics: [] }] }, 'bridge', 'fail'],
  ];
  for (const [change, check, state] of cases) {
    assert.deepEqual(bad(change), { [check]: state }, check);
    const finding = checkHost({ ...good, ...change }, scheduler).find((one) => one.check === check);
    assert.ok(finding !== undefined && finding.saw !== '' && finding.next !== '', check);
  }
  assert.deepEqual(bad({ bridges: [], ...targets(target) }), {
    ...{ bridge: 'fail', arp: 'unknown', 'netconsole-bridge': 'warn' },
  });
  assert.deepEqual(bad({}, null), { 'netconsole-remote': 'unknown' });
  assert.deepEqual(bad(targets({ ...target, isEnabled: false })), {
    'netconsole-enabled': 'fail',
    'netconsole-remote': 'fail',
  });
});

function proof(found: (count: number) => readonly { form: string; source: string }[]) {
  let nowMs = 0;
  let count = 0;
  const said: string[] = [];
  const clock = {
    ...systemClock,
    monotonicMs: () => nowMs,
    sleep: async (durationMs: number) => {
      nowMs += durationMs;
    },
  };
  const search = async (text: string) => {
    assert.equal(text, 'bridgehead doctor: nonce-1');
    count += 1;
    return found(count);
  };
  const say = async (line: string) => void said.push(line);
  return { said, done: proveNetconsole({ clock, nonce: 'nonce-1', say, search }) };
}

test('the proof is a message that comes by netconsole, and by nothing else', async () => {
  const byAgent = { form: 'kernel', source: 'kmsg' };
  const bySyslog = { form: 'rfc3164', source: '198.18.0.11' };
  const byNetconsole = { form: 'kernel', source: '198.18.0.11' };
  const late = proof((count) => (count < 4 ? [byAgent] : [byAgent, byNetconsole]));
  assert.equal((await late.done).state, 'ok');
  assert.deepEqual(late.said, ['<11>bridgehead doctor: nonce-1\n']);
  const never = await proof(() => [byAgent, bySyslog]).done;
  assert.equal(never.state, 'fail');
  assert.match(never.saw, /it came by kmsg, 198\.18\.0\.11 only/);
  const away = proof(() => {
    throw new Error('away');
  });
  assert.deepEqual(
    [(await away.done).state, (await away.done).saw.endsWith('away')],
    ['unknown', true],
  );
});

test('this very machine can be read and checked', async () => {
  const readings = await readHost(new DockerEngine('/nonexistent/docker.sock'));
  assert.equal(readings.docker.isUp, false);
  assert.match(readings.sysctls['kernel.printk'] ?? '', /^\d+\s/);
  assert.ok(
    checkHost(readings, null).some(({ check, state }) => check === 'docker' && state === 'fail'),
  );
});
