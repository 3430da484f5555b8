import type { BootEnd, HostBoot } from '../crash/boot.ts';
import type { HostFacts } from '../domain/model.ts';

/** A boot with what the host's agent told in it. */
export interface KnownBoot extends HostBoot {
  readonly facts: HostFacts;
}

/** What a host's agent told last. */
export interface HostNews {
  readonly host: string;
  readonly facts: HostFacts;
  readonly atMs: number;
}

/** Boots of the fleet's hosts. Each function rejects with DATABASE_UNAVAILABLE where that is so. */
export interface BootStore {
  /** Hosts whose facts are of a boot that is not on record, or are newer than its last sign by half a minute. */
  news(): Promise<readonly HostNews[]>;
  /**
   * Notes that a host runs in this boot. Its earlier ones end: `planned` where a drain of the host was
   * done within the day before, else `unknown`. One that was held for crashed and speaks on is up.
   */
  heard(host: string, facts: HostFacts, atMs: number): Promise<void>;
  /** @returns whether that boot was there and is ended so now */
  end(
    boot: Pick<HostBoot, 'host' | 'bootId'>,
    end: {
      readonly atMs: number;
      readonly by: BootEnd;
      readonly crashId: number | null;
    },
  ): Promise<boolean>;
  /** The newest first. */
  list(wanted: {
    readonly host: string | null;
    readonly limit: number;
  }): Promise<readonly KnownBoot[]>;
}
