import { z } from 'zod';
import { commandOutput } from '../../system/command.ts';
import { grantSet, type LeaseRules, renderLeaseRules } from './lease-rules.ts';

const listing = z.object({
  nftables: z.array(
    z.object({ set: z.object({ name: z.string(), table: z.string() }).optional() }),
  ),
});

const tables = z.object({
  nftables: z.array(z.object({ table: z.object({ name: z.string() }).optional() })),
});

/** The rules in the kernel of this host. Calls are made one after another. */
export class LeaseTable {
  readonly #table: string;
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
