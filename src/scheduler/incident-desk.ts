import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import { hostObject } from '../domain/operation.ts';
import { closed } from '../incidents/advance.ts';
import type { Incident } from '../incidents/incident.ts';
import type { IncidentFilter } from '../store/incident-rows.ts';
import type { Store, Transaction } from '../store/store.ts';

const notesMax = 200;
const alikeMax = 20;
/** Hosts whose first symptoms are no further apart have one cause, as likely as not. */
const togetherMs = 10_000;

/** An incident with those that it may have to do with. */
export interface IncidentFile {
  readonly incident: Incident;
  /** Earlier ones with a crash report of the same group, the newest first. */
  readonly earlier: readonly Incident[];
  /** Those of other hosts whose first symptom came at the same time. */
  readonly together: readonly Incident[];
}

/** What people read of incidents, and what they say of them. */
export class IncidentDesk {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor({ store, clock }: { readonly store: Store; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  list(filter: IncidentFilter): Promise<readonly Incident[]> {
    return this.#store.transact((tx) => tx.incidents(filter), 'snapshot');
  }

  /** @throws BridgeheadError NOT_FOUND */
  file(id: number): Promise<IncidentFile> {
    return this.#store.transact(async (tx) => {
      const incident = await found(tx, id);
      const { firstMs, reports } = incident.story;
      const earlier = new Map<number, Incident>();
      for (const fingerprint of new Set(reports.map((one) => one.fingerprint))) {
        const limit = alikeMax - earlier.size;
        // Those at the same time are told of as such.
        const before = { fingerprint, untilMs: firstMs - togetherMs - 1, limit };
        if (limit > 0) for (const one of await tx.incidents(before)) earlier.set(one.id, one);
      }
      const around = { fromMs: firstMs - togetherMs, untilMs: firstMs + togetherMs };
      const near = await tx.incidents({ ...around, limit: alikeMax + 1 });
      return {
        incident,
        earlier: [...earlier.values()].toSorted((a, b) => b.id - a.id),
        together: near.filter((one) => one.id !== id && one.host !== incident.host),
      };
    }, 'snapshot');
  }

  /** Keeps what a person says of it. @throws BridgeheadError NOT_FOUND, INCIDENT_FULL */
  async note(id: number, text: string, who: string): Promise<void> {
    await this.#store.transact(async (tx) => {
      const incident = await found(tx, id);
      if (incident.notes.length >= notesMax) throw tooMany(id);
      const note = { atMs: this.#clock.wallMs(), who, text };
      await tx.putIncident({ ...incident, notes: [...incident.notes, note] });
    });
  }

  /** Closes it, by a person's word. @throws BridgeheadError NOT_FOUND, INCIDENT_RESOLVED */
  async resolve(id: number, text: string, who: string): Promise<void> {
    await this.#store.transact(async (tx) => {
      const incident = await found(tx, id);
      if (incident.resolved !== null) throw isResolved(incident, incident.resolved.who);
      const atMs = this.#clock.wallMs();
      await tx.putIncident(closed(incident, { atMs, who, text }));
      const object = hostObject(incident.host as HostName);
      const message = `incident ${id}: by ${who}${text === '' ? '' : `: ${text}`}`;
      await tx.addEvent({ atMs, kind: 'incident.resolved', object, message });
    });
  }
}

async function found(tx: Transaction, id: number): Promise<Incident> {
  const incident = await tx.incident(id);
  if (incident !== null) return incident;
  throw new BridgeheadError(
    'NOT_FOUND',
    `incident ${id} does not exist`,
    'See which there are: bridgehead incident list',
  );
}

function isResolved({ id, host }: Incident, who: string): BridgeheadError {
  return new BridgeheadError(
    'INCIDENT_RESOLVED',
    `incident ${id} of host ${host} was resolved by ${who} already`,
    `Add what is to be said: bridgehead incident note ${id} TEXT`,
  );
}

function tooMany(id: number): BridgeheadError {
  return new BridgeheadError(
    'INCIDENT_FULL',
    `incident ${id} has ${notesMax} notes, which is all that one may have`,
    `Keep the rest in your ticket: bridgehead incident export ${id}`,
  );
}
