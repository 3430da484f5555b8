import { readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { BridgeheadError } from '../domain/errors.ts';
import { commandOutput, runCommand } from '../system/command.ts';
import type { JournalFile } from './journal-file.ts';
import {
  cableLines,
  type LabNode,
  nodeLines,
  nodesOf,
  type PartitionFrom,
  partitionRules,
  switchLines,
  sysctlsOf,
  type Topology,
} from './topology.ts';

const folder = '/run/netns';
/** Magic number of the kernel's namespace file system (linux/magic.h, NSFS_MAGIC). */
const nsfsMagic = 0x6e736673;

/** Path by which a process can enter the namespace. */
export function namespacePath(name: string): string {
  return `${folder}/${name}`;
}

/** Inode of the namespace; null where there is none: a file left by a reboot is none. */
export function namespaceInode(name: string): number | null {
  try {
    const path = namespacePath(name);
    return statfsSync(path).type === nsfsMagic ? statSync(path).ino : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Names in /run/netns that a lab called `labName` would use. */
export function namespacesOfLab(labName: string): readonly string[] {
  const pattern = new RegExp(`^bh-${labName}-(switch|client|control|backend|host-\\d+)$`);
  try {
    return readdirSync(folder).filter((name) => pattern.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Makes the namespaces of the topology that are not there, all of it but the hosts in `without`,
 * and plugs them together. A namespace that an earlier try left unfinished is made anew.
 *
 * @returns names of the nodes that were made
 */
export async function makeNamespaces(
  topology: Topology,
  journal: JournalFile,
  without: ReadonlySet<string>,
): Promise<readonly string[]> {
  const wanted = nodesOf(topology).filter(({ name }) => !without.has(name));
  const isThere = ({ namespace }: LabNode) =>
    journal.state.namespaces.get(namespace) === 'made' && namespaceInode(namespace) !== null;
  // Without its switch no cable leads anywhere: then all are made anew.
  const missing = isThere(topology.switch) ? wanted.filter((node) => !isThere(node)) : wanted;
  for (const node of missing) await deleteNamespace(node, topology, journal);
  const [first, ...others] = missing;
  if (first?.kind === 'switch') await makeNode(first, topology, journal);
  const rest = first?.kind === 'switch' ? others : missing;
  await Promise.all(rest.map((node) => makeNode(node, topology, journal)));
  return missing.map(({ name }) => name);
}

async function makeNode(node: LabNode, topology: Topology, journal: JournalFile): Promise<void> {
  const { namespace } = node;
  journal.add({ kind: 'namespace', name: namespace, state: 'making' });
  await commandOutput(['ip', 'netns', 'add', namespace]);
  await writeSysctls(node);
  if (node.kind === 'switch') {
    await batch(namespace, switchLines(node));
  } else {
    await batch(topology.switch.namespace, cableLines(node));
    await batch(namespace, nodeLines(node, topology.switch));
  }
  journal.add({ kind: 'namespace', name: namespace, state: 'made' });
}

/** Deletes the node's namespace and its cable, whatever of them is there. */
export async function deleteNamespace(
  node: Pick<LabNode, 'name' | 'namespace' | 'kind'>,
  topology: Topology,
  journal: JournalFile,
): Promise<void> {
  // The kernel takes a namespace apart some time after its end; the cable has to go now, so that
  // its name is free.
  if (node.kind !== 'switch' && namespaceInode(topology.switch.namespace) !== null) {
    await runCommand(['ip', '-netns', topology.switch.namespace, 'link', 'delete', node.name]);
  }
  await deleteByName(node.namespace);
  if (journal.state.namespaces.has(node.namespace)) {
    journal.add({ kind: 'namespace', name: node.namespace, state: 'gone' });
  }
}

/** Deletes a namespace by its exact name; nothing happens where there is none. */
export async function deleteByName(namespace: string): Promise<void> {
  if (namespaceInode(namespace) === null) rmSync(namespacePath(namespace), { force: true });
  else await commandOutput(['ip', 'netns', 'delete', namespace]);
}

/** Cuts hosts off at the switch as `partitions` says, and plugs all others in. */
export async function applyPartitions(
  topology: Topology,
  partitions: ReadonlyMap<string, PartitionFrom>,
  crashed: ReadonlySet<string>,
): Promise<void> {
  const { namespace } = topology.switch;
  const ports = topology.hosts
    .filter(({ name }) => !crashed.has(name))
    .map(({ name }) => `link set ${name} ${partitions.get(name) === 'all' ? 'down' : 'up'}`);
  const rules = partitionRules(topology, partitions);
  const isRuled = [...partitions.values()].some((from) => from !== 'all');
  if (isRuled || (await hasRules(namespace))) {
    const result = await runCommand(
      ['nsenter', `--net=${namespacePath(namespace)}`, 'nft', '-f', '-'],
      { input: rules },
    );
    if (result.code !== 0) {
      throw new BridgeheadError(
        'PREREQUISITE_MISSING',
        `nft cannot filter on a bridge here: ${result.stderr.trim()}`,
        'Use a kernel with CONFIG_NF_TABLES_BRIDGE, or cut the host off from all: --from all.',
      );
    }
  }
  await batch(namespace, ports);
}

async function hasRules(namespace: string): Promise<boolean> {
  const command = [
    'nsenter',
    `--net=${namespacePath(namespace)}`,
    'nft',
    'list',
    'tables',
  ] as const;
  const { stdout } = await runCommand(command);
  return stdout.includes('bridgehead_lab');
}

/**
 * Takes the host's port at the switch down: not a frame passes from here on. One that has crashed
 * has none any more.
 */
export async function unplug(host: string, topology: Topology): Promise<void> {
  const link = ['ip', '-netns', topology.switch.namespace, 'link'] as const;
  const { code, stderr } = await runCommand([...link, 'set', host, 'down']);
  if (code !== 0 && (await runCommand([...link, 'show', host])).code === 0) {
    throw new Error(`cannot take the port of ${host} down: ${stderr.trim()}`);
  }
}

async function batch(namespace: string, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  await commandOutput(['ip', '-netns', namespace, '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
  });
}

async function writeSysctls({ namespace, ...node }: LabNode): Promise<void> {
  const lines = sysctlsOf({ namespace, ...node }).map(
    ([path, value]) => `[ ! -e /proc/sys/net/${path} ] || echo ${value} >/proc/sys/net/${path}`,
  );
  await commandOutput(['nsenter', `--net=${namespacePath(namespace)}`, 'sh', '-e', '-s'], {
    input: `${lines.join('\n')}\n`,
  });
}
