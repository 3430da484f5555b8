// The host's kernel as the agent uses it: veth pairs, bridge ports and addresses. Every change is
// idempotent; every reading is the kernel's own, not what the agent remembers.

import { existsSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { z } from 'zod';
import { commandOutput, runCommand } from '../system/command.ts';
import type { InterfaceAddress, Interior, Port } from './machine.ts';
import { bringUpOnBridge, interfacesInside } from './wire/libc.ts';
import { RouteSocket } from './wire/netlink.ts';

const linkAnswer = z.array(
  z.object({
    ifname: z.string(),
    flags: z.array(z.string()),
    master: z.string().optional(),
    mtu: z.number(),
    address: z.string().optional(),
    link_index: z.number().optional(),
    linkinfo: z
      .object({
        info_kind: z.string().optional(),
        info_data: z.object({ vlan_filtering: z.number().optional() }).optional(),
      })
      .optional(),
  }),
);
const addressAnswer = z.array(
  z.object({
    ifname: z.string().optional(),
    address: z.string().optional(),
    addr_info: z.array(z.object({ local: z.string(), prefixlen: z.number(), scope: z.string() })),
  }),
);

/** Path of the network namespace that process `pid` runs in. */
export function namespaceOf(pid: number): string {
  return `/proc/${pid}/ns/net`;
}

/** The kernel's name of that namespace, which no other has while it is there; null for no process. */
export function namespaceNameOf(pid: number): string | null {
  try {
    return readlinkSync(namespaceOf(pid));
  } catch {
    return null;
  }
}

/** Null where the host has no such link. */
export async function readPort(port: string): Promise<Port | null> {
  using kernel = new RouteSocket();
  const link = kernel.link(port);
  if (link === null) return null;
  const bridge = link.master === null ? null : kernel.link(link.master);
  return { up: link.up, bridge: bridge?.name ?? null };
}

/** Names of all ports on this host that Bridgehead made. */
export async function listPorts(pattern: RegExp): Promise<readonly string[]> {
  const text = await commandOutput(['ip', '-json', 'link', 'show', 'type', 'veth']);
  const links = linkAnswer.parse(JSON.parse(text === '' ? '[]' : text));
  return links.map((link) => link.ifname).filter((name) => pattern.test(name));
}

/** Null where the namespace has no eth0, or has gone with its process. */
export async function readInterior(pid: number): Promise<Interior | null> {
  if (!existsSync(namespaceOf(pid))) return null;
  const quick = interiorWhileUp(pid);
  if (quick !== null) return quick;
  const result = await runCommand([
    'nsenter',
    `--net=${namespaceOf(pid)}`,
    'ip',
    '-json',
    'addr',
    'show',
    'dev',
    'eth0',
  ]);
  if (result.code !== 0) return null;
  const link = addressAnswer.parse(JSON.parse(result.stdout))[0];
  if (link === undefined) return null;
  return {
    mac: link.address ?? '',
    addresses: link.addr_info.filter(({ scope }) => scope === 'global').map(({ local }) => local),
  };
}

// An interface that is up with an address, which is nearly every reading, costs no process.
function interiorWhileUp(pid: number): Interior | null {
  const found = interfacesInside(namespaceOf(pid))['eth0'];
  if (found === undefined || found[0] === undefined) return null;
  const addresses = found.map(({ address }) => address).filter((text) => !text.startsWith('fe80:'));
  return addresses.length === 0 ? null : { mac: found[0].mac, addresses };
}

/**
 * Makes the veth pair anew: `port` here, down and on no bridge, and eth0 with `mac` in the
 * namespace of `pid`. A pair of that name that was here goes first.
 */
export async function createPort(
  port: string,
  pid: number,
  mac: string,
  mtu: number,
): Promise<void> {
  await deletePort(port);
  await batch(
    ['ip'],
    [`link add ${port} mtu ${mtu} type veth peer name eth0 address ${mac} mtu ${mtu} netns ${pid}`],
  );
  await batch(inside(pid), ['link set eth0 up']);
}

/** Removes the pair; nothing happens where there is none. */
export async function deletePort(port: string): Promise<void> {
  await runCommand(['ip', 'link', 'delete', port]);
}

/** Puts the port on the bridge, in its VLAN where it has one, and brings it up. */
export async function attachPort(port: string, bridge: string, vlan: number | null): Promise<void> {
  if (vlan !== null) {
    await batch(['ip'], [`link set ${port} master ${bridge}`]);
    await joinVlan(port, bridge, vlan);
  }
  bringUpOnBridge(port, bridge);
}

/**
 * Takes the port down and off the bridge. First of everything when an address is given up: from
 * here on nothing the instance does reaches the wire. Nothing happens where there is none.
 */
export async function detachPort(port: string): Promise<void> {
  try {
    await batch(['ip'], [`link set ${port} down`, `link set ${port} nomaster`]);
  } catch (error) {
    // The kernel takes a pair away with the namespace of its other end, some time after the last
    // process and socket in there: it may have been here a moment ago.
    if ((await readPort(port)) !== null) throw error;
  }
}

/**
 * Gives eth0 its addresses and the routes out. IPv6 without the kernel's own duplicate detection,
 * which takes a second: the agent has asked the wire itself, or knows that the last holder let go.
 */
export async function addAddresses(
  pid: number,
  addresses: readonly InterfaceAddress[],
): Promise<void> {
  using kernel = new RouteSocket(namespaceOf(pid));
  const link = kernel.link('eth0');
  if (link === null) throw new Error(`no eth0 in the network namespace of process ${pid}`);
  for (const { address, prefix } of addresses) kernel.putAddress(link.index, address, prefix);
  for (const { address, gateway } of addresses) {
    if (gateway !== null) kernel.putDefaultRoute(link.index, gateway, address);
  }
}

/** Takes addresses off eth0; one that is not there is no fault. */
export async function removeAddresses(pid: number, addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    const bits = address.includes(':') ? 128 : 32;
    await runCommand([...inside(pid), 'addr', 'flush', 'dev', 'eth0', 'to', `${address}/${bits}`]);
  }
}

