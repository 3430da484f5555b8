// The real API over a real database, for a fleet whose agents are models: as large as a test asks for.

import { createHash, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { testApi } from '../../src/api/test-api.ts';
import type { Epoch, HostName, InstanceId, InstanceName, PoolName } from '../../src/domain/ids.ts';
import type { Instance, Tier } from '../../src/domain/model.ts';
import { ModelAgent } from '../../src/scheduler/model-agent.ts';
import { rememberedFleet } from '../../src/scheduler/remembered-fleet.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import type { PostgresStore } from '../../src/store/postgres-store.ts';
import { TestDatabases } from '../../src/store/test-database.ts';
import { systemClock } from '../../src/system/clock.ts';

const poolName = 'public' as PoolName;
const batch = 500;
/** Of `testApi`. */
const token = 'right';

export interface FleetSize {
  readonly hosts: number;
  readonly instances: number;
}

/** A scheduler with its API, and a model agent for each host. */
export class SimulatedFleet implements AsyncDisposable {
  readonly store: PostgresStore;
  readonly scheduler: Scheduler;
  readonly agents: ReadonlyMap<string, ModelAgent>;
  readonly token = token;
  readonly #api: FastifyInstance;
  readonly #databases: TestDatabases;

  private constructor(
    databases: TestDatabases,
    store: PostgresStore,
    scheduler: Scheduler,
    api: FastifyInstance,
    agents: ReadonlyMap<string, ModelAgent>,
  ) {
    this.#databases = databases;
    this.store = store;
    this.scheduler = scheduler;
    this.#api = api;
    this.agents = agents;
  }

  /** Where the API listens. */
  get url(): string {
    const { port } = this.#api.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  static async start({ hosts, instances }: FleetSize, port = 0): Promise<SimulatedFleet> {
    const databases = await TestDatabases.start();
    const store = await databases.fresh();
    const clock = systemClock;
    const log = () => undefined;
    const names = Array.from({ length: hosts }, (_, index) => `host-${index + 1}`);
    await fill(store, names, instances);
    const scheduler = new Scheduler({
      ...{ store, clock, name: 'scheduler-1', newId: randomUUID, log },
      readFleet: rememberedFleet(store.changes, clock),
    });
    await scheduler.start();
    const api = await testApi(store, scheduler);
    await api.listen({ host: '127.0.0.1', port });
    const agents = new Map(names.map((name) => [name, new ModelAgent(name)]));
    for (const agent of agents.values()) {
      scheduler.attach(agent);
      agent.hello();
    }
    return new SimulatedFleet(databases, store, scheduler, api, agents);
  }

  /** Changes an instance's business record, as an apply does. */
  async change(name: string, words: Partial<Instance['spec']>): Promise<void> {
    await this.store.transact(async (tx) => {
      const instance = await tx.instanceNamed(name as InstanceName);
      if (instance === null) throw new Error(`no instance ${name}`);
      await tx.putInstance({ ...instance, spec: { ...instance.spec, ...words } });
    });
  }

  /** Puts a message into the logs, as one that came by syslog. */
  async say(text: string): Promise<void> {
    const atMs = systemClock.wallMs();
    await this.store.logs.append([
      {
        ...{ receivedMs: atMs, saidMs: atMs, host: 'host-1', source: '198.18.0.11' },
        ...{ hostname: text, app: text, pid: '', facility: 0, severity: 3, form: 'rfc5424' },
        ...{ repeats: 1, text, boot: '', sequence: null },
      },
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api.close();
    await this.scheduler[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
    await this.#databases[Symbol.asyncDispose]();
  }
}

/** Hosts in ten zones, and instances dealt out to them in turn. */
async function fill(store: PostgresStore, hosts: readonly string[], count: number): Promise<void> {
  await store.transact(async (tx) => {
    await tx.putPool({
      ...{ name: poolName, cidr: '10.0.0.0/8', range: null, prefix: 8 },
      ...{ gateway: null, bridge: 'br0', vlan: null },
    });
    for (const [index, name] of hosts.entries()) {
      const place = {
        zone: `zone-${1 + (index % 10)}`,
        rack: `rack-${1 + Math.floor(index / 10)}`,
      };
      const capacity = { instances: 100, memoryMib: 65_536, cpus: 64 };
      await tx.putHost({ name: name as HostName, ...place, labels: {}, capacity });
    }
  });
  for (let from = 0; from < count; from += batch) {
    await store.transact(async (tx) => {
      for (let index = from; index < Math.min(count, from + batch); index += 1) {
        const instance = instanceOf(index);
        await tx.putInstance(instance);
        const host = hosts[index % hosts.length] as HostName;
        await tx.putAssignment({
          ...{ instanceId: instance.id, host, epoch: 1 as Epoch, granted: true },
        });
      }
    });
  }
}

function instanceOf(index: number): Instance {
  const config =
    'defaults\n  mode http\nfrontend web\n  bind :80\n  http-request return status 200\n';
  const address = `10.${Math.floor(index / 62_500)}.${Math.floor(index / 250) % 250}.${1 + (index % 250)}`;
  return {
    id: randomUUID() as InstanceId,
    spec: {
      name: `service-${index + 1}` as InstanceName,
      ...{ owner: `team-${index % 25}`, service: `service-${index % 400}` },
      tier: (index % 4) as Tier,
      ...{ standbys: 0, contact: 'someone@example.com', notes: '', image: 'image:1' },
      resources: { memoryMib: 256, cpus: 0.5, maxConnections: 2_000 },
      placement: { zones: [], racks: [], labels: {}, avoid: [] },
      addresses: [{ pool: poolName, address }],
      config,
    },
    addresses: [
      {
        ...{ address, family: 4, pool: poolName, prefix: 8 },
        ...{ gateway: null, bridge: 'br0', vlan: null },
      },
    ],
    rendered: config,
    configHash: createHash('sha256').update(config).digest('hex'),
  };
}
