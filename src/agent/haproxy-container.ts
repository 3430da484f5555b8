// The container that an instance's HAProxy runs in, and what it is known by.

import type { DesiredInstance } from '../domain/desired.ts';
import type { InstanceId, InstanceName } from '../domain/ids.ts';
import { certificateFolder } from '../haproxy/certificates.ts';
import { instanceId, instanceName } from '../protocol/shapes.ts';
import type { ContainerSpec, InspectedContainer } from '../system/docker-engine.ts';
import {
  configFolder,
  haproxyUser,
  type InstanceFolders,
  masterSocket,
  runFolder,
} from './configuration.ts';
import { containerSysctls, fingerprintOf, openFiles } from './container-shape.ts';
import type { Container } from './machine.ts';

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
      { source: folders.certificates, target: certificateFolder, writable: false },
    ],
    sysctls: containerSysctls,
    memoryMib: desired.resources.memoryMib,
    cpus: desired.resources.cpus,
    pids: 256,
    openFiles: openFiles(desired),
    restart: false,
  };
}

/** The instance that a container says it is of; nothing where its labels are no such words. */
export function labelled(container: {
  readonly labels: Readonly<Record<string, string>>;
}): readonly { readonly id: InstanceId; readonly name: InstanceName }[] {
  const id = instanceId.safeParse(container.labels[instanceLabel]);
  const name = instanceName.safeParse(container.labels[nameLabel]);
  return id.success && name.success ? [{ id: id.data, name: name.data }] : [];
}

/** A container as the agent sees it. */
export function containerOf(container: InspectedContainer): Container {
  return {
    engineId: container.id,
    instance: labelled(container)[0]?.id ?? null,
    running: container.running,
    pid: container.pid,
    fingerprint: container.labels[fingerprintLabel] ?? '',
    memoryMib: container.memoryMib,
    cpus: container.cpus,
  };
}
