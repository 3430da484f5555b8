import { z } from 'zod';
import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch, InstanceId } from '../domain/ids.ts';
import { desiredInstance, epoch, instanceId } from '../protocol/shapes.ts';

/** What this host was told to do, as its disk keeps it over restarts of the agent. */
export interface Grants {
  /** Boot in which it was told. A host that has rebooted holds nothing until it is told again. */
  readonly bootId: string;
  readonly desired: readonly DesiredInstance[];
  /** The newest epoch ever seen of each instance, kept after the instance has left. */
  readonly newest: ReadonlyMap<InstanceId, Epoch>;
}

/** A grant that is older than one this host has seen, and is void. */
export interface StaleGrant {
  readonly instance: DesiredInstance;
  readonly newest: Epoch;
}

const fileShape = z.object({
  version: z.literal(1),
  bootId: z.string(),
  desired: z.array(desiredInstance),
  newest: z.array(z.tuple([instanceId, epoch])),
});

/**
 * Takes over what a scheduler says, but for grants with an epoch older than the newest seen: for
 * those what stood before stands on. They come from a scheduler that has been overtaken.
 */
export function acceptGrants(
  before: Grants,
  told: readonly DesiredInstance[],
): { readonly grants: Grants; readonly stale: readonly StaleGrant[] } {
  const newest = new Map(before.newest);
  const previous = new Map(before.desired.map((instance) => [instance.id, instance]));
  const desired: DesiredInstance[] = [];
  const stale: StaleGrant[] = [];
  for (const instance of told) {
    const seen = newest.get(instance.id);
    if (seen !== undefined && instance.epoch < seen) {
      stale.push({ instance, newest: seen });
      const kept = previous.get(instance.id);
      if (kept !== undefined) desired.push(kept);
      continue;
    }
    newest.set(instance.id, instance.epoch);
    desired.push(instance);
  }
  return { grants: { bootId: before.bootId, desired, newest }, stale };
}

/** Grants as text for the disk. */
export function formatGrants(grants: Grants): string {
  const { bootId, desired, newest } = grants;
  return `${JSON.stringify({ version: 1, bootId, desired, newest: [...newest] })}\n`;
}

/**
 * Grants from the disk. After a reboot only the epochs count: what was granted then was lost with
 * the kernel, and may be somebody else's by now.
 *
 * @param text null where there is no file: a host that never was told anything
 * @throws Error when the text is not what {@link formatGrants} writes
 */
export function readGrants(text: string | null, bootId: string): Grants {
  if (text === null) return { bootId, desired: [], newest: new Map() };
  const file = fileShape.parse(JSON.parse(text));
  const newest = new Map(file.newest);
  return { bootId, desired: file.bootId === bootId ? file.desired : [], newest };
}
