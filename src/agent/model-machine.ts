// For tests: a host in memory, that does at once what it is asked.

import type { DesiredInstance } from '../domain/desired.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceId, InstanceName } from '../domain/ids.ts';
import { macOfInstance, portOfInstance } from '../domain/mac.ts';
import type { Resources } from '../domain/model.ts';
import type { ProbeResult, ValidateResult } from '../protocol/frames.ts';
import { fingerprintOf } from './container-shape.ts';
import type {
  Claim,
  Container,
  InterfaceAddress,
  Interior,
  Machine,
  MachineFacts,
  PeerConnection,
  Port,
} from './machine.ts';

interface ModelContainer extends Container {
  readonly id: InstanceId;
  readonly name: InstanceName;
}

const facts: Omit<MachineFacts, 'bootId'> = {
  agentVersion: '0',
  kernel: '6.1.0',
  docker: '20.10',
  cpus: 4,
  memoryMib: 8_192,
  uptimeS: 1,
  nics: [{ name: 'eth0', driver: 'veth' }],
  bridges: [{ name: 'br0', addresses: ['198.18.0.11'], vlanAware: false }],
  images: [{ reference: 'image:1', haproxy: '2.6.12' }],
};

export class ModelMachine implements Machine {
  /** Says that a stranger speaks in the name of an address. */
  conflict: (id: InstanceId, claim: Claim) => void = () => undefined;
  /**
   * Called before each effect takes place, and before a container is read, with its name and first
   * argument: may wait, or throw.
   */
  before: (effect: string, subject: string) => Promise<void> | void = () => undefined;
  /** Every effect in the order they took place, such as `attachPort bh0123456789ab`. */
  readonly done: string[] = [];
  readonly files = new Map<string, string>();
  /** Those that a reboot may leave nothing of. */
  readonly #bootFiles = new Set<string>();
  readonly containers = new Map<string, ModelContainer>();
  readonly ports = new Map<string, Port & { readonly pid: number }>();
  readonly interiors = new Map<number, Interior>();
  readonly checks = new Map<InstanceId, boolean>();
  /** What every HAProxy answers to a command. */
  answer: (command: string) => string = () => '';
  readonly spoken = new Set<InstanceId>();
  /** What connects as a peer, by the socket's name; each once. */
  readonly peers = new Map<string, PeerConnection>();
  /** Addresses of the segment that do not answer this host. */
  readonly deaf = new Set<string>();
  /** What every HAProxy's master says of its processes. */
  processes = '';
  isEngineDown = false;
  #configs = new Map<InstanceId, string>();
  #loaded = new Map<InstanceId, string>();
  #bootId = 'boot-1';
  #nextPid = 1;

