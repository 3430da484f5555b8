import { z } from 'zod';
import { commandOutput, runCommand } from '../../system/command.ts';
import {
  grantSet,
  type LeaseRules,
  renderLeaseRules,
  renderPortsGranted,
  renderPortsRenewed,
  renderPortsRevoked,
} from './lease-rules.ts';

const listing = z.object({
  nftables: z.array(
    z.object({ set: z.object({ name: z.string(), table: z.string() }).optional() }),
  ),
});

/** The rules and the ports in the kernel of this host. Calls are made one after another. */
export class LeaseTable {
  readonly #table: string;
  #last: Promise<unknown> = Promise.resolve();

  /** `table`: name of the bridge table that is this agent's. */
  constructor(table: string) {
    this.#table = table;
  }

  /**
   * Puts the rules into the kernel, or replaces those there: no frame sees a gap, and grants and
   * ports that hold go on holding. Safe to repeat.
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

  /** Lets ports pass from now on, for `ms`. @throws Error with what nft said */
  grantPorts(ports: readonly string[], ms: number): Promise<void> {
    return this.#inTurn(async () => {
      if (ports.length > 0) await this.#run(renderPortsGranted(this.#table, ports, ms));
    });
  }

  /**
   * Prolongs what still passes. Resolves to those the kernel would not prolong, since they had run
   * out: their instances have to be fenced, and nothing has let them through again.
   */
  renewPorts(ports: readonly string[], ms: number): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      if (ports.length === 0) return [];
      if (await this.#tried(ports, ms)) return [];
      const refused: string[] = [];
      for (const port of ports) if (!(await this.#tried([port], ms))) refused.push(port);
      return refused;
    });
  }

  /** Stops ports at once. @throws Error with what nft said */
  revokePorts(ports: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      if (ports.length > 0) await this.#run(renderPortsRevoked(this.#table, ports));
    });
  }

  /** Takes everything out: from then on every port passes. For a host that leaves the fleet. */
  remove(): Promise<void> {
    return this.#inTurn(() =>
      this.#run(`table bridge ${this.#table} { }\ndelete table bridge ${this.#table}\n`),
    );
  }

  async #grantSets(): Promise<string[]> {
    const text = await commandOutput(['nft', '--json', 'list', 'sets', 'bridge']);
    return listing
      .parse(JSON.parse(text))
      .nftables.flatMap(({ set }) => (set?.table === this.#table ? [set.name] : []))
      .filter((name) => name.startsWith('w_'));
  }

  async #tried(ports: readonly string[], ms: number): Promise<boolean> {
    const input = renderPortsRenewed(this.#table, ports, ms);
    return (await runCommand(['nft', '-f', '-'], { input })).code === 0;
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
