// A simulated fleet on which a test sets up a course of events by hand.

import assert from 'node:assert/strict';
import { Simulation } from '../../sim/simulation.ts';
import type { HostName } from '../../src/domain/ids.ts';
import type { Operation } from '../../src/domain/operation.ts';

const network = {
  ...{ delayMs: { least: 2, most: 20 }, late: { probability: 0, mostMs: 1 } },
  ...{ doubled: 0, reordered: 0 },
};
/** What comes along with a request. */
export const request = { reason: '', who: 'ann', mayWait: false, key: null } as const;

/** What a course begins with. */
interface Fleet {
  readonly hosts: number;
  readonly schedulers?: number;
  /** Whether hosts witness each other, so that a silent one is failed over. */
  readonly isWitnessed?: boolean;
}

/** A calm fleet, with words for what operators do to it. */
export class Course {
  readonly simulation: Simulation;

  private constructor(simulation: Simulation) {
    this.simulation = simulation;
  }

  static async begin({ hosts, schedulers = 1, isWitnessed = false }: Fleet): Promise<Course> {
    const segment = isWitnessed ? { loss: 0, doubled: 0, mostMs: 5 } : null;
    const simulation = new Simulation({ seed: 7, hosts, schedulers, network, segment });
    await simulation.begin();
    await simulation.run(3_000);
    return new Course(simulation);
  }

  get scheduler() {
    const scheduler = this.simulation.schedulers[0]?.scheduler;
    assert.ok(scheduler);
    return scheduler;
  }

  /**
   * Applies instances by name and address as the whole spec.
   *
   * @returns how it came out, by and by: `open`, then `accepted` or an error's code
   */
  apply(
    instances: Readonly<Record<string, string>>,
    { key = null, standbys = 0 }: { key?: string | null; standbys?: number } = {},
  ) {
    const outcome = { now: 'open' };
    const what = { source: 'spec', text: specOf(instances, standbys), dryRun: false, prune: true };
    this.scheduler.apply({ ...what, takeOver: false }, 'ann', key).then(
      () => (outcome.now = 'accepted'),
      (error: unknown) => (outcome.now = (error as { code: string }).code),
    );
    return outcome;
  }

  async cordon(name: string, reason: string | null): Promise<void> {
    void this.scheduler.setCordon(name as HostName, reason, 'ann');
    await this.simulation.run(500);
  }

  /** The hosts that answer for an address. */
  owners(address: string): readonly string[] {
    return this.simulation.hosts
      .filter(({ host }) => host.answered.includes(address))
      .map(({ host }) => host.name);
  }

  seat(name: string | undefined) {
    const seat = this.simulation.hosts.find(({ host }) => host.name === name);
    assert.ok(seat, `no host ${name}`);
    return seat;
  }

  others(name: string | undefined) {
    return this.simulation.hosts.filter(({ host }) => host.name !== name);
  }

  cutOff(name: string): void {
    for (const peer of ['scheduler-1', ...this.others(name).map(({ host }) => host.name)]) {
      this.simulation.network.block(name, peer);
      this.simulation.network.block(peer, name);
    }
  }

  operations(kind: string): readonly Operation[] {
    const rows = [...this.simulation.database.tables.operations.values()];
    return rows.map(({ operation }) => operation).filter((one) => one.kind === kind);
  }

  run(ms: number): Promise<void> {
    return this.simulation.run(ms);
  }
}

function specOf(instances: Readonly<Record<string, string>>, standbys: number): string {
  const one = ([name, address]: [string, string]) => `
  - name: ${name}
    owner: team
    service: ${name}
    tier: 1
    standbys: ${standbys}
    image: image:1
    addresses: [{ pool: public, address: ${address} }]
    config: |
      frontend f
        bind :80
        http-request return status 200`;
  const pool =
    '{ name: public, cidr: 198.18.10.0/28, prefix: 16, gateway: 198.18.0.1, bridge: br0 }';
  const entries = Object.entries(instances);
  const list = entries.length === 0 ? '[]' : entries.map(one).join('');
  return `apiVersion: bridgehead/v1\npools:\n  - ${pool}\ninstances: ${list}\n`;
}