  /** What a reboot of the host takes away, and what it leaves. */
  reboot(): void {
    this.#bootId = `${this.#bootId}+`;
    for (const name of this.#bootFiles) this.files.delete(name);
    this.ports.clear();
    this.interiors.clear();
    this.spoken.clear();
    this.#loaded.clear();
    for (const [key, container] of this.containers) {
      this.containers.set(key, { ...container, running: false, pid: 0 });
    }
  }

  /** What the wire shows of the instance. */
  shown(id: InstanceId): readonly string[] {
    const port = this.ports.get(portOfInstance(id));
    if (port?.up !== true || port.bridge === null) return [];
    return this.interiors.get(port.pid)?.addresses ?? [];
  }

  async readFacts(): Promise<MachineFacts> {
    return { ...facts, bootId: this.#bootId };
  }

  async readFile(name: string): Promise<string | null> {
    return this.files.get(name) ?? null;
  }

  async replaceFile(name: string, text: string): Promise<void> {
    await this.#effect('replaceFile', name);
    this.files.set(name, text);
  }

  async replaceBootFile(name: string, text: string): Promise<void> {
    await this.#effect('replaceBootFile', name);
    this.files.set(name, text);
    this.#bootFiles.add(name);
  }

  async removeFolder(name: string): Promise<void> {
    await this.#effect('removeFolder', name);
    for (const file of this.files.keys()) if (file.startsWith(`${name}/`)) this.files.delete(file);
  }

  async listContainers(): Promise<
    readonly { readonly id: InstanceId; readonly name: InstanceName }[]
  > {
    this.#askEngine();
    return [...this.containers.values()];
  }

  watchContainers(_onChange: () => void, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
  }

  async hasImage(): Promise<boolean> {
    return true;
  }

  async readContainer(name: InstanceName): Promise<Container | null> {
    await this.before('readContainer', name);
    this.#askEngine();
    return [...this.containers.values()].find((one) => one.name === name) ?? null;
  }

  async createContainer(desired: DesiredInstance): Promise<string> {
    await this.#effect('createContainer', desired.id);
    if ((await this.readContainer(desired.name)) !== null) throw new Error('the name is taken');
    const engineId = `engine-${desired.id}-${this.#nextPid}`;
    this.containers.set(engineId, {
      engineId,
      id: desired.id,
      instance: desired.id,
      name: desired.name,
      running: false,
      pid: 0,
      fingerprint: fingerprintOf(desired),
      memoryMib: desired.resources.memoryMib,
      cpus: desired.resources.cpus,
    });
    return engineId;
  }

  async startContainer(engineId: string): Promise<void> {
    await this.#effect('startContainer', engineId);
    const container = this.#container(engineId);
    this.containers.set(engineId, { ...container, running: true, pid: this.#nextPid });
    this.#nextPid += 1;
    await this.reload(container.id);
  }

  async removeContainer(engineId: string): Promise<void> {
    await this.#effect('removeContainer', engineId);
    const container = this.containers.get(engineId);
    if (container === undefined) return;
    this.containers.delete(engineId);
    this.#loaded.delete(container.id);
    this.interiors.delete(container.pid);
    for (const [port, { pid }] of this.ports) if (pid === container.pid) this.ports.delete(port);
  }

  async updateContainer(
    engineId: string,
    limits: Pick<Resources, 'memoryMib' | 'cpus'>,
  ): Promise<void> {
    await this.#effect('updateContainer', engineId);
    this.containers.set(engineId, { ...this.#container(engineId), ...limits });
  }

  async containerLog(): Promise<string> {
    return '';
  }

  async judge(): Promise<ValidateResult> {
    return { valid: true, findings: [] };
  }

  async readConfig(id: InstanceId): Promise<string | null> {
    return this.#configs.get(id) ?? null;
  }

  async writeConfig(id: InstanceId, config: string): Promise<void> {
    await this.#effect('writeConfig', id);
    this.#configs.set(id, config);
  }

  /** A configuration of this model is nothing but its own hash. */
  async reload(id: InstanceId): Promise<void> {
    await this.#effect('reload', id);
    this.#loaded.set(id, this.#configs.get(id) ?? '');
  }

  async writeServerStates(id: InstanceId): Promise<void> {
    await this.#effect('writeServerStates', id);
  }

  async workers(): Promise<string> {
    return this.processes;
  }

  async loadedHash(id: InstanceId): Promise<string | null> {
    return this.#loaded.get(id) ?? null;
  }

  async setHealthChecks(id: InstanceId, on: boolean): Promise<void> {
    await this.#effect('setHealthChecks', id);
    this.checks.set(id, on);
  }

  async command(id: InstanceId, text: string): Promise<string> {
    await this.#effect('command', `${id} ${text}`);
    return this.answer(text);
  }

  async acceptPeer(id: InstanceId, socket: string): Promise<PeerConnection | null> {
    await this.#effect('acceptPeer', `${id} ${socket}`);
    const peer = this.peers.get(socket) ?? null;
    this.peers.delete(socket);
    return peer;
  }

  async listPorts(): Promise<readonly string[]> {
    return [...this.ports.keys()];
  }

  async readPort(port: string): Promise<Port | null> {
    return this.ports.get(port) ?? null;
  }

  async createPort(port: string, pid: number, mac: string): Promise<void> {
    await this.#effect('createPort', port);
    this.ports.set(port, { up: false, bridge: null, pid });
    this.interiors.set(pid, { mac, addresses: [] });
  }

  async deletePort(port: string): Promise<void> {
    await this.#effect('deletePort', port);
    this.interiors.delete(this.ports.get(port)?.pid ?? 0);
    this.ports.delete(port);
  }

  async attachPort(port: string, bridge: string): Promise<void> {
    await this.#effect('attachPort', port);
    this.#setPort(port, { up: true, bridge });
  }

  async detachPort(port: string): Promise<void> {
    await this.#effect('detachPort', port);
    if (this.ports.has(port)) this.#setPort(port, { up: false, bridge: null });
  }

  namespaceOf(pid: number): string | null {
    return this.interiors.has(pid) ? `net:[${pid}]` : null;
  }

  async readInterior(pid: number): Promise<Interior | null> {
    return this.interiors.get(pid) ?? null;
  }

  async addAddresses(pid: number, addresses: readonly InterfaceAddress[]): Promise<void> {
    await this.#effect('addAddresses', String(pid));
    const added = addresses.map(({ address }) => address);
    this.#setAddresses(pid, (before) => [...new Set([...before, ...added])]);
  }

  async removeAddresses(pid: number, addresses: readonly string[]): Promise<void> {
    await this.#effect('removeAddresses', String(pid));
    this.#setAddresses(pid, (before) => before.filter((one) => !addresses.includes(one)));
  }

  async flushAddresses(pid: number): Promise<void> {
    await this.#effect('flushAddresses', String(pid));
    this.#setAddresses(pid, () => []);
  }

  async quiesce(pid: number): Promise<void> {
    await this.#effect('quiesce', String(pid));
  }

  async endQuiesce(pid: number): Promise<void> {
    await this.#effect('endQuiesce', String(pid));
  }

  async openConnections(): Promise<number> {
    return 0;
  }

  async findDuplicate(pid: number): Promise<Claim | null> {
    await this.#effect('findDuplicate', String(pid));
    return null;
  }

  speak(id: InstanceId): void {
    this.spoken.add(id);
  }

  onConflict(handler: (id: InstanceId, claim: Claim) => void): void {
    this.conflict = handler;
  }

  silence(id: InstanceId): void {
    this.spoken.delete(id);
  }

  speaks(id: InstanceId): boolean {
    return this.spoken.has(id);
  }

  async isAnswered(_: string, address: string): Promise<boolean> {
    return !this.deaf.has(address);
  }

  async probe(): Promise<ProbeResult> {
    return { mac: macOfInstance('' as InstanceId), openPorts: [] };
  }

  async #effect(name: string, subject: string): Promise<void> {
    await this.before(name, subject);
    this.done.push(`${name} ${subject}`);
  }

  #askEngine(): void {
    if (this.isEngineDown) throw new BridgeheadError('ENGINE_DOWN', 'no Engine', 'Start it.');
  }

  #container(engineId: string): ModelContainer {
    const container = this.containers.get(engineId);
    if (container === undefined) throw new Error(`no container ${engineId}`);
    return container;
  }

  #setPort(name: string, state: Port): void {
    const port = this.ports.get(name);
    if (port === undefined) throw new Error(`no port ${name}`);
    this.ports.set(name, { ...state, pid: port.pid });
  }

  #setAddresses(pid: number, change: (before: readonly string[]) => readonly string[]): void {
    const inside = this.interiors.get(pid);
    if (inside === undefined) throw new Error(`no namespace of ${pid}`);
    this.interiors.set(pid, { ...inside, addresses: change(inside.addresses) });
  }
}
