import type { CrashGroup, CrashGroups } from './group.ts';

/** Two groups that may be one. */
export interface Alike {
  readonly groups: readonly [string, string];
  readonly why: string;
}

const maxPairs = 100;

/**
 * Groups that may be one cause, for a person to merge. What the fingerprint cannot survive: in one
 * build the function at fault was inlined into its caller, so that the caller is named in its
 * place. Then one group's function is the first caller of the other's, and what called them is the
 * same. Groups of one kind only; pure, and the same for the same groups.
 */
export function alike({ groups }: CrashGroups): readonly Alike[] {
  const byFunction = new Map<string, CrashGroup[]>();
  for (const one of groups.values()) {
    if (one.function === null) continue;
    const had = byFunction.get(one.function) ?? [];
    byFunction.set(one.function, [...had, one]);
  }
  const found: Alike[] = [];
  for (const inner of groups.values()) {
    const [caller, ...above] = inner.callers;
    if (caller === undefined || inner.function === null) continue;
    for (const outer of byFunction.get(caller) ?? []) {
      if (outer.id === inner.id || outer.kind !== inner.kind) continue;
      const shared = above.filter((name) => outer.callers.slice(0, 3).includes(name));
      if (shared.length === 0) continue;
      found.push({
        groups: [outer.id, inner.id],
        why: `${caller}() calls ${inner.function}(), and both came by way of ${shared[0]}(): it may be inlined in one of the builds`,
      });
      if (found.length >= maxPairs) return found;
    }
  }
  return found;
}
