import { commandOutput } from '../system/command.ts';
import type { LabView } from './lab-handle.ts';
import { namespacePath } from './namespaces.ts';
import { addressOf, type LabNode } from './topology.ts';

/** What netconsole sends of a panic (extended form), word for word. */
const lastWords = '0,411,17983687,-;Kernel panic - not syncing: Fatal exception\\n';

/**
 * Says in a host's name what its kernel would when it panics: by netconsole, from the address of its
 * bridge, to the first scheduler.
 */
export async function sayLastWords({ topology, sites }: LabView, node: LabNode): Promise<void> {
  const port = sites[0]?.netconsolePort ?? 0;
  const target = `/dev/udp/${addressOf(topology.control).v4}/${port}`;
  // Bash's own way to send a datagram: nothing has to be installed for it.
  const command = `printf '${lastWords}' >${target}`;
  await commandOutput(['nsenter', `--net=${namespacePath(node.namespace)}`, 'bash', '-c', command]);
}
