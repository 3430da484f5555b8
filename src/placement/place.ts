import type { HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { movingConstraints } from './constraints.ts';
import { byText, FleetIndex, type Subject } from './fleet-index.ts';
import type { PlacementInput } from './input.ts';
import { compareScored, type Scored, scored, scoreOf, scorePartsOf } from './score.ts';
import { refusedBy, Sieve, Tally } from './sieve.ts';

/** Where an instance that has no host is to go, and why there or why nowhere. */
export interface Decision {
  readonly instanceId: InstanceId;
  readonly instance: InstanceName;
  /** Null where no host fits. */
  readonly host: HostName | null;
  readonly explanation: string;
}

/** Decisions in the order they were made, each knowing those before it. */
export interface PlacementPlan {
  readonly decisions: readonly Decision[];
}

/**
 * Places every instance that has no assignment, lowest tier first, then by name. What is assigned
 * stays where it is. The plan depends on the snapshot's content alone, not on its order.
 */
export function place(input: PlacementInput): PlacementPlan {
  const assigned = new Set(input.assignments.map(({ instanceId }) => instanceId));
  const waiting = input.instances
    .filter(({ id }) => !assigned.has(id))
    .toSorted((a, b) => a.spec.tier - b.spec.tier || byText(a.spec.name, b.spec.name));
  if (waiting.length === 0) return { decisions: [] };
  const index = new FleetIndex(input, waiting);
  const sieve = new Sieve(index);
  return { decisions: waiting.map((instance) => decide(index, sieve, instance)) };
}

/** The best of the hosts that an instance fits on. */
interface Choice {
  /** Null where it fits on none. */
  readonly best: Scored | null;
  readonly fits: number;
  /** How many more have the very score of the best. */
  readonly equals: number;
  /** Those it does not fit on. */
  readonly tally: Tally;
}

/** Chooses a host as a plan does, and leaves the index as it is. */
export function choose(sieve: Sieve, subject: Subject): Choice {
  const { fitting, refused } = sieve.sift(subject);
  const tally = new Tally(refused);
  let best: Scored | null = null;
  let fits = 0;
  let equals = 0;
  for (const entry of fitting) {
    if (refusedBy(movingConstraints, subject, entry, tally)) continue;
    fits += 1;
    const score = scoreOf(subject, entry);
    if (best !== null && score < best.score) continue;
    equals = score === best?.score ? equals + 1 : 0;
    const candidate = scored(subject, entry, score);
    if (best === null || compareScored(candidate, best) < 0) best = candidate;
  }
  return { best, fits, equals, tally };
}

function decide(index: FleetIndex, sieve: Sieve, instance: Instance): Decision {
  const subject = index.subject(instance);
  const { best, fits, equals, tally } = choose(sieve, subject);
  const { id: instanceId, spec } = instance;
  if (best === null) {
    const all = index.entries.length;
    const explanation =
      all === 0 ? 'the fleet has no host' : `none of ${all} hosts fits: ${tally.text()}`;
    return { instanceId, instance: spec.name, host: null, explanation };
  }
  const host = best.entry.host.name;
  const explanation = explainChoice(subject, best, { fits, equals, all: index.entries.length });
  index.occupy(instance, host);
  return { instanceId, instance: spec.name, host, explanation };
}

function explainChoice(
  subject: Subject,
  best: Scored,
  field: { readonly fits: number; readonly equals: number; readonly all: number },
): string {
  const parts = scorePartsOf(subject, best.entry)
    .filter(({ value }) => value !== 0)
    .map(({ name, value, why }) => `${name} ${value} (${why})`);
  const tie = field.equals === 0 ? '' : `, level with ${field.equals} more and settled by hash`;
  const sum = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  return `best of ${field.fits} that fit, of ${field.all} hosts${tie}; score ${best.score}${sum}`;
}
