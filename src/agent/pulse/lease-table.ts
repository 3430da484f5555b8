import { z } from 'zod';
import { commandOutput } from '../../system/command.ts';
import type { LeaseReading } from '../lapses.ts';
import { grantSet, type LeaseRules, renderLeaseRules, stoppedCounter } from './lease-rules.ts';

const listing = z.object({
  nftables: z.array(
    z.object({ set: z.object({ name: z.string(), table: z.string() }).optional() }),
  ),
});

const tables = z.object({
  nftables: z.array(z.object({ table: z.object({ name: z.string() }).optional() })),
});

const contents = z.object({
  nftables: z.array(
    z.object({
      counter: z.object({ name: z.string(), packets: z.int() }).optional(),
      set: z.object({ name: z.string(), elem: z.array(z.unknown()).optional() }).optional(),
    }),
  ),
});

/** The rules in the kernel of this host. Calls are made one after another. */
export class LeaseTable {
  readonly #table: string;
  /** Of the rules that were applied last; null before that. */
  #quorum: number | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** `table`: name of the bridge table that is this agent's. */
  constructor(table: string) {
    this.#table = table;
  }

  /**
   * Puts the rules into the kernel, or replaces those there: no frame sees a gap, and grants
   * that hold go on holding. Safe to repeat.
   *
   * @throws Error with what nft said
   */
  apply(rules: Omit<LeaseRules, 'table'>): Promise<void> {
    return this.#inTurn(async () => {
      const wanted = new Set(rules.witnesses.map(({ host }) => grantSet(host)));
      const stale = (await this.#grantSets()).filter((name) => !wanted.has(name));
      await this.#run(renderLeaseRules({ ...rules, table: this.#table }, stale));
      this.#quorum = rules.quorum;
    });
  }

  /**
   * How it stands with the lease. Before `apply` it counts as not held: which grants are enough is not
   * known.
   *
   * @throws Error with what nft said
   */
  read(): Promise<LeaseReading> {
    return this.#inTurn(async () => {
      const text = await commandOutput(['nft', '--json', 'list', 'table', 'bridge', this.#table]);
      const { nftables } = contents.parse(JSON.parse(text));
      const stopped = nftables.find(({ counter }) => counter?.name === stoppedCounter)?.counter;
      // What has run out is not listed, though it may be there still.
      const grants = nftables.filter(({ set }) => (set?.elem ?? []).length > 0).length;
      const isHeld = this.#quorum !== null && grants >= this.#quorum;
      return { stoppedFrames: stopped?.packets ?? 0, isHeld };
    });
  }

  /**
   * Lets no frame of an instance through until `apply`, unless rules are there already. A kernel that
   * has just started has none, while its host's witnesses are taken for the ones it goes by.
   *
   * @throws Error with what nft said
   */
  close(rules: Pick<LeaseRules, 'portPrefix' | 'leaseMs' | 'longLeaseMs'>): Promise<void> {
    return this.#inTurn(async () => {
      if (await this.#isThere()) return;
      const closed = { ...rules, table: this.#table, witnesses: [], quorum: 1 };
      await this.#run(renderLeaseRules(closed));
    });
  }

  async #isThere(): Promise<boolean> {
    const text = await commandOutput(['nft', '--json', 'list', 'tables', 'bridge']);
    const { nftables } = tables.parse(JSON.parse(text));
    return nftables.some(({ table }) => table?.name === this.#table);
  }

  async #grantSets(): Promise<string[]> {
    const text = await commandOutput(['nft', '--json', 'list', 'sets', 'bridge']);
    return listing
      .parse(JSON.parse(text))
      .nftables.flatMap(({ set }) => (set?.table === this.#table ? [set.name] : []))
      .filter((name) => name.startsWith('w_'));
  }

  async #run(input: string): Promise<void> {
    await commandOutput(['nft', '-f', '-'], { input });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
