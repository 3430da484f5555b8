// What the lab needs of the machine, looked at before anything of the lab is made.

import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { BridgeheadError } from '../domain/errors.ts';
import { commandOutput, runCommand } from '../system/command.ts';
import { readMounts } from './mounts.ts';
import { namespacesOfLab } from './namespaces.ts';
import { plainEnvironment } from './processes.ts';

const installScript = resolve(import.meta.dirname, '../../scripts/install-debian.sh');
const installLimitMs = 10 * 60_000;
const portMax = 65_535;
const anyPortTries = 20;

const tools = [
  ...['ip', 'bridge', 'nsenter', 'unshare', 'nft', 'umount', 'tar', 'ldd'],
  ...['dockerd', 'containerd', 'containerd-shim-runc-v2', 'runc', 'haproxy'],
];

// Each line is tried in a throwaway network namespace; its name is what a person is told.
const features = `
try() { what=$1; shift; "$@" >/dev/null 2>&1 || echo "$what"; }
try 'Linux bridges (CONFIG_BRIDGE)' ip link add bhprobe0 type bridge
try 'veth pairs (CONFIG_VETH)' ip link add bhprobe1 type veth peer name bhprobe2
try 'IPv6 (CONFIG_IPV6, ipv6.disable=0)' ip -6 addr add 2001:db8::1/48 dev lo nodad
try 'nftables for inet (CONFIG_NF_TABLES_INET)' nft -f /dev/fd/3 3<<END
table inet bhprobe {
  set closed { type inet_proto; flags timeout; }
  chain input { type filter hook input priority -300; meta l4proto @closed counter drop; }
}
END
`;

function missing(message: string, next: string): BridgeheadError {
  return new BridgeheadError('PREREQUISITE_MISSING', message, next);
}

/**
 * Checks the machine, and installs Debian packages that are missing.
 *
 * @returns what was installed, for people; empty for nothing
 * @throws BridgeheadError PREREQUISITE_MISSING
 */
export async function checkMachine(): Promise<string> {
  if (process.platform !== 'linux') {
    throw missing(
      `the lab needs Linux; this is ${process.platform}`,
      'Run it in a Linux machine or virtual machine.',
    );
  }
  if (process.geteuid?.() !== 0) {
    throw missing(
      'the lab needs root: it makes network namespaces and runs Docker Engines',
      'Run it again with sudo.',
    );
  }
  const installed = await installTools();
  await checkKernel();
  return installed;
}

async function installTools(): Promise<string> {
  const absent = tools.filter((tool) => !isOnPath(tool));
  if (absent.length === 0) return '';
  if (!isOnPath('apt-get')) {
    throw missing(
      `this machine has no ${absent.join(', ')}`,
      'Install Docker Engine, HAProxy, iproute2 and nftables with your package manager.',
    );
  }
  const result = await runCommand(['sh', installScript], {
    timeoutMs: installLimitMs,
    env: plainEnvironment(),
  });
  const still = tools.filter((tool) => !isOnPath(tool));
  if (result.code === 0 && still.length === 0) return result.stdout.trim();
  const said = result.stderr.trim().split('\n').slice(-5).join('\n');
  throw missing(
    `cannot install ${still.join(', ') || 'the Debian packages'}: ${said}`,
    `Install by hand what is missing, or look at what this says: sh ${installScript}`,
  );
}

/** Programs that the machines of {@link PanicMachine} need beside the lab's own. */
const machineTools = ['qemu-system-x86_64', 'busybox', 'gcc', 'make', 'apt-get', 'dpkg-deb'];

/** @throws BridgeheadError PREREQUISITE_MISSING where this machine cannot run virtual ones */
export function checkMachineTools(): void {
  const absent = machineTools.filter((tool) => !isOnPath(tool));
  if (absent.length === 0) return;
  throw missing(
    `a virtual machine with a kernel of its own needs ${absent.join(', ')}`,
    `Install it from Debian's archive: sh ${installScript} --machines`,
  );
}

function isOnPath(tool: string): boolean {
  return (plainEnvironment()['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function checkKernel(): Promise<void> {
  const probe = await runCommand(['unshare', '--net', '--', 'sh', '-s'], { input: features });
  const lacking = probe.stdout.split('\n').filter((line) => line !== '');
  if (probe.code !== 0 && lacking.length === 0) {
    lacking.push(`network namespaces (CONFIG_NET_NS): ${probe.stderr.trim()}`);
  }
  const mounts = await readMounts();
  if (!mounts.some(({ type }) => type === 'cgroup' || type === 'cgroup2')) {
    lacking.push('a mounted cgroup hierarchy, which Docker needs');
  }
  if (lacking.length === 0) return;
  throw missing(
    `this machine lacks ${lacking.join('; ')}`,
    'Load the modules or use a kernel that has them. In a container, give it --privileged.',
  );
}

/**
 * Makes sure that no namespace of the names we want is somebody else's.
 *
 * @throws BridgeheadError ALREADY_THERE
 */
export function checkNoForeignNamespaces(labName: string, known: ReadonlySet<string>): void {
  const foreign = namespacesOfLab(labName).filter((name) => !known.has(name));
  if (foreign.length === 0) return;
  throw new BridgeheadError(
    'ALREADY_THERE',
    `network namespace ${foreign.join(', ')} is there, and no journal of a lab knows it`,
    `Use another --name, or remove it: ${foreign.map((name) => `ip netns delete ${name}`).join('; ')}`,
  );
}

/**
 * Ports for the APIs on 127.0.0.1, one after the other: from `wanted` on where they are free, from
 * any free one on for 0.
 *
 * @returns the first of them
 * @throws BridgeheadError IN_USE, or REQUEST_INVALID where there are no such ports
 */
export async function freePorts(wanted: number, count: number): Promise<number> {
  if (wanted + count - 1 > portMax) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${count} ports from ${wanted} on end above ${portMax}`,
      'Choose a lower port with --port.',
    );
  }
  for (let triesLeft = anyPortTries; ; triesLeft -= 1) {
    const first = await freePort(wanted);
    try {
      for (let next = 1; next < count; next += 1) await freePort(first + next);
      return first;
    } catch (error) {
      if (wanted !== 0 || triesLeft === 0) throw error;
    }
  }
}

function freePort(wanted: number): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new BridgeheadError(
          'IN_USE',
          `port ${wanted} of 127.0.0.1 cannot be had for the lab's API: ${cause.code ?? cause.message}`,
          'End what listens there (ss -ltnp), or choose another port with --port.',
          { cause },
        ),
      );
    });
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : wanted;
      server.close(() => resolve(port));
    });
  });
}

/** `dockerd --version` of the machine, for people. */
export async function engineVersion(): Promise<string> {
  const text = await commandOutput(['dockerd', '--version']);
  return /version ([^,\s]+)/.exec(text)?.[1] ?? text.trim();
}
