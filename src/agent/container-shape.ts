// What of an instance's container cannot change while it runs.

import { createHash } from 'node:crypto';
import type { DesiredInstance } from '../domain/desired.ts';

/** File descriptors a connection takes at most (client's and server's side), and some for the rest. */
const filesPerConnection = 2;
const filesBeside = 512;

/**
 * Only one instance lives in the namespace, so no other could be harmed by what it binds. IPv6 is
 * off in a container without a Docker network unless told. `nonlocal_bind` lets HAProxy listen on
 * addresses that arrive later; the rest keeps the kernel from speaking or learning on its own.
 */
export const containerSysctls: Readonly<Record<string, string>> = {
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ip_nonlocal_bind': '1',
  'net.ipv6.ip_nonlocal_bind': '1',
  'net.ipv6.conf.all.disable_ipv6': '0',
  'net.ipv6.conf.default.disable_ipv6': '0',
  'net.ipv6.conf.default.accept_ra': '0',
  'net.ipv6.conf.default.autoconf': '0',
  'net.ipv4.conf.default.arp_ignore': '1',
  'net.ipv4.conf.default.arp_announce': '2',
  'net.ipv4.conf.default.arp_notify': '1',
  'net.ipv6.conf.default.ndisc_notify': '1',
};

/** Another one for each change of what is mounted into a container. */
const mountsVersion = 2;

/** How many files the container's processes may have open. */
export function openFiles(desired: DesiredInstance): number {
  return desired.resources.maxConnections * filesPerConnection + filesBeside;
}

/** Changes when a container has to be made anew for what is desired; limits change in place. */
export function fingerprintOf(desired: DesiredInstance | null): string {
  if (desired === null) return '';
  const parts = [
    desired.image,
    openFiles(desired),
    Object.entries(containerSysctls),
    mountsVersion,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
