import type { ConfigVersion } from '../src/domain/config-version.ts';
import type { HostName, InstanceId } from '../src/domain/ids.ts';
import type { KeptOverride } from '../src/domain/live.ts';
import type {
  Assignment,
  Fence,
  FleetEvent,
  Host,
  HostFacts,
  Instance,
  LeavingAddress,
  Pool,
  Shed,
  Standby,
} from '../src/domain/model.ts';
import type { Lock, Operation, Session } from '../src/domain/operation.ts';
import type { Rollout } from '../src/domain/rollout.ts';
import type { Incident } from '../src/incidents/incident.ts';
import type { HostWitnesses, JoinToken, KeptAnswer, Observation } from '../src/store/store.ts';

/** A host as its row has it; its state follows from who hears it. */
export interface HostRow extends Omit<Host, 'state'> {
  readonly facts: HostFacts | null;
}

/** What a database holds, by the keys that PostgreSQL would enforce. */
export interface Tables {
  readonly hosts: ReadonlyMap<string, HostRow>;
  readonly pools: ReadonlyMap<string, Pool>;
  readonly instances: ReadonlyMap<
    string,
    { readonly instance: Instance; readonly lastEpoch: number }
  >;
  readonly assignments: ReadonlyMap<string, Assignment>;
  readonly fences: ReadonlyMap<string, Fence>;
  readonly witnessSets: ReadonlyMap<string, HostWitnesses>;
  readonly leaving: ReadonlyMap<string, LeavingAddress>;
  readonly sheds: ReadonlyMap<string, Shed>;
  readonly standbys: ReadonlyMap<string, Standby>;
  readonly observations: ReadonlyMap<string, Observation>;
  readonly operations: ReadonlyMap<string, { readonly seq: number; readonly operation: Operation }>;
  readonly locks: ReadonlyMap<string, Lock>;
  readonly sessions: ReadonlyMap<string, Omit<Session, 'isAlive'> & { readonly endsMs: number }>;
  readonly connections: ReadonlyMap<string, { readonly session: string; readonly host: HostName }>;
  readonly answers: ReadonlyMap<string, KeptAnswer>;
  readonly events: ReadonlyMap<string, FleetEvent>;
  readonly tokens: ReadonlyMap<string, JoinToken>;
  readonly overrides: ReadonlyMap<string, { readonly id: InstanceId; readonly kept: KeptOverride }>;
  /** By instance, the oldest first. */
  readonly configVersions: ReadonlyMap<InstanceId, readonly ConfigVersion[]>;
  /** What is in attachments, by SHA-256. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly rollouts: ReadonlyMap<string, Rollout>;
  readonly settings: ReadonlyMap<string, string>;
  readonly incidents: ReadonlyMap<number, Incident>;
  /** By its key, the incident that it belongs to; null for none. */
  readonly causes: ReadonlyMap<string, { readonly incidentId: number | null }>;
  readonly counters: ReadonlyMap<'operation' | 'event' | 'revision' | 'incident', number>;
}

/** A database with nothing in it. */
export function emptyTables(): Tables {
  return {
    ...{ hosts: new Map(), pools: new Map(), instances: new Map(), assignments: new Map() },
    ...{ leaving: new Map(), sheds: new Map(), fences: new Map(), witnessSets: new Map() },
    ...{ standbys: new Map(), observations: new Map(), operations: new Map(), locks: new Map() },
    ...{ sessions: new Map(), connections: new Map(), answers: new Map(), events: new Map() },
    ...{ tokens: new Map(), settings: new Map(), overrides: new Map(), counters: new Map() },
    ...{ incidents: new Map(), causes: new Map(), configVersions: new Map() },
    ...{ contents: new Map() },
    ...{ rollouts: new Map() },
  };
}

/** Tables on their way to the next state: a table is copied before its first change. */
export class Draft {
  #tables: Tables;
  readonly #copied = new Set<keyof Tables>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  get tables(): Tables {
    return this.#tables;
  }

  put<Name extends keyof Tables>(
    name: Name,
    key: Parameters<Tables[Name]['get']>[0],
    row: NonNullable<ReturnType<Tables[Name]['get']>>,
  ): void {
    (this.#writable(name) as Map<unknown, unknown>).set(key, row);
  }

  delete<Name extends keyof Tables>(name: Name, key: Parameters<Tables[Name]['get']>[0]): void {
    if ((this.#tables[name] as ReadonlyMap<unknown, unknown>).has(key)) {
      (this.#writable(name) as Map<unknown, unknown>).delete(key);
    }
  }

  #writable(name: keyof Tables): unknown {
    if (!this.#copied.has(name)) {
      const copy = new Map(this.#tables[name] as ReadonlyMap<unknown, unknown>);
      this.#tables = { ...this.#tables, [name]: copy };
      this.#copied.add(name);
    }
    return this.#tables[name];
  }
}
