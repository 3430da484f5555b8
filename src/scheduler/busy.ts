import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import type { Migration } from '../store/store.ts';

/** The error for an instance that a migration holds: who, since when, and what it is doing. */
export function busy(name: InstanceName, running: Migration, nowMs: number): BridgeheadError {
  const sinceS = Math.round((nowMs - running.startedMs) / 1_000);
  return new BridgeheadError(
    'BUSY',
    `instance ${name} is being migrated from ${running.source} to ${running.target} by ${running.who} ` +
      `for ${sinceS} s (${running.id}, at step ${running.phase})`,
    `Wait until it has ended: bridgehead describe instance ${name}`,
  );
}
