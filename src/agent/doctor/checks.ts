import { netconsoleChecks } from './netconsole-checks.ts';
import type { HostReadings } from './readings.ts';

/** What a check came to. `unknown`: the host does not show it. */
export type CheckState = 'ok' | 'warn' | 'fail' | 'unknown';

/** One check of a host. */
export interface Finding {
  readonly check: string;
  readonly state: CheckState;
  /** What was seen, and what it means. */
  readonly saw: string;
  /** What to do; '' where there is nothing to do. */
  readonly next: string;
}

/** All checks of a host. @param scheduler where its netconsole is to send to; null for not given */
export function checkHost(host: HostReadings, scheduler: string | null): readonly Finding[] {
  return [
    ...netconsoleChecks(host, scheduler),
    bridgeCheck(host),
    filterCheck(host),
    nftCheck(host),
    dockerCheck(host),
    forwardCheck(host),
    arpCheck(host),
    clockCheck(host),
    pstoreCheck(host),
    panicCheck(host),
  ];
}

function bridgeCheck({ bridges }: HostReadings): Finding {
  const check = 'bridge';
  const good = bridges.find(({ nics, addresses }) => nics.length > 0 && addresses.length > 0);
  if (good !== undefined) {
    const saw = `bridge ${good.name} has ${good.nics.join(', ')} and ${good.addresses.join(', ')}`;
    return { check, state: 'ok', saw, next: '' };
  }
  const [first] = bridges;
  const lacks = first?.nics.length === 0 ? 'no NIC on it' : 'no address of its own';
  const saw =
    first === undefined
      ? 'this host has no bridge: nothing can be put on the wire'
      : `bridge ${first.name} has ${lacks}`;
  const next = 'Put the NIC on a bridge, and give the bridge the address of the host.';
  return { check, state: 'fail', saw, next };
}

function filterCheck({ sysctls }: HostReadings): Finding {
  const check = 'bridge-nf-call';
  const names = ['iptables', 'ip6tables', 'arptables'].map(
    (name) => `net.bridge.bridge-nf-call-${name}`,
  );
  const on = names.filter((name) => (sysctls[name] ?? '0') !== '0');
  if (on.length === 0) {
    const saw = 'frames on the bridge pass by no iptables';
    return { check, state: 'ok', saw, next: '' };
  }
  const saw = `${on.join(', ')} = 1: frames of instances pass through the host's iptables, where Docker drops what it does not know`;
  const next = `sysctl -w ${on.map((name) => `${name}=0`).join(' ')}, and the same in /etc/sysctl.d. Docker turns it on when it starts.`;
  return { check, state: 'fail', saw, next };
}

function nftCheck({ nftFault }: HostReadings): Finding {
  const check = 'nftables';
  if (nftFault === null) {
    return { check, state: 'ok', saw: 'nft reads tables of the bridge family', next: '' };
  }
  const saw = `nft cannot read tables of the bridge family (${nftFault}): the host cannot hold a lease, nor be failed over`;
  const next =
    'Install nftables, run this as root, and load the module nf_tables (CONFIG_NF_TABLES_BRIDGE).';
  return { check, state: 'fail', saw, next };
}

function dockerCheck({ docker }: HostReadings): Finding {
  const check = 'docker';
  if (!docker.isUp) {
    const saw = 'the Docker Engine does not answer: no instance can be started';
    return { check, state: 'fail', saw, next: 'systemctl status docker' };
  }
  if (docker.hasLiveRestore) {
    return { check, state: 'ok', saw: 'containers outlive the Docker Engine', next: '' };
  }
  const saw = 'live-restore is off: a restart of the Docker Engine ends every instance';
  const next = 'Put "live-restore": true into /etc/docker/daemon.json; systemctl reload docker.';
  return { check, state: 'fail', saw, next };
}

function forwardCheck({ sysctls }: HostReadings): Finding {
  const check = 'ip-forward';
  if (sysctls['net.ipv4.ip_forward'] !== '1') {
    return {
      check,
      state: 'ok',
      saw: 'the host routes nothing from one network to another',
      next: '',
    };
  }
  const saw = 'net.ipv4.ip_forward = 1, as Docker sets it: the host routes for whoever sends to it';
  const next =
    'Bridgehead does not need it. Where nothing else does: "ip-forward": false in /etc/docker/daemon.json.';
  return { check, state: 'warn', saw, next };
}

// The larger of `all` and the interface's own counts (Documentation/networking/ip-sysctl.rst).
function arpCheck({ bridges, sysctls }: HostReadings): Finding {
  const check = 'arp';
  if (bridges.length === 0) {
    return {
      check,
      state: 'unknown',
      saw: 'there is no bridge to look at',
      next: 'Make one first.',
    };
  }
  const valueOf = (scope: string, key: string) =>
    Number(sysctls[`net.ipv4.conf.${scope}.${key}`] ?? 0);
  const least = { arp_ignore: 1, arp_announce: 2 };
  const low = bridges.flatMap(({ name }) =>
    Object.entries(least).flatMap(([key, value]) =>
      Math.max(valueOf('all', key), valueOf(name, key)) < value
        ? [`net.ipv4.conf.${name}.${key}=${value}`]
        : [],
    ),
  );
  if (low.length === 0) {
    return { check, state: 'ok', saw: 'bridges answer ARP for their own addresses only', next: '' };
  }
  const saw =
    'the host answers ARP on a bridge also for addresses of its other interfaces, which can draw their traffic';
  return {
    check,
    state: 'warn',
    saw,
    next: `sysctl -w ${low.join(' ')}, and the same in /etc/sysctl.d.`,
  };
}

function clockCheck({ isClockKept }: HostReadings): Finding {
  const check = 'clock';
  if (isClockKept === true)
    return { check, state: 'ok', saw: 'the clock is synchronized', next: '' };
  if (isClockKept === null) {
    const saw = 'neither timedatectl nor chronyc says whether the clock is synchronized';
    return { check, state: 'unknown', saw, next: 'See that chrony or the like runs.' };
  }
  const saw = 'the clock is not synchronized: times of this host in logs and incidents are off';
  return { check, state: 'warn', saw, next: 'Run chrony or systemd-timesyncd.' };
}

function pstoreCheck({ pstore }: HostReadings): Finding {
  const check = 'pstore';
  if (pstore !== null) {
    const saw = `the kernel keeps its last words over a reboot by ${pstore}`;
    return { check, state: 'ok', saw, next: '' };
  }
  const saw = 'the kernel has no place to keep its last words over a reboot';
  const next =
    'modprobe efi_pstore, erst_dbg or ramoops, whichever the hardware has; netconsole does without.';
  return { check, state: 'warn', saw, next };
}

function panicCheck({ sysctls }: HostReadings): Finding {
  const check = 'panic';
  const seconds = Number(sysctls['kernel.panic'] ?? 0);
  if (seconds !== 0) {
    const when = seconds < 0 ? 'at once' : `after ${seconds} s`;
    return { check, state: 'ok', saw: `a kernel that panics reboots ${when}`, next: '' };
  }
  const saw = 'kernel.panic = 0: a host that panics stays down until a person comes';
  return {
    check,
    state: 'warn',
    saw,
    next: 'sysctl -w kernel.panic=10, and the same in /etc/sysctl.d.',
  };
}
