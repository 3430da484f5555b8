import { contentHash, contentOf } from '../domain/config-version.ts';
import type { Assignment, Instance, InstanceSpec } from '../domain/model.ts';
import type { Transaction } from '../store/store.ts';
import { grant } from './release.ts';

/** Who makes something desired, why, and when. */
export interface Author {
  readonly who: string;
  readonly reason: string;
  readonly atMs: number;
}

/**
 * Makes an instance desired as it is given: its row, a version of its configuration where that is
 * another one, and a new epoch where its host has to show that it follows.
 *
 * @param before what is stored now; null for a new instance
 * @param assignment where it belongs; null for nowhere yet
 */
export async function putDesired(
  tx: Transaction,
  instance: Instance,
  before: Instance | null,
  assignment: Pick<Assignment, 'host'> | null,
  author: Author,
): Promise<void> {
  await tx.putInstance(instance);
  const hash = contentHash(instance.spec);
  if (before === null || contentHash(before.spec) !== hash) {
    await tx.addConfigVersion(instance.id, { ...author, hash, content: contentOf(instance.spec) });
  }
  const had = new Set(before?.addresses.map(({ address }) => address));
  const wanted = new Set(instance.addresses.map(({ address }) => address));
  const left = [...had].filter((address) => !wanted.has(address));
  const isNewAddress = [...wanted].some((address) => !had.has(address));
  // A new epoch makes the host ask the wire about a new address before it answers for it, and
  // tells its word from what it said before: about an address that it has left, a container that
  // is made anew, or a configuration that it ran once already.
  const isRun =
    before?.configHash === instance.configHash && isSameContainer(before.spec, instance.spec);
  if (assignment !== null && (isNewAddress || left.length > 0 || !isRun)) {
    const epoch = await grant(tx, instance.id, assignment.host);
    for (const address of left) await tx.putLeaving({ instanceId: instance.id, address, epoch });
  }
}

function isSameContainer(a: InstanceSpec, b: InstanceSpec): boolean {
  const { memoryMib, cpus, maxConnections } = a.resources;
  return (
    a.image === b.image &&
    memoryMib === b.resources.memoryMib &&
    cpus === b.resources.cpus &&
    maxConnections === b.resources.maxConnections
  );
}
