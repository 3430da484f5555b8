import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { BridgeheadError } from '../domain/errors.ts';
import { type LabOptions, viewLab } from './lab-handle.ts';
import { namespaceInode } from './namespaces.ts';
import { namespacesByNode } from './parts.ts';

/**
 * Runs a command in the network of one of the lab's nodes, with this process's own input and
 * output. On a host, DOCKER_HOST is that host's Engine.
 *
 * @param command a leading `--`, as it is typed before a command, is no part of it
 * @param name `client`, `control`, `backend`, `switch` or a host's name
 * @returns its exit code; 128 and the signal's number when a signal ended it, as in a shell
 * @throws BridgeheadError NOT_FOUND for an unknown node, HOST_NOT_READY for a crashed one
 */
export async function labExec(
  options: LabOptions,
  name: string,
  command: readonly string[],
): Promise<number> {
  const lab = viewLab(options);
  const namespaces = namespacesByNode(lab.topology);
  const namespace = namespaces.get(name);
  if (namespace === undefined) {
    throw new BridgeheadError(
      'NOT_FOUND',
      `lab ${lab.state.name} has no node ${name}`,
      `Name one of: ${[...namespaces.keys()].join(', ')}.`,
    );
  }
  if (namespaceInode(namespace) === null) {
    throw new BridgeheadError(
      'HOST_NOT_READY',
      `${name} has no network now (namespace ${namespace} is not there)`,
      'Bring it back: bridgehead lab heal HOST, or bridgehead lab up.',
    );
  }
  const isHost = lab.topology.hosts.some((host) => host.name === name);
  const docker = isHost ? { DOCKER_HOST: `unix://${lab.paths.host(name).dockerSocket}` } : {};
  // `ip netns exec`, because it also shows the namespace's own /sys.
  const words = ['netns', 'exec', namespace, ...(command[0] === '--' ? command.slice(1) : command)];
  const child = spawn('ip', words, { stdio: 'inherit', env: { ...process.env, ...docker } });
  // A Ctrl-C reaches the child by the terminal; it decides what becomes of it.
  const ignore = () => undefined;
  process.on('SIGINT', ignore);
  return new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  }).finally(() => process.off('SIGINT', ignore));
}
