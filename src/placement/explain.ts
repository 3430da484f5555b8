import { BridgeheadError } from '../domain/errors.ts';
import type { HostName, InstanceName } from '../domain/ids.ts';
import { refusalsOf } from './constraints.ts';
import { FleetIndex } from './fleet-index.ts';
import type { PlacementInput } from './input.ts';
import { compareScored, type ScorePart, scored, scoreOf, scorePartsOf } from './score.ts';

/** A host as a place for an instance. */
export interface Candidate {
  readonly host: HostName;
  readonly fits: boolean;
  /** Why it does not fit; empty where it does. */
  readonly refusals: readonly string[];
  /** Higher is better. Given for hosts that do not fit too: it says what they would be worth. */
  readonly score: number;
  /** They add up to `score`. */
  readonly parts: readonly ScorePart[];
}

export interface Explanation {
  readonly instance: InstanceName;
  /** Where it is now; null where it has no host. */
  readonly host: HostName | null;
  /** Where it would go if it had no host yet; null where nothing fits. */
  readonly choice: HostName | null;
  /** Every host: those that fit first, the better ones first. */
  readonly candidates: readonly Candidate[];
}

/**
 * Every host of the fleet as a place for the instance, as if it had no host yet.
 *
 * @throws BridgeheadError NOT_FOUND where there is no such instance
 */
export function explain(input: PlacementInput, instanceName: InstanceName): Explanation {
  const instance = input.instances.find(({ spec }) => spec.name === instanceName);
  if (instance === undefined) {
    throw new BridgeheadError(
      'NOT_FOUND',
      `instance ${instanceName} does not exist`,
      'List the instances there are with `bridgehead get instances`.',
    );
  }
  const index = new FleetIndex(input, [instance]);
  const subject = index.subject(instance);
  const candidates = index.entries
    .map((entry) => ({
      ...scored(subject, entry, scoreOf(subject, entry)),
      refusals: refusalsOf(subject, entry).map(({ message }) => message),
    }))
    .toSorted(
      (a, b) =>
        Number(a.refusals.length > 0) - Number(b.refusals.length > 0) || compareScored(a, b),
    )
    .map(({ entry, score, refusals }) => ({
      host: entry.host.name,
      fits: refusals.length === 0,
      refusals,
      score,
      parts: scorePartsOf(subject, entry),
    }));
  const current = input.assignments.find(({ instanceId }) => instanceId === instance.id);
  return {
    instance: instanceName,
    host: current?.host ?? null,
    choice: candidates.find(({ fits }) => fits)?.host ?? null,
    candidates,
  };
}
