import { z } from 'zod';
import { commandOutput } from '../../system/command.ts';
import { grantSet, type LeaseRules, renderLeaseRules } from './lease-rules.ts';

const listing = z.object({
  nftables: z.array(
    z.object({ set: z.object({ name: z.string(), table: z.string() }).optional() }),
  ),
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
