import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import type { InstanceId, InstanceName } from '../domain/ids.ts';
import type { Resources, ServiceAddress } from '../domain/model.ts';
import type { ProbeResult, ValidateResult } from '../protocol/frames.ts';
import type { DockerEngine } from '../system/docker-engine.ts';
import { AttachmentCache } from './attachment-cache.ts';
import { Certificates } from './certificates.ts';
import * as configuration from './configuration.ts';
import { openConnections } from './connections.ts';
import { readIfThere, replaceBootFile, replaceFile } from './disk.ts';
import { portPattern, readFacts } from './facts.ts';
import {
  containerName,
  containerOf,
  haproxyContainer,
  instanceLabel,
  labelled,
} from './haproxy-container.ts';
import * as kernel from './kernel.ts';
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
import { mountMemoryFolder } from './memory-folder.ts';
import { applyInside, applySettings, hostSettings, instanceSettings } from './packet-path.ts';
import { acceptPeer } from './peer-socket.ts';
import { isAnswered, probeAddress } from './probe.ts';
import { endQuiesce, quiesce } from './quiesce.ts';
import { Announcer } from './wire/announcer.ts';
import { findDuplicate } from './wire/ask.ts';

/** Below the data folder, and in memory only. */
const certificatesFolder = 'certificates';

export interface LinuxMachineOptions {
  readonly engine: DockerEngine;
  /** Where the agent keeps its files; made where it is missing. */
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly agentVersion: string;
  /** File with an id that changes at each boot. */
  readonly bootIdFile: string;
  /** Gets what is in an attachment from a scheduler. @throws BridgeheadError ATTACHMENT_MISSING */
  readonly fetchAttachment: (sha256: string) => Promise<Uint8Array>;
  /** Tells people; `object` is such as `certificate/shop.pem`. */
  readonly tell: (kind: string, object: string, message: string) => void;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** A Linux host with a Docker Engine. What announces on it is silent once it is disposed of. */
export class LinuxMachine implements Machine, Disposable {
  readonly #options: LinuxMachineOptions;
  readonly #engine: DockerEngine;
  readonly #announcer: Announcer;
  readonly #attachments: AttachmentCache;
  /** To be told what schedulers say. */
  readonly certificates: Certificates;
  #onConflict: (id: InstanceId, claim: Claim) => void = () => undefined;

