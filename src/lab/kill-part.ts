import { BridgeheadError } from '../domain/errors.ts';
import { DockerEngine } from '../system/docker-engine.ts';
import { type LabOptions, type LabView, viewLab } from './lab-handle.ts';
import { allParts, postgresOf } from './parts.ts';
import { findPart } from './processes.ts';

/** Label in which the agent writes an instance's name on its container. */
const nameLabel = 'bridgehead.name';

/**
 * Sends a signal to one process of the lab, and to none of its children.
 *
 * @param part `scheduler` (`scheduler-1` and so on where there are several, and `database`, which
 * keeps theirs), `postgres`, `backend`, `proxy`, `agent:HOST`, `dockerd:HOST`, `containerd:HOST`, or
 * `container:INSTANCE`, which is its HAProxy on every host that runs one (a standby too);
 * `container:INSTANCE@HOST` is that host's only
 * @throws BridgeheadError NOT_FOUND where no such part runs
 */
export async function labKill(
  options: LabOptions,
  part: string,
  signal = 'SIGKILL',
): Promise<void> {
  const lab = viewLab(options);
  const pids = part.startsWith('container:')
    ? await containerPids(lab, part.slice('container:'.length))
    : partPids(lab, part);
  if (pids.length === 0) {
    const own = lab.state.name === 'lab' ? '' : ` --name ${lab.state.name}`;
    throw new BridgeheadError(
      'NOT_FOUND',
      `lab ${lab.state.name} runs no ${part}`,
      `See what runs: bridgehead lab status${own}`,
    );
  }
  for (const pid of pids) process.kill(pid, signal);
}

function partPids(lab: LabView, name: string): readonly number[] {
  const { id } = lab.state;
  const part =
    name === 'postgres'
      ? postgresOf(lab.parts)
      : allParts(lab.parts).find((part) => part.name === name);
  const found = part === undefined ? null : findPart(id, part);
  return found === null ? [] : [found.pid];
}

async function containerPids(lab: LabView, which: string): Promise<readonly number[]> {
  const [instance = '', onHost] = which.split('@');
  const hosts = lab.topology.hosts.filter(
    ({ name }) => !lab.state.crashed.has(name) && (onHost === undefined || onHost === name),
  );
  const found = await Promise.all(
    hosts.map(async ({ name }) => {
      const engine = new DockerEngine(lab.paths.host(name).dockerSocket);
      const containers = await engine.containers([`${nameLabel}=${instance}`]).catch(() => []);
      const inspected = await Promise.all(containers.map(({ id }) => engine.inspect(id)));
      return inspected.map((container) => container?.pid ?? 0).filter((pid) => pid !== 0);
    }),
  );
  return found.flat();
}
