// For tests: a scheduler on a store, with three model agents that do at once what they are told.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError, type ErrorCode } from '../domain/errors.ts';
import type { HostName, InstanceName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { isOpen, type Operation } from '../domain/operation.ts';
import type { NumbersOf } from '../operations/rollout-watch.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import type { Store } from '../store/store.ts';
import { systemClock } from '../system/clock.ts';
import { ModelAgent } from './model-agent.ts';
import { rememberedFleet, wholeFleet } from './remembered-fleet.ts';
import { Scheduler } from './scheduler.ts';

export const spec = (words: string, more = ''): string => `apiVersion: bridgehead/v1
pools:
  - { name: public, cidr: 198.18.10.0/24, prefix: 16, gateway: 198.18.0.1, bridge: br0 }
hosts:
  - { name: host-1 }
  - { name: host-2 }
  - { name: host-3 }
instances:
  - name: web
    owner: team
    service: web
    tier: 1
    image: image:1
    addresses: [{ pool: public }]
    config: |
      frontend f
        bind :80
        http-request return status 200 string "${words}"
${more}`;

export class Fleet implements AsyncDisposable {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly agents: readonly ModelAgent[];

  private constructor(store: Store, scheduler: Scheduler, agents: readonly ModelAgent[]) {
    this.store = store;
    this.scheduler = scheduler;
    this.agents = agents;
  }

  static async start(store: Store, clock = systemClock, numbersOf?: NumbersOf): Promise<Fleet> {
    const scheduler = schedulerOn(store, clock, numbersOf);
    await scheduler.start();
    const agents = ['host-1', 'host-2', 'host-3'].map((name) => new ModelAgent(name));
    await store.transact(async (tx) => {
      for (const { host: name } of agents) {
        await tx.putHost({ name, zone: 'z', rack: 'r', labels: {}, capacity: null });
      }
    });
    for (const agent of agents) {
      scheduler.attach(agent);
      agent.hello();
    }
    const fleet = new Fleet(store, scheduler, agents);
    await fleet.until(async () => (await fleet.hosts()).every(({ state }) => state === 'ready'));
    return fleet;
  }

  static async serving(store: Store, clock = systemClock): Promise<Fleet> {
    const fleet = await Fleet.start(store, clock);
    await fleet.apply(spec('one'));
    await fleet.until(async () => fleet.owners().length === 1);
    await fleet.quiet();
    return fleet;
  }

  async hosts() {
    return (await this.store.transact((tx) => tx.fleet())).hosts;
  }

  apply(text: string, prune = false) {
    return this.scheduler.apply(
      { source: 's.yaml', text, dryRun: false, prune, takeOver: false },
      'ann',
    );
  }

  agent(name: string): ModelAgent {
    const agent = this.agents.find(({ host }) => host === name);
    assert.ok(agent !== undefined);
    return agent;
  }

  /** Hosts on which the instance answers for its addresses. */
  owners(): readonly HostName[] {
    return this.agents
      .filter((agent) => [...agent.shown.values()].some(({ addresses }) => addresses.length > 0))
      .map(({ host }) => host);
  }

  /** The host that has it, and one that does not. */
  places(): { readonly source: ModelAgent; readonly target: ModelAgent } {
    const [source] = this.owners();
    assert.ok(source !== undefined);
    const other = this.agents.find(({ host }) => host !== source);
    assert.ok(other !== undefined);
    return { source: this.agent(source), target: other };
  }

  async instance(): Promise<Instance> {
    const { instances } = await this.store.transact((tx) => tx.fleet());
    assert.ok(instances[0] !== undefined);
    return instances[0];
  }

  async migrate(to: HostName): Promise<Operation> {
    return this.ended(await this.scheduler.migrate('web' as InstanceName, to, ask('ann')));
  }

  async ended({ id }: Operation): Promise<Operation> {
    await this.until(async () => {
      const now = await this.store.transact((tx) => tx.operation(id));
      return now !== null && !isOpen(now);
    });
    const operation = await this.store.transact((tx) => tx.operation(id));
    assert.ok(operation !== null);
    return operation;
  }

  /** Nothing is under way. */
  async quiet(): Promise<void> {
    await this.until(
      async () => (await this.store.transact((tx) => tx.openOperations())).length === 0,
    );
  }

  async until(condition: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 500; tries += 1) {
      if (await condition()) return;
      await systemClock.sleep(10);
    }
    assert.fail(`never came true: ${condition.toString()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scheduler[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }
}

/** Patience of seconds runs out in a fraction of one. */
export const hastyClock: Clock = {
  ...systemClock,
  monotonicMs: () => systemClock.monotonicMs() * 40,
  sleep: (durationMs, signal) => systemClock.sleep(durationMs / 40, signal),
};

export const ask = (who: string, mayWait = false, key: string | null = null) => ({
  ...{ reason: 'why', who, mayWait, key },
});

export function schedulerOn(
  store: Store,
  clock: Clock = systemClock,
  numbersOf?: NumbersOf,
): Scheduler {
  const more = numbersOf === undefined ? {} : { numbersOf };
  const log = () => undefined;
  // As the server does, where the store can.
  const { changes } = store as Partial<PostgresStore>;
  const readFleet = changes === undefined ? wholeFleet(store) : rememberedFleet(changes, clock);
  return new Scheduler({ store, clock, name: 'one', newId: randomUUID, log, readFleet, ...more });
}

export const refusal =
  (code: ErrorCode, pattern = /./) =>
  (error: unknown) =>
    error instanceof BridgeheadError && error.code === code && pattern.test(error.message);
