import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandOutput } from '../../system/command.ts';
import type { DockerEngine } from '../../system/docker-engine.ts';
import { portPattern } from '../facts.ts';
import { readBridges } from '../kernel.ts';

/** A target of netconsole as configfs has it. */
export interface NetconsoleTarget {
  readonly name: string;
  readonly isEnabled: boolean;
  /** Interface that it sends from. */
  readonly device: string;
  readonly remoteAddress: string;
  readonly remotePort: string;
}

/** What a host shows of itself; null where it shows nothing. */
export interface HostReadings {
  readonly netconsole: {
    /** In the kernel or loaded. */
    readonly isPresent: boolean;
    readonly targets: readonly NetconsoleTarget[];
  };
  readonly bridges: readonly {
    readonly name: string;
    readonly addresses: readonly string[];
    readonly nics: readonly string[];
  }[];
  /** By name, such as `kernel.printk`. */
  readonly sysctls: Readonly<Record<string, string | null>>;
  readonly docker: { readonly isUp: boolean; readonly hasLiveRestore: boolean };
  /** Why nftables cannot be used for bridges; null where they can. */
  readonly nftFault: string | null;
  /** Whether the kernel's clock is kept by somebody; null where nobody can tell. */
  readonly isClockKept: boolean | null;
  /** Name of the backend of pstore. */
  readonly pstore: string | null;
}

const netconsoleFolder = '/sys/kernel/config/netconsole';
const targetsMax = 64;

/** What the checks ask for. */
export const wantedSysctls = [
  ...['kernel.printk', 'kernel.panic', 'kernel.panic_on_oops', 'net.ipv4.ip_forward'],
  ...['net.bridge.bridge-nf-call-iptables', 'net.bridge.bridge-nf-call-ip6tables'],
  ...['net.bridge.bridge-nf-call-arptables'],
] as const;

/** Reads this host. What cannot be read is null or not there; never rejects for that. */
export async function readHost(engine: DockerEngine): Promise<HostReadings> {
  const bridges = await readBridges(portPattern).catch(() => []);
  const arp = bridges.flatMap(({ name }) => [
    `net.ipv4.conf.${name}.arp_ignore`,
    `net.ipv4.conf.${name}.arp_announce`,
  ]);
  const names = [
    ...[...wantedSysctls, 'net.ipv4.conf.all.arp_ignore', 'net.ipv4.conf.all.arp_announce'],
    ...arp,
  ];
  const sysctls = await Promise.all(names.map(async (name) => [name, await sysctl(name)] as const));
  const [live, nftFault, isClockKept, pstore] = await Promise.all([
    engine.hasLiveRestore().catch(() => null),
    commandOutput(['nft', 'list', 'tables', 'bridge']).then(
      () => null,
      (error: Error) => error.message,
    ),
    clockIsKept(),
    textOf('/sys/module/pstore/parameters/backend'),
  ]);
  return {
    netconsole: {
      isPresent: (await namesIn('/sys/module')).includes('netconsole'),
      targets: await readTargets(),
    },
    bridges: bridges.map(({ name, addresses, nics }) => ({
      ...{ name, addresses },
      nics: nics.map((nic) => nic.name),
    })),
    sysctls: Object.fromEntries(sysctls),
    docker: { isUp: live !== null, hasLiveRestore: live === true },
    ...{ nftFault, isClockKept },
    pstore: pstore === null || pstore === '(null)' || pstore === '' ? null : pstore,
  };
}

async function readTargets(): Promise<readonly NetconsoleTarget[]> {
  const names = (await namesIn(netconsoleFolder)).slice(0, targetsMax);
  return Promise.all(
    names.map(async (name) => {
      const of = async (file: string) => (await textOf(join(netconsoleFolder, name, file))) ?? '';
      return {
        ...{ name, isEnabled: (await of('enabled')) === '1', device: await of('dev_name') },
        ...{ remoteAddress: await of('remote_ip'), remotePort: await of('remote_port') },
      };
    }),
  );
}

async function sysctl(name: string): Promise<string | null> {
  // A bridge's own name may have dots in it.
  const [, family, scope] = /^(net\.ipv4\.conf)\.(.+)\.\w+$/.exec(name) ?? [];
  const path =
    family === undefined || scope === undefined
      ? name.replaceAll('.', '/')
      : `net/ipv4/conf/${scope}/${name.slice(name.lastIndexOf('.') + 1)}`;
  return textOf(`/proc/sys/${path}`);
}

// ntp_adjtime(2) says it too, but not to a program without a library for it.
async function clockIsKept(): Promise<boolean | null> {
  const show = ['timedatectl', 'show', '--property=NTPSynchronized', '--value'] as const;
  const text = await commandOutput([...show]).catch(() => null);
  if (text !== null) return text.trim() === 'yes';
  const chrony = await commandOutput(['chronyc', '-n', 'tracking']).catch(() => null);
  return chrony === null ? null : /Leap status\s*: Normal/.test(chrony);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

async function textOf(path: string): Promise<string | null> {
  return readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => null,
  );
}