/** All addresses but link-local ones go from eth0. */
export async function flushAddresses(pid: number): Promise<void> {
  await runCommand([...inside(pid), 'addr', 'flush', 'dev', 'eth0', 'scope', 'global']);
}

/** MTU of a bridge, which its ports have to share. @throws Error where there is no such bridge */
export async function bridgeMtu(bridge: string): Promise<number> {
  const text = await commandOutput(['ip', '-json', 'link', 'show', 'dev', bridge]);
  const link = linkAnswer.parse(JSON.parse(text))[0];
  if (link === undefined) throw new Error(`no bridge ${bridge} on this host`);
  return link.mtu;
}

/** The host's bridges, with their own addresses and the NICs enslaved to them. */
export async function readBridges(portPattern: RegExp): Promise<
  readonly {
    readonly name: string;
    readonly mac: string;
    readonly addresses: readonly string[];
    readonly vlanAware: boolean;
    readonly nics: readonly { readonly name: string; readonly kind: string }[];
  }[]
> {
  const text = await commandOutput(['ip', '-json', '-details', 'link', 'show']);
  const links = linkAnswer.parse(JSON.parse(text));
  const addresses = networkInterfaces();
  return links
    .filter((link) => link.linkinfo?.info_kind === 'bridge')
    .map((link) => ({
      name: link.ifname,
      mac: link.address ?? '',
      addresses: (addresses[link.ifname] ?? [])
        .map(({ address }) => address)
        .filter((address) => !address.startsWith('fe80:')),
      vlanAware: link.linkinfo?.info_data?.vlan_filtering === 1,
      nics: links
        .filter((nic) => nic.master === link.ifname && !portPattern.test(nic.ifname))
        .map((nic) => ({ name: nic.ifname, kind: nic.linkinfo?.info_kind ?? '' })),
    }));
}

// The port carries its VLAN untagged; the NICs of the bridge carry it tagged.
async function joinVlan(port: string, bridge: string, vlan: number): Promise<void> {
  const text = await commandOutput(['ip', '-json', 'link', 'show', 'master', bridge]);
  const ports = linkAnswer.parse(JSON.parse(text)).map((link) => link.ifname);
  const nics = ports.filter((name) => !name.startsWith('bh'));
  await batch(
    ['bridge'],
    [
      `vlan add dev ${port} vid ${vlan} pvid untagged`,
      ...nics.map((nic) => `vlan add dev ${nic} vid ${vlan}`),
    ],
  );
  if (vlan !== 1) await runCommand(['bridge', 'vlan', 'delete', 'dev', port, 'vid', '1']);
}

function inside(pid: number): [string, ...string[]] {
  return ['nsenter', `--net=${namespaceOf(pid)}`, 'ip'];
}

async function batch(command: [string, ...string[]], lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  await commandOutput([...command, '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
