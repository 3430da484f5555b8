import { bootOf, livedOn, mayEndBoot } from '../crash/boot.ts';
import type { Clock } from '../domain/clock.ts';
import type { BootStore, KnownBoot } from '../store/boot-store.ts';
import type { Crash, CrashStore } from '../store/crash-store.ts';

const lookPeriodMs = 5_000;
const batchMax = 200;
/** A report is of the boot that runs or of the one before; a few more in case clocks jumped. */
const bootsOfHost = 5;

export interface BootWatchParts {
  readonly store: { readonly boots: BootStore; readonly crashes: CrashStore };
  readonly clock: Clock;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** Keeps the record of what hosts booted and how each boot ended. */
export class BootWatch {
  readonly #parts: BootWatchParts;
  /** The last report that was looked at. */
  #crashId = 0;
  #stop = () => undefined as void;
  #isLooking = false;

  constructor(parts: BootWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#stop = this.#parts.clock.every(lookPeriodMs, () => void this.look());
  }

  stop(): void {
    this.#stop();
  }

  /** Notes what hosts' agents told since, and looks at the reports that have come; never rejects. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { boots } = this.#parts.store;
    try {
      for (const { host, facts, atMs } of await boots.news()) await boots.heard(host, facts, atMs);
      await this.#readCrashes();
    } catch (error) {
      this.#parts.log('cannot keep the record of boots', { error: String(error) });
    } finally {
      this.#isLooking = false;
    }
  }

  // From the first one on at the start: it ends nothing twice.
  async #readCrashes(): Promise<void> {
    const { boots, crashes } = this.#parts.store;
    for (;;) {
      const next = await crashes.walk(this.#crashId, batchMax);
      const ends = next.filter(({ report }) => mayEndBoot(report));
      const ofHost = new Map<string, readonly KnownBoot[]>();
      for (const crash of ends) {
        const { host } = crash;
        const list = ofHost.get(host) ?? (await boots.list({ host, limit: bootsOfHost }));
        ofHost.set(host, list);
        await this.#end(list, crash);
      }
      this.#crashId = next.at(-1)?.id ?? this.#crashId;
      if (next.length < batchMax) return;
    }
  }

  async #end(list: readonly KnownBoot[], { id, atMs, boot, report }: Crash): Promise<void> {
    const found = bootOf(list, {
      ...{ atMs, uptimeSeconds: report.uptimeSeconds, bootId: boot },
    });
    if (found === null || livedOn(found.boot, found.atMs)) return;
    await this.#parts.store.boots.end(found.boot, { atMs: found.atMs, by: 'crash', crashId: id });
  }
}
