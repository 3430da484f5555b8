// Where anything of an instance is, by Docker's and the kernel's own word.

import assert from 'node:assert/strict';
import { portOfInstance } from '../../src/domain/mac.ts';
import { labPaths } from '../../src/lab/paths.ts';
import type { InstanceView } from '../../src/protocol/api.ts';
import { DockerEngine } from '../../src/system/docker-engine.ts';
import { eventually, type LabUnderTest } from './lab-under-test.ts';

/** Label in which the agent writes an instance's name on its container. */
const nameLabel = 'bridgehead.name';

/** The lab's hosts; each lab here has three. */
export const labHosts = ['host-1', 'host-2', 'host-3'] as const;

/** Hosts with a container of the instance, running or not, and hosts with its port; once for each. */
export async function holdersOf(
  lab: LabUnderTest,
  { id, name }: Pick<InstanceView, 'id' | 'name'>,
): Promise<{ readonly containers: readonly string[]; readonly ports: readonly string[] }> {
  const port = portOfInstance(id);
  const found = await Promise.all(
    labHosts.map(async (host) => {
      const engine = new DockerEngine(labPaths(lab.name).host(host).dockerSocket);
      const containers = await engine.containers([`${nameLabel}=${name}`]);
      const links = await lab.inside(host, 'ip', '-br', 'link', 'show', 'type', 'veth');
      assert.equal(links.code, 0, links.stderr);
      const ports = links.stdout.split('\n').filter((line) => line.startsWith(`${port}@`));
      return { containers: containers.map(() => host), ports: ports.map(() => host) };
    }),
  );
  return {
    containers: found.flatMap(({ containers }) => containers),
    ports: found.flatMap(({ ports }) => ports),
  };
}

/** Waits until the instance is on `host` and nothing of it anywhere else. */
export async function onlyOn(
  lab: LabUnderTest,
  instance: Pick<InstanceView, 'id' | 'name'>,
  host: string,
): Promise<void> {
  await eventually(async () => {
    assert.deepEqual(await holdersOf(lab, instance), { containers: [host], ports: [host] });
  });
}
