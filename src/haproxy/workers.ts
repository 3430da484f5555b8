// The processes of one HAProxy in master-worker mode, as its master tells of them.

import { unitsMs } from '../domain/time-units.ts';
import { readConfig } from './config-lines.ts';

/** What HAProxy's master says of its workers. */
export interface Workers {
  /** Processes of configurations before, which end with their last connection. */
  readonly old: readonly number[];
  /** What it has counted of its loads, good and failed, in its own words; '' where it says nothing. */
  readonly loads: string;
}

/** Reads the answer to `show proc` of the master's socket (management guide, 9.4). */
export function readWorkers(text: string): Workers {
  const behind = text.split('# old workers')[1]?.split('\n# ')[0] ?? '';
  const old = [...behind.matchAll(/^(\d+)\s+worker\s/gm)].map(([, pid]) => Number(pid));
  const loads = /^\d+\s+master\s+(\d+(?:\s+\[failed: \d+\])?)/m.exec(text)?.[1] ?? '';
  return { old, loads };
}

const unitMs: Readonly<Record<string, number>> = { us: 0.001, ...unitsMs };

/**
 * How long an old worker may live by a rendered configuration: `hard-stop-after`, of which the last one
 * holds. Milliseconds; null where there is none, or it cannot be read.
 */
export function hardStopAfterMs(config: string): number | null {
  if (!config.includes('hard-stop-after')) return null;
  const values = readConfig(config).flatMap(({ section, words }) =>
    section?.keyword === 'global' && words[0]?.text === 'hard-stop-after'
      ? [words[1]?.text ?? '']
      : [],
  );
  const found = /^(\d+)(us|ms|s|m|h|d)?$/.exec(values.at(-1) ?? '');
  return found === null ? null : Number(found[1]) * (unitMs[found[2] ?? 'ms'] ?? 1);
}
