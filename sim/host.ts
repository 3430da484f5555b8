import { fingerprintOf } from '../src/agent/container-shape.ts';
import type { Machine } from '../src/agent/machine.ts';
import type { Promises } from '../src/agent/pulse/prober-messages.ts';
import type { DesiredInstance } from '../src/domain/desired.ts';
import { BridgeheadError } from '../src/domain/errors.ts';
import type { HostName, InstanceId, InstanceName } from '../src/domain/ids.ts';
import { portOfInstance } from '../src/domain/mac.ts';
import { claimedHash } from '../src/haproxy/config-hash.ts';
import { SimDisk } from './disk.ts';
import { hostFacts, images } from './host-facts.ts';
import { type SimContainer, type SimPort, seen, type Wire, type WireClaim } from './host-parts.ts';
import { KernelLease } from './lease.ts';
import type { SimPulse } from './pulse.ts';
import type { Node } from './segment.ts';
import type { Process, World } from './world.ts';

/** What HAProxy refuses, here and in the specs of the simulated operators. */
export const badConfigMark = 'nonsense';

export interface SimHostParts {
  readonly world: World;
  readonly wire: Wire;
  readonly name: HostName;
  /** Its own on the bridge. */
  readonly address: string;
  /** Whether its kernel keeps to the lease. */
  readonly isLeased: boolean;
  /** The agent is about to take a running instance off the wire, or to end it. */
  readonly onTakenDown: (id: InstanceId) => void;
}

/**
 * A host: a kernel with ports, an Engine with containers, and a disk. The agent on it is a process
 * that comes and goes; what it made stays.
 */
export class SimHost implements Node {
  readonly name: HostName;
  readonly address: string;
  /** The kernel's rules: gone with it, and there whatever the agent does. */
  lease = new KernelLease();
  /** What the agent's witness keeps in memory for the next one. */
  promises: Promises | null = null;
  /** The agent's witness, with the process that it is in. */
  pulse: { readonly process: Process; readonly pulse: SimPulse } | null = null;
  readonly #isLeased: boolean;
  readonly #world: World;
  readonly #wire: Wire;
  readonly disk = new SimDisk();
  readonly #configs = new Map<InstanceId, string>();
  readonly containers = new Map<InstanceName, SimContainer>();
  readonly ports = new Map<string, SimPort>();
  isPowered = true;
  /** When something that runs here was last ended by a fault; -1 for never. */
  harmedMs = -1;
  #boots = 1;
  #pids = 100;
  #engineDownUntilMs = 0;
  readonly #watchers = new Set<() => void>();
  #made = 0;
  readonly #onTakenDown: (id: InstanceId) => void;

  constructor({ world, wire, name, address, isLeased, onTakenDown }: SimHostParts) {
    this.#world = world;
    this.#wire = wire;
    this.name = name;
    this.address = address;
    this.#isLeased = isLeased;
    this.#onTakenDown = onTakenDown;
  }