  private constructor(options: LinuxMachineOptions) {
    this.#options = options;
    this.#engine = options.engine;
    this.#attachments = new AttachmentCache({
      folder: join(options.dataFolder, 'attachments'),
      user: configuration.haproxyUser,
      fetch: options.fetchAttachment,
      wallMs: () => options.clock.wallMs(),
    });
    const { clock, log, tell } = options;
    this.certificates = new Certificates({
      folder: this.#path(certificatesFolder),
      user: configuration.haproxyUser,
      ask: (id, command) => this.command(id, command),
      ...{ clock, log, tell },
    });
    this.#announcer = new Announcer(
      options.clock,
      (key, error) => options.log('cannot announce', { instance: key, error: error.message }),
      (key, claim) => this.#onConflict(key as InstanceId, claim),
    );
  }

  /** Clears away what an agent before left that no agent would look for. */
  static async open(options: LinuxMachineOptions): Promise<LinuxMachine> {
    await mkdir(options.dataFolder, { recursive: true, mode: 0o700 });
    await mountMemoryFolder(join(options.dataFolder, certificatesFolder));
    await configuration.removeStaleValidations(options.engine).catch(() => undefined);
    return new LinuxMachine(options);
  }

  [Symbol.dispose](): void {
    this.#announcer[Symbol.dispose]();
    this.certificates[Symbol.dispose]();
  }

  /** Sees to the settings of the host first: what somebody has changed since is put right. */
  readFacts(): Promise<MachineFacts> {
    const changed = applySettings(hostSettings);
    if (changed.length > 0) this.#options.log('settings of the kernel put right', { changed });
    return readFacts(this.#engine, this.#options.agentVersion, this.#options.bootIdFile);
  }

  readFile(name: string): Promise<string | null> {
    return readIfThere(this.#path(name));
  }

  replaceFile(name: string, text: string): Promise<void> {
    return replaceFile(this.#path(name), text);
  }

  replaceBootFile(name: string, text: string): Promise<void> {
    return replaceBootFile(this.#path(name), text);
  }

  async removeFolder(name: string): Promise<void> {
    const id = /^instances\/([^/]+)$/.exec(name)?.[1];
    if (id !== undefined) await this.certificates.forget(id as InstanceId);
    await rm(this.#path(name), { recursive: true, force: true });
  }

  async listContainers(): Promise<
    readonly { readonly id: InstanceId; readonly name: InstanceName }[]
  > {
    return (await this.#engine.containers([instanceLabel])).flatMap(labelled);
  }

  watchContainers(onChange: () => void, signal: AbortSignal): Promise<void> {
    return this.#engine.watch(instanceLabel, onChange, signal);
  }

  hasImage(image: string): Promise<boolean> {
    return this.#engine.hasImage(image);
  }

  async readContainer(name: InstanceName): Promise<Container | null> {
    const inspected = await this.#engine.inspect(containerName(name));
    return inspected === null ? null : containerOf(inspected);
  }

  createContainer(desired: DesiredInstance): Promise<string> {
    const spec = haproxyContainer(desired, this.#folders(desired.id));
    return this.#engine.create(containerName(desired.name), spec);
  }

  startContainer(engineId: string): Promise<void> {
    return this.#engine.start(engineId);
  }

  removeContainer(engineId: string): Promise<void> {
    return this.#engine.remove(engineId);
  }

  updateContainer(engineId: string, limits: Pick<Resources, 'memoryMib' | 'cpus'>): Promise<void> {
    return this.#engine.update(engineId, limits);
  }

  containerLog(engineId: string): Promise<string> {
    return this.#engine.logs(engineId);
  }

  judge(image: string, config: string): Promise<ValidateResult> {
    const { dataFolder } = this.#options;
    const provide = (etc: string) => this.#attachments.provide(etc, config);
    return configuration.validate(this.#engine, dataFolder, image, config, provide);
  }

  readConfig(id: InstanceId): Promise<string | null> {
    return readIfThere(join(this.#folders(id).etc, configuration.configFile));
  }

  async writeConfig(id: InstanceId, config: string): Promise<void> {
    const folders = this.#folders(id);
    await configuration.makeFolders(folders);
    await this.#attachments.provide(folders.etc, config);
    await this.certificates.provide(id, config);
    await configuration.writeConfig(folders.etc, config);
  }

  reload(id: InstanceId): Promise<void> {
    return configuration.reload(this.#folders(id), this.#options.clock);
  }

  writeServerStates(id: InstanceId, text: string): Promise<void> {
    return configuration.writeServerStates(this.#folders(id), text);
  }

  workers(id: InstanceId): Promise<string> {
    return configuration.workers(this.#folders(id));
  }

  loadedHash(id: InstanceId): Promise<string | null> {
    return configuration.loadedHash(this.#folders(id));
  }

  setHealthChecks(id: InstanceId, on: boolean): Promise<void> {
    return configuration.setHealthChecks(this.#folders(id), on);
  }

  /** Not of the state machine: nothing is decided by it. See `agent/numbers.ts`. */
  readCounters(id: InstanceId, timeoutMs: number): Promise<string> {
    return configuration.readCounters(this.#folders(id), timeoutMs);
  }

  /** Not of the state machine either. See `agent/lapses.ts`. */
  async markUp(withinMs: number): Promise<void> {
    const folders = this.#announcer.speaking.map((id) => this.#folders(id as InstanceId));
    // One that does not answer has no servers to mark either.
    await Promise.allSettled(folders.map((one) => configuration.markUp(one, withinMs)));
  }

  command(id: InstanceId, text: string): Promise<string> {
    return configuration.command(this.#folders(id), text);
  }

  acceptPeer(id: InstanceId, socket: string, waitMs: number): Promise<PeerConnection | null> {
    return acceptPeer(this.#folders(id).run, socket, waitMs, this.#options.clock);
  }

  listPorts(): Promise<readonly string[]> {
    return kernel.listPorts(portPattern);
  }

  readPort(port: string): Promise<Port | null> {
    return kernel.readPort(port);
  }

  async createPort(port: string, pid: number, mac: string, bridge: string): Promise<void> {
    await kernel.createPort(port, pid, mac, await kernel.bridgeMtu(bridge));
    applyInside(kernel.namespaceOf(pid), instanceSettings);
  }

  deletePort(port: string): Promise<void> {
    return kernel.deletePort(port);
  }

  attachPort(port: string, bridge: string, vlan: number | null): Promise<void> {
    return kernel.attachPort(port, bridge, vlan);
  }

  detachPort(port: string): Promise<void> {
    return kernel.detachPort(port);
  }

  namespaceOf(pid: number): string | null {
    return kernel.namespaceNameOf(pid);
  }

  readInterior(pid: number): Promise<Interior | null> {
    return kernel.readInterior(pid);
  }

  addAddresses(pid: number, addresses: readonly InterfaceAddress[]): Promise<void> {
    return kernel.addAddresses(pid, addresses);
  }

  removeAddresses(pid: number, addresses: readonly string[]): Promise<void> {
    return kernel.removeAddresses(pid, addresses);
  }

  flushAddresses(pid: number): Promise<void> {
    return kernel.flushAddresses(pid);
  }

  quiesce(pid: number, lifeMs: number): Promise<void> {
    return quiesce(pid, lifeMs);
  }

  endQuiesce(pid: number): Promise<void> {
    return endQuiesce(pid);
  }

  openConnections(pid: number): Promise<number> {
    return openConnections(pid);
  }

  findDuplicate(pid: number, mac: string, addresses: readonly string[]): Promise<Claim | null> {
    return findDuplicate(kernel.namespaceOf(pid), mac, addresses, this.#options.clock);
  }

  speak(
    id: InstanceId,
    pid: number,
    mac: string,
    addresses: readonly Pick<InterfaceAddress, 'address' | 'gateway'>[],
  ): void {
    this.#announcer.speak(id, kernel.namespaceOf(pid), mac, addresses);
  }

  onConflict(handler: (id: InstanceId, claim: Claim) => void): void {
    this.#onConflict = handler;
  }

  silence(id: InstanceId): void {
    this.#announcer.silence(id);
  }

  speaks(id: InstanceId): boolean {
    return this.#announcer.speaks(id);
  }

  probe(
    address: ServiceAddress,
    ports: readonly number[],
    timeoutMs: number,
  ): Promise<ProbeResult> {
    return probeAddress(address, ports, timeoutMs, this.#options.clock);
  }

  isAnswered(bridge: string, address: string, timeoutMs: number): Promise<boolean | null> {
    return isAnswered(bridge, address, timeoutMs, this.#options.clock);
  }

  #path(name: string): string {
    return join(this.#options.dataFolder, name);
  }

  #folders(id: InstanceId): configuration.InstanceFolders {
    const folder = this.#path(join('instances', id));
    const certificates = this.certificates.folderOf(id);
    return { etc: join(folder, 'etc'), run: join(folder, 'run'), certificates };
  }
}
