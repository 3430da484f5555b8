import type { Clock } from '../../domain/clock.ts';
import { afterRenewal, deadManAtStart, deadManStep } from './dead-man.ts';
import type { LeaseTable } from './lease-table.ts';

export interface PortRenewalOptions {
  readonly clock: Clock;
  readonly table: Pick<LeaseTable, 'grantPorts' | 'renewPorts' | 'revokePorts'>;
  readonly portMs: number;
  readonly renewMs: number;
  /**
   * Ports that ran out, or were about to, since this loop was held up: take their links down and let
   * go of the holds. They stay out until granted again.
   */
  readonly onFence: (ports: readonly string[]) => void;
  /** A renewal failed, and is tried again in its turn, until the time is up. */
  readonly onFailure: (error: Error) => void;
}

const marginMs = 250;

/** Keeps the ports of held instances passing for as long as the main loop turns. */
export class PortRenewal implements Disposable {
  readonly #options: PortRenewalOptions;
  readonly #ports = new Set<string>();
  readonly #stop: () => void;
  #deadMan = deadManAtStart;
  #isRenewing = false;

  constructor(options: PortRenewalOptions) {
    this.#options = options;
    this.#stop = options.clock.every(Math.min(options.renewMs / 2, 250), () => {
      this.turn().catch((error: Error) => options.onFailure(error));
    });
  }

  get ports(): readonly string[] {
    return [...this.#ports];
  }

  /** Lets a port pass, and keeps it passing: to be called under a valid grant only. */
  async grant(port: string): Promise<void> {
    await this.#options.table.grantPorts([port], this.#options.portMs);
    this.#ports.add(port);
  }

  /**
   * Ports that an agent before this one left passing. Those that have run out meanwhile are returned
   * and not taken over: they have to be fenced.
   */
  async adopt(ports: readonly string[]): Promise<readonly string[]> {
    const refused = await this.#options.table.renewPorts(ports, this.#options.portMs);
    for (const port of ports) if (!refused.includes(port)) this.#ports.add(port);
    return refused;
  }

  /** Stops a port at once, and renews it no more. */
  async revoke(port: string): Promise<void> {
    this.#ports.delete(port);
    await this.#options.table.revokePorts([port]);
  }

  /**
   * Before an orderly restart: the ports pass for `ms` from now without this agent, which renews
   * nothing after it. Whoever judges this host has to know it before.
   */
  async extend(ms: number): Promise<void> {
    this.#stop();
    const refused = await this.#renew(ms);
    if (refused.length > 0) this.#fence(refused);
  }

  /** Renews or fences where it is time to; called by itself, and by tests. */
  async turn(): Promise<void> {
    if (this.#isRenewing) return;
    const { clock, renewMs, portMs } = this.#options;
    const step = deadManStep(this.#deadMan, clock.monotonicMs(), { renewMs, marginMs });
    if (step.kind === 'fence') this.#fence(this.ports);
    if (step.kind !== 'renew') return;
    const refused = await this.#renew(portMs);
    if (refused.length > 0) this.#fence(refused);
  }

  async #renew(ms: number): Promise<readonly string[]> {
    this.#isRenewing = true;
    try {
      const beganMs = this.#options.clock.monotonicMs();
      const refused = await this.#options.table.renewPorts(this.ports, ms);
      this.#deadMan = afterRenewal(beganMs, ms);
      return refused;
    } finally {
      this.#isRenewing = false;
    }
  }

  #fence(ports: readonly string[]): void {
    for (const port of ports) this.#ports.delete(port);
    // What is granted after this is judged by renewals of its own.
    if (this.#ports.size === 0) this.#deadMan = deadManAtStart;
    if (ports.length > 0) this.#options.onFence(ports);
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}