  echo(probe: Buffer): boolean {
    this.lease.receive(probe, this.#world.nowMs);
    return true;
  }

  ask(bytes: Buffer, answer: (bytes: Buffer) => void): void {
    const { process, pulse } = this.pulse ?? {};
    const reply = () => {
      const text = pulse?.answer(bytes);
      if (text !== null && text !== undefined) answer(text);
    };
    process?.after(0, reply, true);
  }

  /** Epoch under which the host's disk says that it holds the instance; 0 for none. */
  heldEpoch(id: InstanceId): number {
    const [epoch = '0', boot] = (this.disk.read(`instances/${id}/held`) ?? '').trim().split(' ');
    return boot === this.#bootId ? Number(epoch) : 0;
  }

  /** A configuration that HAProxy refuses and that runs here all the same; null for none. */
  get badConfig(): string | null {
    for (const { id, loaded } of this.containers.values()) {
      const config = loaded === null ? '' : (this.#configs.get(id) ?? '');
      if (claimedHash(config) === loaded && config.includes(badConfigMark)) return id;
    }
    return null;
  }

  /** The kernel is gone, and with it all that is not on the disk. */
  powerOff(): void {
    this.isPowered = false;
    this.harmedMs = this.#world.nowMs;
    this.ports.clear();
    this.disk.powerCut();
    this.lease = new KernelLease();
    this.promises = null;
    for (const container of this.containers.values()) this.#stop(container);
  }

  powerOn(): void {
    this.isPowered = true;
    this.#boots += 1;
  }

  stopEngine(untilMs: number): void {
    this.#engineDownUntilMs = untilMs;
  }

  /** Somebody kills a container by hand. @returns its name, null where there was none to kill */
  killContainer(): InstanceName | null {
    const running = [...this.containers.values()].filter(({ pid }) => pid !== 0);
    if (running.length === 0) return null;
    const container = this.#world.random.pick(running);
    this.#stop(container);
    this.harmedMs = this.#world.nowMs;
    for (const watcher of this.#watchers) watcher();
    return container.name;
  }

  /** Service addresses that are on the wire from here. */
  get answered(): readonly string[] {
    return this.claims.map(({ address }) => address);
  }

  /** Service addresses that are on the wire from here, each with the instance that answers. */
  get claims(): readonly WireClaim[] {
    if (this.#isLeased && !this.lease.isOpen(this.#world.nowMs)) return [];
    return this.held;
  }

  /** Those that the agent has put there, whether the kernel lets their frames through or not. */
  get held(): readonly WireClaim[] {
    if (!this.isPowered) return [];
    return [...this.ports.values()].flatMap(({ up, bridge, addresses, instance, mac }) =>
      up && bridge !== null ? [...addresses].map((address) => ({ address, instance, mac })) : [],
    );
  }

  /** Configurations that run here, by instance. */
  get loaded(): ReadonlyMap<InstanceId, string> {
    return new Map(
      [...this.containers.values()].flatMap(({ id, loaded }) =>
        loaded === null ? [] : [[id, loaded] as const],
      ),
    );
  }

  /** The host as the agent's state machine sees it, each call an await at which it may die. */
  machine(process: Process): Machine {
    const spoken = new Set<InstanceId>();
    const { random } = this.#world;
    const pass = async (isDisk = false) => {
      const isSlow = isDisk && this.#world.nowMs < this.disk.slowUntilMs;
      await process.pass(
        isSlow ? random.between(100, 2_000) : random.chance(0.1) ? random.between(1, 8) : 0,
      );
    };
    const engine = async () => {
      await pass();
      if (this.#world.nowMs >= this.#engineDownUntilMs) return;
      throw new BridgeheadError('ENGINE_DOWN', 'the Docker Engine does not answer', 'Start it.');
    };
    const byId = (engineId: string) =>
      [...this.containers.values()].find((one) => one.engineId === engineId);
    const byPid = (pid: number) => [...this.ports.values()].find((one) => one.pid === pid);
    const hashOf = (id: InstanceId) => claimedHash(this.#configs.get(id) ?? '');
    return {
      readFacts: async () => {
        await pass();
        return hostFacts(this.#bootId, this.address);
      },
      readFile: async (name) => {
        await pass(true);
        return this.disk.read(name);
      },
      replaceFile: async (name, text) => {
        await pass(true);
        this.disk.replace(name, text, { isSynced: true });
        await pass();
      },
      replaceBootFile: async (name, text) => {
        await pass();
        this.disk.replace(name, text, { isSynced: false });
        await pass();
      },
      removeFolder: async (name) => {
        await pass(true);
        this.disk.removeFolder(name);
      },
      listContainers: async () => {
        await engine();
        return [...this.containers.values()].map(({ id, name }) => ({ id, name }));
      },
      watchContainers: (onChange, signal) =>
        new Promise((resolve) => {
          const tell = () => process.after(1, onChange);
          this.#watchers.add(tell);
          const forget = () => this.#watchers.delete(tell);
          process.onDeath(forget);
          signal.addEventListener('abort', () => {
            forget();
            resolve();
          });
        }),
      hasImage: async (image) => {
        await engine();
        return (images as readonly string[]).includes(image);
      },
      readContainer: async (name) => {
        await engine();
        const found = this.containers.get(name);
        return found === undefined ? null : seen(found);
      },
      createContainer: async (desired) => {
        await engine();
        const container = this.#create(desired);
        await pass();
        return container.engineId;
      },
      startContainer: async (engineId) => {
        await engine();
        const container = byId(engineId);
        if (container === undefined) throw new Error(`no container ${engineId}`);
        this.#pids += 1;
        container.pid = this.#pids;
        container.loaded = hashOf(container.id);
        await pass();
      },
      removeContainer: async (engineId) => {
        await engine();
        const container = byId(engineId);
        if (container === undefined) return;
        if (container.pid !== 0) this.#onTakenDown(container.id);
        this.#stop(container);
        this.containers.delete(container.name);
        await pass();
      },
      updateContainer: async (engineId, { memoryMib, cpus }) => {
        await engine();
        const container = byId(engineId);
        if (container !== undefined) Object.assign(container, { memoryMib, cpus });
      },
      containerLog: async () => {
        await engine();
        return '';
      },
      judge: async (_, config) => {
        await engine();
        const isValid = !config.includes(badConfigMark);
        const finding = { severity: 'alert', line: 1, message: 'unknown keyword' } as const;
        return { valid: isValid, findings: isValid ? [] : [finding] };
      },
      readConfig: async (id) => {
        await pass();
        return this.#configs.get(id) ?? null;
      },
      writeConfig: async (id, config) => {
        await pass(true);
        this.#configs.set(id, config);
        await pass();
      },
      reload: async (id) => {
        await pass();
        const container = [...this.containers.values()].find((one) => one.id === id);
        if (container !== undefined && container.pid !== 0) container.loaded = hashOf(id);
      },
      loadedHash: async (id) => {
        await pass();
        return [...this.containers.values()].find((one) => one.id === id)?.loaded ?? null;
      },
      setHealthChecks: () => pass(),
      writeServerStates: () => pass(),
      workers: () => pass().then(() => ''),
      command: () => pass().then(() => ''),
      acceptPeer: () => pass().then(() => null),
      listPorts: async () => {
        await pass();
        return [...this.ports.keys()];
      },
      readPort: async (port) => {
        await pass();
        const found = this.ports.get(port);
        return found === undefined ? null : { up: found.up, bridge: found.bridge };
      },
      createPort: async (port, pid, mac) => {
        await pass();
        const inside = [...this.containers.values()].find((one) => one.pid === pid);
        if (inside === undefined) throw new Error(`no process ${pid}`);
        const fresh = { up: false, bridge: null, pid, mac, addresses: new Set<string>() };
        this.ports.set(port, { ...fresh, instance: inside.id });
        await pass();
      },
      deletePort: async (port) => {
        await pass();
        this.ports.delete(port);
      },
      attachPort: async (port, bridge) => {
        await pass();
        const found = this.ports.get(port);
        if (found === undefined) throw new Error(`no port ${port}`);
        Object.assign(found, { up: true, bridge });
        await pass();
      },
      detachPort: async (port) => {
        await pass();
        const found = this.ports.get(port);
        if (found === undefined) throw new Error(`no port ${port}`);
        const container = [...this.containers.values()].find(({ pid }) => pid === found.pid);
        if (container !== undefined && found.up) this.#onTakenDown(container.id);
        Object.assign(found, { up: false, bridge: null });
        await pass();
      },
      namespaceOf: (pid) => (byPid(pid) === undefined ? null : `net:[${pid}]`),
      readInterior: async (pid) => {
        await pass();
        const found = byPid(pid);
        return found === undefined ? null : { mac: found.mac, addresses: [...found.addresses] };
      },
      addAddresses: async (pid, addresses) => {
        await pass();
        const found = byPid(pid);
        if (found === undefined) throw new Error(`no eth0 in ${pid}`);
        for (const { address } of addresses) found.addresses.add(address);
        await pass();
      },
      removeAddresses: async (pid, addresses) => {
        await pass();
        for (const address of addresses) byPid(pid)?.addresses.delete(address);
      },
      flushAddresses: async (pid) => {
        await pass();
        byPid(pid)?.addresses.clear();
      },
      quiesce: () => pass(),
      endQuiesce: () => pass(),
      openConnections: async () => {
        await pass();
        return random.chance(0.9) ? 0 : 1;
      },
      findDuplicate: async (_, mac, addresses) => {
        await process.pass(150);
        // Its own kernel lets no frame through either way without a lease.
        if (this.#isLeased && !this.lease.isOpen(this.#world.nowMs)) return null;
        for (const address of addresses) {
          // An answer from its own MAC is taken for its own: an instance has that on every host.
          const other = this.#wire
            .claimsOn(address)
            .find((one) => one.mac !== mac && this.#wire.reaches(this.name, one.host.name));
          if (other !== undefined) return { address, mac: other.mac };
        }
        return null;
      },
      speak: (id) => void spoken.add(id),
      silence: (id) => void spoken.delete(id),
      onConflict: () => undefined,
      speaks: (id) => spoken.has(id),
      isAnswered: async () => null,
      probe: async ({ address }) => {
        await process.pass(random.between(1, 20));
        return { mac: this.#wire.claimsOn(address)[0]?.mac ?? null, openPorts: [] };
      },
    };
  }

  #create(desired: DesiredInstance): SimContainer {
    if (this.containers.has(desired.name)) throw new Error(`${desired.name} is there already`);
    this.#made += 1;
    const { id, name, resources } = desired;
    const container: SimContainer = {
      engineId: `${this.name}-${this.#made}`,
      ...{ id, name, memoryMib: resources.memoryMib, cpus: resources.cpus, pid: 0, loaded: null },
      fingerprint: fingerprintOf(desired),
    };
    this.containers.set(name, container);
    return container;
  }

  // The kernel takes the veth pair away with the namespace that one end is in.
  #stop(container: SimContainer): void {
    this.ports.delete(portOfInstance(container.id));
    container.pid = 0;
    container.loaded = null;
  }

  get #bootId(): string {
    return `boot-${this.#boots}`;
  }
}
