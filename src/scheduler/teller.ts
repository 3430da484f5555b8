import type { HostName, InstanceId } from '../domain/ids.ts';
import type { Operation } from '../domain/operation.ts';
import { failedOver } from '../operations/failover.ts';
import { isReleased, movedInstance } from '../operations/migrate.ts';
import { droppedAt } from '../operations/shed.ts';
import type { FleetState, Store, Transaction } from '../store/store.ts';
import type { Agents } from './agents.ts';
import type { ApplyParts } from './apply.ts';
import { desiredStates } from './desired-state.ts';
import type { ReadFleet } from './remembered-fleet.ts';

type Tellings = ReturnType<typeof desiredStates>;
type Overrides = Awaited<ReturnType<Transaction['overrides']>>;

export interface TellerParts {
  readonly store: Store;
  readonly agents: Agents;
  /** Delivers what instances need beside their configuration; left out where they need nothing. */
  readonly certificates?: ApplyParts['certificates'];
  /** How it is found out whether there is something to tell. */
  readonly readFleet: ReadFleet;
}

/** Tells hosts what they are to do. */
export class Teller {
  readonly #parts: TellerParts;
  /** What was made last, of what. */
  #made: { readonly of: readonly unknown[]; readonly tellings: Tellings } | null = null;

  constructor(parts: TellerParts) {
    this.#parts = parts;
  }

  /**
   * Tells every connected host what is news to it. The number is taken where there is something to
   * tell only, and all is read anew under it: a host takes the telling with the higher number,
   * whichever scheduler it comes from.
   *
   * @returns what it did, in a few words
   */
  async push(): Promise<string> {
    const { store, agents, certificates, readFleet } = this.#parts;
    const hosts = agents.connected;
    const [fleet, rest] = await readFleet(readRest);
    const now = this.#remember(hosts, fleet, rest);
    const news = hosts.filter((host) => agents.isNews(host, now.get(host) ?? []));
    if (news.length === 0) {
      agents.checkTellable(now);
      return `nothing new for ${hosts.length} connected hosts`;
    }
    const { revision, tellings } = await store.transact(
      async (tx) => ({
        revision: await tx.nextRevision(),
        tellings: await this.tellings(tx, news),
      }),
      'snapshot',
    );
    await certificates?.deliver();
    const told = [...tellings].filter(([host, desired]) => agents.tell(host, revision, desired));
    agents.checkTellable(new Map([...now, ...tellings]));
    return `told ${told.length} of ${hosts.length} connected hosts something new`;
  }

  /** What hosts are to be told as of this transaction's moment. */
  async tellings(tx: Transaction, hosts: readonly HostName[]): Promise<Tellings> {
    return tellingsOf(hosts, await tx.fleet(), await readRest(tx));
  }

  // Of what is the same it is the same, so that nothing of it is made, or compared, once more.
  #remember(hosts: readonly HostName[], fleet: FleetState, rest: Rest): Tellings {
    const dead = fleet.hosts.flatMap(({ name, state }) => (state === 'dead' ? name : []));
    const open = [[...releasedIn(rest.open)], [...droppedAt(rest.open)], [...rest.overrides]];
    const of = [
      ...[fleet.instances, fleet.assignments, fleet.standbys],
      JSON.stringify([hosts, dead, open]),
    ];
    if (this.#made?.of.every((one, at) => one === of[at]) === true) return this.#made.tellings;
    this.#made = { of, tellings: tellingsOf(hosts, fleet, rest) };
    return this.#made.tellings;
  }
}

interface Rest {
  readonly open: readonly Operation[];
  readonly overrides: Overrides;
}

async function readRest(tx: Transaction): Promise<Rest> {
  return { open: await tx.openOperations(), overrides: await tx.overrides() };
}

function tellingsOf(hosts: readonly HostName[], fleet: FleetState, rest: Rest): Tellings {
  const { open, overrides } = rest;
  return desiredStates(hosts, fleet, releasedIn(open), droppedAt(open), overrides);
}

function releasedIn(open: readonly Operation[]): ReadonlyMap<InstanceId, number> {
  return new Map([
    ...open.filter(isReleased).map(({ args }) => [movedInstance(args), 0] as const),
    ...open.flatMap(failedOver),
  ]);
}
