// The audit log as the store keeps it: rows that are only added to, each held by the one before it.

/** What happened, who was it, and how did it end. */
export interface AuditEntry {
  /**
   * `asked` before a change is begun, `done` or `failed` for how it ended, `refused` where nothing
   * was begun.
   */
  readonly result: 'asked' | 'done' | 'failed' | 'refused';
  /** Id of the row in which it was asked; null for a refusal. */
  readonly of: number | null;
  readonly who: string;
  /** What proved it, and the id of that token or login. */
  readonly via: string;
  readonly credential: string | null;
  readonly address: string;
  /** As it is written in the table of rules, such as `POST /v1/hosts/:name/drain`. */
  readonly route: string;
  /** Such as `instance/shop-web`; null where it is about none. */
  readonly object: string | null;
  /** HTTP status and code of the error; null where there is none (yet). */
  readonly status: number | null;
  readonly code: string | null;
  /** What was asked for, in few words; never a secret. */
  readonly details: Readonly<Record<string, string>>;
}

export interface AuditRow {
  /** 1 for the first row ever, and no gap after it. */
  readonly id: number;
  readonly atMs: number;
  readonly entry: AuditEntry;
  /** Hash of the row before; of the first row, 64 zeros. */
  readonly previous: string;
  readonly hash: string;
}

export interface AuditStore {
  /**
   * Adds what `make` makes of the newest row, null where there is none yet. One at a time, over all
   * schedulers.
   *
   * @throws BridgeheadError DATABASE_UNAVAILABLE
   */
  append(make: (newest: AuditRow | null) => AuditRow): Promise<AuditRow>;
  /** Those after an id, in their order. */
  after(id: number, limit: number): Promise<readonly AuditRow[]>;
  /** The newest, in their order; before an id, where one is given. */
  newest(limit: number, beforeId?: number | null): Promise<readonly AuditRow[]>;
}
