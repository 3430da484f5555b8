import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canConnect } from '../system/connect.ts';
import { DockerEngine } from '../system/docker-engine.ts';
import type { HostPaths, LabPaths } from './paths.ts';
import { cgroupName } from './process-table.ts';
import type { Part } from './processes.ts';
import type { LabNode } from './topology.ts';

const readyLimitMs = 60_000;

/**
 * A host's containerd and its Docker Engine. containerd is the lab's own: left to itself, dockerd
 * uses the machine's where that runs, and would share containers with it.
 */
export function engineParts(
  labId: string,
  node: LabNode,
  paths: LabPaths,
): readonly [containerd: Part, dockerd: Part] {
  const host = paths.host(node.name);
  const socket = join(host.run, 'containerd.sock');
  const pidFile = join(host.run, 'docker.pid');
  const engine = new DockerEngine(host.dockerSocket);
  return [
    {
      name: `containerd:${node.name}`,
      namespace: node.namespace,
      argv: ['containerd', '--config', join(host.folder, 'containerd.toml')],
      log: paths.log(`containerd:${node.name}`),
      stale: [socket, `${socket}.ttrpc`],
      ready: () => canConnect({ path: socket }),
      readyLimitMs,
    },
    {
      name: `dockerd:${node.name}`,
      namespace: node.namespace,
      argv: [
        'dockerd',
        ...['--config-file', join(host.folder, 'docker.json')],
        ...['--data-root', host.docker],
        ...['--exec-root', join(host.run, 'docker')],
        ...['--pidfile', pidFile],
        ...['--containerd', socket],
        ...['--host', `unix://${host.dockerSocket}`],
        ...['--group', 'root'],
        ...['--cgroup-parent', `/${cgroupName(labId, node.name)}`],
        ...['--exec-opt', 'native.cgroupdriver=cgroupfs'],
        ...['--bridge', 'none'],
        '--iptables=false',
        '--ip6tables=false',
        '--ip-forward=false',
        '--ip-masq=false',
        '--userland-proxy=false',
        '--live-restore',
        ...['--log-level', 'warn'],
      ],
      log: paths.log(`dockerd:${node.name}`),
      stale: [pidFile, host.dockerSocket],
      ready: () =>
        engine.ping().then(
          () => true,
          () => false,
        ),
      readyLimitMs,
    },
  ];
}

/** Writes what containerd and dockerd are configured with, and makes their folders. */
export function writeEngineConfig(host: HostPaths): void {
  for (const folder of [host.folder, host.agent, host.docker, host.containerd, host.run]) {
    mkdirSync(folder, { recursive: true, mode: 0o711 });
  }
  // A file of its own keeps the machine's /etc/docker/daemon.json out.
  writeFileSync(join(host.folder, 'docker.json'), `${JSON.stringify(engineConfig(host))}\n`);
  writeFileSync(join(host.folder, 'containerd.toml'), containerdConfig(host));
}

// Engines before 24 make a key that nobody uses any more, and would make it in /etc/docker; later
// ones refuse to be told where.
function engineConfig(host: HostPaths): Record<string, string> {
  const said = spawnSync('dockerd', ['--version'], { encoding: 'utf8', timeout: 5_000 }).stdout;
  const major = Number(/version (\d+)\./.exec(said)?.[1] ?? Number.POSITIVE_INFINITY);
  return major < 24 ? { 'deprecated-key-path': join(host.folder, 'key.json') } : {};
}

// The CRI plugin is for Kubernetes, and the opt plugin would make /opt/containerd.
function containerdConfig(host: HostPaths): string {
  const text = (value: string) => JSON.stringify(value);
  return `version = 2
root = ${text(host.containerd)}
state = ${text(join(host.run, 'containerd'))}
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = ${text(join(host.run, 'containerd.sock'))}
[debug]
  level = "warn"
`;
}
