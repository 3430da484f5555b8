import type {
  Assignment,
  Host,
  Instance,
  LeavingAddress,
  Pool,
  ServiceAddress,
  Shed,
  Standby,
} from '../domain/model.ts';
import type { FleetState, Observation } from './store.ts';

/** One moment of the fleet, as it is read again and again. */
export interface FleetMoment {
  readonly fleet: FleetState;
  readonly observations: readonly Observation[];
}

/** A row as it was written: the same version is the same row. */
export interface RowVersion<Value> {
  readonly version: string;
  /** The text that orders it. */
  readonly order: string;
  readonly value: Value;
}

/** An address with whose it is and where it stands among the others. */
export interface HeldAddress {
  readonly instanceId: string;
  readonly position: number;
  readonly address: ServiceAddress;
}

/**
 * What was read of the fleet, so that the next reading asks for the rows that were written since.
 * What was not written is the same object again. One reader at a time; forget it where a reading
 * fails: another server may have answered by then.
 */
export class FleetMemory {
  /** Lowest number of a transaction that may not have ended at the last reading; null before it. */
  since: string | null = null;
  readonly hosts = new TableMemory<Omit<Host, 'state'>>();
  readonly pools = new TableMemory<Pool>();
  readonly instances = new TableMemory<Omit<Instance, 'addresses'>>();
  readonly addresses = new TableMemory<HeldAddress>();
  readonly assignments = new TableMemory<Assignment>();
  readonly standbys = new TableMemory<Standby>();
  readonly leaving = new TableMemory<LeavingAddress>();
  readonly sheds = new TableMemory<Shed>();
  readonly observations = new TableMemory<Observation>();
  #hosts = new Map<Omit<Host, 'state'>, Host>();
  #instances: readonly Instance[] = [];
  #made = new Map<Omit<Instance, 'addresses'>, Instance>();

  /** The hosts in those states. */
  hostsIn(stateOf: (host: Omit<Host, 'state'>) => Host['state']): readonly Host[] {
    const next = new Map<Omit<Host, 'state'>, Host>();
    for (const host of this.hosts.values) {
      const state = stateOf(host);
      const known = this.#hosts.get(host);
      next.set(host, known?.state === state ? known : { ...host, state });
    }
    this.#hosts = next;
    return [...next.values()];
  }

  /** The instances with their addresses; the same list where none is another. */
  withAddresses(): readonly Instance[] {
    const areOthers = [this.instances.takeNews(), this.addresses.takeNews()];
    if (!areOthers.includes(true)) return this.#instances;
    const held = Map.groupBy(this.addresses.values, ({ instanceId }) => instanceId);
    const next = new Map<Omit<Instance, 'addresses'>, Instance>();
    for (const one of this.instances.values) {
      const addresses = (held.get(one.id) ?? [])
        .toSorted((a, b) => a.position - b.position)
        .map(({ address }) => address);
      const known = this.#made.get(one);
      const isSame =
        known?.addresses.length === addresses.length &&
        known.addresses.every((address, index) => address === addresses[index]);
      next.set(one, isSame ? known : { ...one, addresses });
    }
    this.#made = next;
    this.#instances = [...next.values()];
    return this.#instances;
  }
}

/** One table's rows as values, by their keys. */
export class TableMemory<Value> {
  readonly #kept = new Map<string, RowVersion<Value>>();
  #values: readonly Value[] | null = [];
  #isNew = true;

  get size(): number {
    return this.#kept.size;
  }

  /** A row is read again as long as others are being written; its value stays the same object. */
  put(key: string, row: RowVersion<Value>): void {
    if (this.#kept.get(key)?.version === row.version) return;
    this.#kept.set(key, row);
    this.#changed();
  }

  /** Forgets the others. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of [...this.#kept.keys()]) if (!keys.has(key)) this.#kept.delete(key);
    this.#changed();
  }

  /** All, in their order; the same list where none is another. */
  get values(): readonly Value[] {
    this.#values ??= [...this.#kept.values()]
      .toSorted((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
      .map(({ value }) => value);
    return this.#values;
  }

  /** Whether one is another than when this was asked last. */
  takeNews(): boolean {
    const isNew = this.#isNew;
    this.#isNew = false;
    return isNew;
  }

  #changed(): void {
    this.#values = null;
    this.#isNew = true;
  }
}
