// The container that an instance's HAProxy runs in, and what it is known by.

import { createHash } from 'node:crypto';
import type { DesiredInstance } from '../domain/desired.ts';
import type { InstanceName } from '../domain/ids.ts';
import type { ContainerSpec, InspectedContainer } from '../system/docker-engine.ts';
import {
  configFolder,
  haproxyUser,
  type InstanceFolders,
  masterSocket,
  runFolder,
} from './configuration.ts';
import type { Seen } from './plan.ts';

/** File descriptors a connection takes at most (client's and server's side), and some for the rest. */
const filesPerConnection = 2;
const filesBeside = 512;

/** Name of an instance's container. */
export function containerName(name: InstanceName): string {
  return `bridgehead-${name}`;
}

/** Labels by which an instance's container is found again after a restart of the agent. */
export const instanceLabel = 'bridgehead.instance';
export const nameLabel = 'bridgehead.name';
const fingerprintLabel = 'bridgehead.fingerprint';

/** HAProxy in master-worker mode, for `engine.create`. */
export function haproxyContainer(
  desired: DesiredInstance,
  folders: InstanceFolders,
): ContainerSpec {
  return {
    image: desired.image,
    command: [
      'haproxy',
      '-W',
      '-db',
      '-S',
      `${runFolder}/${masterSocket}`,
      '-f',
      `${configFolder}/haproxy.cfg`,
    ],
    user: `${haproxyUser}:${haproxyUser}`,
    hostname: desired.name,
    labels: {
      [instanceLabel]: desired.id,
      [nameLabel]: desired.name,
      [fingerprintLabel]: fingerprintOf(desired),
    },
    mounts: [
      { source: folders.etc, target: configFolder, writable: false },
      { source: folders.run, target: runFolder, writable: true },
    ],
    sysctls: containerSysctls,
    memoryMib: desired.resources.memoryMib,
    cpus: desired.resources.cpus,
    pids: 256,
    openFiles: openFiles(desired),
    restart: false,
  };
}

// Only one instance lives in the namespace, so no other could be harmed by what it binds. IPv6 is
// off in a container without a Docker network unless told. `nonlocal_bind` lets HAProxy listen on
// addresses that arrive later; the rest keeps the kernel from speaking or learning on its own.
const containerSysctls: Readonly<Record<string, string>> = {
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

function openFiles(desired: DesiredInstance): number {
  return desired.resources.maxConnections * filesPerConnection + filesBeside;
}

/** A container as the plan sees it. */
export function containerFacts(container: InspectedContainer): NonNullable<Seen['container']> {
  return {
    running: container.running,
    fingerprint: container.labels[fingerprintLabel] ?? '',
    memoryMib: container.memoryMib,
    cpus: container.cpus,
  };
}

/** Changes when a container has to be made anew for what is desired; limits change in place. */
export function fingerprintOf(desired: DesiredInstance | null): string {
  if (desired === null) return '';
  const parts = [desired.image, openFiles(desired), Object.entries(containerSysctls)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
