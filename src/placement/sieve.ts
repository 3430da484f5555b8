import { type Constraint, fixedConstraints, movingConstraints } from './constraints.ts';
import { byText, type FleetIndex, type HostEntry, type Subject } from './fleet-index.ts';

/** Counts refused hosts by constraint, each with one of them as an example. */
export class Tally {
  readonly #rows: Map<Constraint, { hosts: number; readonly example: string }>;

  /** @param start what was counted before; it stays as it is */
  constructor(start: Tally | null = null) {
    const rows = start === null ? [] : [...start.#rows];
    this.#rows = new Map(rows.map(([constraint, row]) => [constraint, { ...row }]));
  }

  add(constraint: Constraint, text: () => string): void {
    const row = this.#rows.get(constraint);
    if (row === undefined) this.#rows.set(constraint, { hosts: 1, example: text() });
    else row.hosts += 1;
  }

  text(): string {
    return [...fixedConstraints, ...movingConstraints]
      .flatMap((constraint) => {
        const row = this.#rows.get(constraint);
        return row === undefined ? [] : [`${row.hosts} ${constraint.label} (${row.example})`];
      })
      .join('; ');
  }
}

/** True where one of the constraints refuses; the first that does is counted. */
export function refusedBy(
  constraints: readonly Constraint[],
  subject: Subject,
  entry: HostEntry,
  tally: Tally,
): boolean {
  for (const constraint of constraints) {
    const text = constraint.refuse(subject, entry);
    if (text === null) continue;
    tally.add(constraint, text);
    return true;
  }
  return false;
}

/** Hosts that pass the fixed constraints, and a count of those that do not. */
export interface Sifted {
  readonly fitting: readonly HostEntry[];
  readonly refused: Tally;
}

/** How many different demands are remembered; each may hold every host of the fleet. */
const demandsMax = 64;

/**
 * Puts each demand on hosts to the fixed constraints once in a plan: instances of one fleet tend
 * to ask for the same image, pools and rules.
 */
export class Sieve {
  readonly #index: FleetIndex;
  readonly #byDemand = new Map<string, Sifted>();

  constructor(index: FleetIndex) {
    this.#index = index;
  }

  sift(subject: Subject): Sifted {
    const { image, placement } = subject.instance.spec;
    const demand = JSON.stringify([
      image,
      [...subject.pools.keys()].toSorted(byText),
      placement.zones,
      placement.racks,
      Object.entries(placement.labels),
    ]);
    const known = this.#byDemand.get(demand);
    if (known !== undefined) return known;
    const refused = new Tally();
    const fitting = this.#index.entries.filter(
      (entry) => !refusedBy(fixedConstraints, subject, entry, refused),
    );
    if (this.#byDemand.size >= demandsMax) this.#byDemand.clear();
    this.#byDemand.set(demand, { fitting, refused });
    return { fitting, refused };
  }
}
