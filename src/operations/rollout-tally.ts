import { countedOf } from '../numbers/counted.ts';
import { statusWords, valueOf } from '../numbers/fields.ts';
import type { Point } from '../numbers/point.ts';
import type { Tally } from './rollout-decision.ts';

const takesTraffic: ReadonlySet<string> = new Set(['up', 'open', 'no check']);
/** Checks that begin to fail take a reading or two; one that fails once is no server that is down. */
const readingsOfServers = 2;

/**
 * Sums up what an instance counted.
 *
 * @param points in the order of time
 * @param fromMs points whose span begins before are left out: they have both sides of the change
 */
export function tallyOf(points: readonly Point[], fromMs: number, toMs: number): Tally {
  const within = points.filter(({ atMs, spanMs }) => atMs - spanMs >= fromMs && atMs <= toMs);
  const sum = { requests: 0, failed: 0, sessions: 0, errors: 0 };
  for (const { rows } of within) {
    for (const [key, row] of rows) {
      const kind = countedOf(key)?.kind;
      if (kind === 'frontend') {
        sum.requests += valueOf(row, 'requests');
        sum.failed += valueOf(row, 'http5xx');
      } else if (kind === 'backend') {
        sum.sessions += valueOf(row, 'sessions');
        sum.errors += valueOf(row, 'connectErrors') + valueOf(row, 'responseErrors');
      }
    }
  }
  const [best = { servers: 0, serversUp: 0 }] = within
    .slice(-readingsOfServers)
    .map(serversOf)
    .toSorted((a, b) => b.serversUp - a.serversUp);
  return { ...sum, ...best, untilMs: within.at(-1)?.atMs ?? null };
}

function serversOf({ rows }: Point): Pick<Tally, 'servers' | 'serversUp'> {
  const states = [...rows].flatMap(([key, row]) =>
    countedOf(key)?.kind === 'server' ? [statusWords[valueOf(row, 'status')] ?? ''] : [],
  );
  const serversUp = states.filter((state) => takesTraffic.has(state)).length;
  return { servers: states.length, serversUp };
}
