import { readFile, readlink } from 'node:fs/promises';
import { availableParallelism, release, totalmem, uptime } from 'node:os';
import type { DockerEngine } from '../system/docker-engine.ts';
import { readBridges } from './kernel.ts';
import type { MachineFacts } from './machine.ts';

/** What every port that Bridgehead makes is called. */
export const portPrefix = 'bh';
export const portPattern = /^bh[0-9a-f]{12}$/;

/** Label in which an image names the HAProxy version inside. */
const versionLabel = 'org.bridgehead.haproxy';

/**
 * What this host is. A Docker Engine that is down leaves its part empty, so that the rest is known.
 *
 * @param bootIdFile file with an id that changes at each boot
 */
export async function readFacts(
  engine: DockerEngine,
  agentVersion: string,
  bootIdFile: string,
): Promise<MachineFacts> {
  const [docker, images, bridges, bootId] = await Promise.all([
    engine.version().then(
      ({ version }) => version,
      () => 'down',
    ),
    engine.images().catch(() => []),
    readBridges(portPattern),
    readFile(bootIdFile, 'utf8'),
  ]);
  const nics = bridges.flatMap((bridge) => bridge.nics);
  return {
    agentVersion,
    kernel: release(),
    docker,
    cpus: availableParallelism(),
    memoryMib: Math.floor(totalmem() / 1024 / 1024),
    bootId: bootId.trim(),
    uptimeS: Math.floor(uptime()),
    nics: await Promise.all(
      nics.map(async (nic) => ({ name: nic.name, driver: await driverOf(nic.name, nic.kind) })),
    ),
    bridges: bridges.map(({ name, addresses, vlanAware }) => ({ name, addresses, vlanAware })),
    images: images.flatMap(({ tags, labels }) =>
      tags
        .filter((tag) => labels[versionLabel] !== undefined || tag.includes('haproxy'))
        .map((reference) => ({ reference, haproxy: labels[versionLabel] ?? 'unknown' })),
    ),
  };
}

// A virtual NIC has a kind, such as veth or bond; one of hardware has none, and links to its driver.
async function driverOf(nic: string, kind: string): Promise<string> {
  if (kind !== '') return kind;
  try {
    const target = await readlink(`/sys/class/net/${nic}/device/driver`);
    return target.split('/').at(-1) ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
