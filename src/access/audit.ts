import type { Clock } from '../domain/clock.ts';
import type { AuditEntry, AuditRow, AuditStore } from '../store/audit-store.ts';
import { chainStart, hashRow } from '../trust/audit-chain.ts';

/** Refusals that are written for one address in a minute; of the rest only the number is. */
const refusalsMax = 20;
const windowMs = 60_000;
const addressesMax = 1_000;

export interface AuditParts {
  readonly store: AuditStore;
  readonly clock: Clock;
  readonly log: (message: string, details: Readonly<Record<string, unknown>>) => void;
}

/** Writes the audit log. */
export class Audit {
  readonly #parts: AuditParts;
  readonly #refusals = new Map<string, { sinceMs: number; count: number }>();
  /** Refusals that nobody has written down; told with the next one that is. */
  #omitted = 0;

  constructor(parts: AuditParts) {
    this.#parts = parts;
  }

  /** Adds a row, chained to the newest. @throws BridgeheadError DATABASE_UNAVAILABLE */
  write(entry: AuditEntry): Promise<AuditRow> {
    const atMs = Math.round(this.#parts.clock.wallMs());
    return this.#parts.store.append((newest) => {
      const { id, hash: previous } = newest ?? chainStart;
      const row = { id: id + 1, atMs, entry, previous };
      return { ...row, hash: hashRow(row) };
    });
  }

  /** Writes a refusal, unless its address has had its share. A refusal stands in any case. */
  async refused(entry: AuditEntry): Promise<void> {
    if (!this.#hasRoom(entry.address)) {
      this.#omitted += 1;
      return;
    }
    const omitted = this.#omitted;
    this.#omitted = 0;
    const more = omitted === 0 ? {} : { omitted: String(omitted) };
    await this.#orLog({ ...entry, details: { ...entry.details, ...more } });
  }

  /** Writes how something ended that was asked for; where that fails, the asking stands alone. */
  async ended(entry: AuditEntry): Promise<void> {
    await this.#orLog(entry);
  }

  /** The newest rows, in their order. */
  newest(limit: number, beforeId: number | null = null): Promise<readonly AuditRow[]> {
    return this.#parts.store.newest(limit, beforeId);
  }

  /** Rows after an id, in their order. */
  after(id: number, limit: number): Promise<readonly AuditRow[]> {
    return this.#parts.store.after(id, limit);
  }

  async #orLog(entry: AuditEntry): Promise<void> {
    try {
      await this.write(entry);
    } catch (error) {
      this.#parts.log('the audit log could not be written', { ...entry, error: String(error) });
    }
  }

  #hasRoom(address: string): boolean {
    const nowMs = this.#parts.clock.monotonicMs();
    const known = this.#refusals.get(address);
    if (known !== undefined && nowMs - known.sinceMs < windowMs) {
      known.count += 1;
      return known.count <= refusalsMax;
    }
    this.#refusals.delete(address);
    this.#refusals.set(address, { sinceMs: nowMs, count: 1 });
    for (const oldest of this.#refusals.keys()) {
      if (this.#refusals.size <= addressesMax) break;
      this.#refusals.delete(oldest);
    }
    return true;
  }
}
