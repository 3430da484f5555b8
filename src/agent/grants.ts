import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch, InstanceId } from '../domain/ids.ts';
import { desiredInstance, epoch, instanceId } from '../protocol/shapes.ts';

/** What this host was told to do, as its disk keeps it over restarts of the agent. */
export interface Grants {
  /** Boot in which it was told. A host that has rebooted holds nothing until it is told again. */
  readonly bootId: string;
  /** The highest revision of the fleet's state that was taken; it outlives a reboot. */
  readonly revision: number;
  readonly desired: readonly DesiredInstance[];
  /** The newest epoch ever seen of each instance, kept after the instance has left. */
  readonly newest: ReadonlyMap<InstanceId, Epoch>;
}

/** What a scheduler says this host is to do, as of one revision of the fleet's state. */
export interface Told {
  readonly revision: number;
  /** The scheduler's mark of `instances`. */
  readonly digest: string;
  readonly instances: readonly DesiredInstance[];
}

/** A grant that is older than one this host has seen, and is void. */
export interface StaleGrant {
  readonly instance: DesiredInstance;
  readonly newest: Epoch;
}

export interface Acceptance {
  readonly grants: Grants;
  readonly stale: readonly StaleGrant[];
  /** True where all of it is void: its scheduler has been overtaken by another. */
  readonly isOvertaken: boolean;
}

const version1 = z.object({
  version: z.literal(1),
  bootId: z.string(),
  desired: z.array(desiredInstance),
  newest: z.array(z.tuple([instanceId, epoch])),
});
const version2 = version1.extend({ version: z.literal(2), revision: z.int().min(0) });
const fileShape = z.discriminatedUnion('version', [version1, version2]);

/**
 * Takes over what a scheduler says, unless it is of a lower revision than what was taken before:
 * then nothing of it counts. The same revision may come again, from another scheduler or after a
 * reboot. A grant with an older epoch than the newest seen is void by itself: what stood before
 * stands on. An instance for which nothing has changed stays the very same object.
 */
export function acceptGrants(before: Grants, told: Told): Acceptance {
  if (told.revision < before.revision) return { grants: before, stale: [], isOvertaken: true };
  const newest = new Map(before.newest);
  const previous = new Map(before.desired.map((instance) => [instance.id, instance]));
  const desired: DesiredInstance[] = [];
  const stale: StaleGrant[] = [];
  for (const instance of told.instances) {
    const seen = newest.get(instance.id);
    const kept = previous.get(instance.id);
    if (seen !== undefined && instance.epoch < seen) {
      stale.push({ instance, newest: seen });
      if (kept !== undefined) desired.push(kept);
      continue;
    }
    newest.set(instance.id, instance.epoch);
    desired.push(kept !== undefined && isDeepStrictEqual(kept, instance) ? kept : instance);
  }
  const grants = { bootId: before.bootId, revision: told.revision, desired, newest };
  return { grants, stale, isOvertaken: false };
}

/** Whether a host was told to let go of something: from then on others rely on its not answering. */
export function takesAway(before: Grants, now: Grants): boolean {
  const left = new Set(addressesOf(now));
  return addressesOf(before).some((one) => !left.has(one));
}

function addressesOf({ desired }: Grants): readonly string[] {
  return desired
    .filter(({ role }) => role === 'active')
    .flatMap(({ id, addresses }) => addresses.map(({ address }) => `${id} ${address}`));
}

/** Grants as text for the disk. */
export function formatGrants(grants: Grants): string {
  const { bootId, revision, desired, newest } = grants;
  return `${JSON.stringify({ version: 2, bootId, revision, desired, newest: [...newest] })}\n`;
}

/**
 * Grants from the disk. After a reboot only the revision and the epochs count: what was granted
 * then was lost with the kernel, and may be somebody else's by now.
 *
 * @param text null where there is no file: a host that never was told anything
 * @throws Error when the text is not what {@link formatGrants} writes, or once wrote
 */
export function readGrants(text: string | null, bootId: string): Grants {
  if (text === null) return { bootId, revision: 0, desired: [], newest: new Map() };
  const file = fileShape.parse(JSON.parse(text));
  return {
    bootId,
    revision: file.version === 1 ? 0 : file.revision,
    desired: file.bootId === bootId ? file.desired : [],
    newest: new Map(file.newest),
  };
}

/** What is desired, by the instances' ids. */
export function byId(grants: Grants): ReadonlyMap<InstanceId, DesiredInstance> {
  return new Map(grants.desired.map((instance) => [instance.id, instance]));
}
