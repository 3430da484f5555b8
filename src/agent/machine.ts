import type { DesiredInstance } from '../domain/desired.ts';
import type { InstanceId, InstanceName } from '../domain/ids.ts';
import type { HostFacts, Resources, ServiceAddress } from '../domain/model.ts';
import type { ProbeResult, ValidateResult } from '../protocol/frames.ts';

/** An instance's container as the Engine shows it. */
export interface Container {
  /** The Engine's own id: it names this very container, and none made later under its name. */
  readonly engineId: string;
  /** The instance whose label it carries; null for a container of somebody else. */
  readonly instance: InstanceId | null;
  readonly running: boolean;
  /** Its first process, which its namespaces hang on; 0 while it does not run. */
  readonly pid: number;
  /** What {@link fingerprintOf} gave when it was made. */
  readonly fingerprint: string;
  readonly memoryMib: number;
  readonly cpus: number;
}

/** An instance's port as the host sees it. `bridge` is null while it is off the bridge. */
export interface Port {
  readonly up: boolean;
  readonly bridge: string | null;
}

/** An instance's eth0 as its namespace has it; addresses without the kernel's own link-local one. */
export interface Interior {
  readonly mac: string;
  readonly addresses: readonly string[];
}

/** An address with its prefix, and the way out where there is one. */
export interface InterfaceAddress {
  readonly address: string;
  readonly prefix: number;
  readonly gateway: string | null;
}

/** Somebody on the wire who answers for an address. */
export interface Claim {
  readonly address: string;
  readonly mac: string;
}

/**
 * The files of the agent, by names relative to its folder, such as `instances/ID/held`. What
 * `replaceFile` has returned from is there after a power cut.
 */
export interface MachineFiles {
  /** The file's text, or null where there is no such file. */
  readFile(name: string): Promise<string | null>;
  /** Makes or replaces a file, with its folders: whoever reads finds the old text or the new. */
  replaceFile(name: string, text: string): Promise<void>;
  /** The same for a file that says nothing after a reboot: it outlives the agent alone, and is not synced. */
  replaceBootFile(name: string, text: string): Promise<void>;
  /** Removes a folder with all that is in it; nothing happens where there is none. */
  removeFolder(name: string): Promise<void>;
}

/** The container engine. Every call throws BridgeheadError ENGINE_DOWN while it does not answer. */
export interface MachineContainers {
  /** Every container here that carries the labels of an instance, stopped ones too. */
  listContainers(): Promise<readonly { readonly id: InstanceId; readonly name: InstanceName }[]>;
  /** Calls `onChange` when one of them ends or goes, until aborted; rejects when it hears no more. */
  watchContainers(onChange: () => void, signal: AbortSignal): Promise<void>;
  hasImage(image: string): Promise<boolean>;
  /** Null where no container has the name of that instance. */
  readContainer(name: InstanceName): Promise<Container | null>;
  /** Makes the container for what is desired; does not start it. @returns its engine id */
  createContainer(desired: DesiredInstance): Promise<string>;
  startContainer(engineId: string): Promise<void>;
  /** Kills and removes it; nothing happens where there is none. */
  removeContainer(engineId: string): Promise<void>;
  /** Changes the limits while it runs. */
  updateContainer(engineId: string, limits: Pick<Resources, 'memoryMib' | 'cpus'>): Promise<void>;
  /** What it has printed. */
  containerLog(engineId: string): Promise<string>;
}

/** An instance's HAProxy, and the configuration that it finds at its next start or reload. */
export interface MachineHaproxy {
  /** Has the image's own HAProxy judge a text. @throws BridgeheadError IMAGE_MISSING */
  judge(image: string, config: string): Promise<ValidateResult>;
  /** Null where none was written. */
  readConfig(id: InstanceId): Promise<string | null>;
  writeConfig(id: InstanceId, config: string): Promise<void>;
  /** Asks HAProxy to load the configuration; says nothing of whether it did. */
  reload(id: InstanceId): Promise<void>;
  /** Hash of the configuration that HAProxy says it runs; null while it says nothing. */
  loadedHash(id: InstanceId): Promise<string | null>;
  /**
   * Holds or resumes all health checks; a backend whose checks are held counts as up. Without a
   * network all would be taken for dead, and clients would get 503 until they have passed anew.
   */
  setHealthChecks(id: InstanceId, on: boolean): Promise<void>;
  /** What HAProxy is to know of servers when it next loads: the text of its server-state file. */
  writeServerStates(id: InstanceId, text: string): Promise<void>;
  /** The master's answer to `show proc`. Rejects where it does not answer. */
  workers(id: InstanceId): Promise<string>;
  /** One command of the runtime API, and the answer. Rejects where HAProxy does not answer. */
  command(id: InstanceId, text: string): Promise<string>;
}

/** A HAProxy that has connected to this host's agent as to a peer. */
export interface PeerConnection {
  /** The next bytes it sends; null once it has closed. One call at a time. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when the bytes are on their way. @throws Error where it has closed */
  write(bytes: Uint8Array): Promise<void>;
  close(): void;
}

/** What an instance's HAProxy connects to. */
export interface MachinePeers {
  /**
   * Listens on a socket in the instance's run folder until its HAProxy connects, which tries once
   * in 5 seconds. Not to be called again for a socket before it has resolved.
   *
   * @returns null where it did not connect within `waitMs`
   */
  acceptPeer(id: InstanceId, socket: string, waitMs: number): Promise<PeerConnection | null>;
}

/** The kernel: veth pairs with one end (`port`) here, the other as eth0 in the namespace of `pid`. */
export interface MachineNetwork {
  /** Names of all ports on this host that Bridgehead made. */
  listPorts(): Promise<readonly string[]>;
  /** Null where the host has no such port. */
  readPort(port: string): Promise<Port | null>;
  /** Makes the pair anew, with the MTU of `bridge` but off it and down. */
  createPort(port: string, pid: number, mac: string, bridge: string): Promise<void>;
  /** Removes the pair; nothing happens where there is none. */
  deletePort(port: string): Promise<void>;
  /** Puts the port on the bridge, in its VLAN where it has one, and brings it up. */
  attachPort(port: string, bridge: string, vlan: number | null): Promise<void>;
  /** Takes the port down and off the bridge; nothing happens where there is none. */
  detachPort(port: string): Promise<void>;
  /** Names the network namespace of a process; null where there is no such process. */
  namespaceOf(pid: number): string | null;
  /** Null where the namespace has no eth0, or has gone with its process. */
  readInterior(pid: number): Promise<Interior | null>;
  /** Gives eth0 the addresses and the routes out, without the kernel's own duplicate detection. */
  addAddresses(pid: number, addresses: readonly InterfaceAddress[]): Promise<void>;
  /** Takes addresses off eth0; one that is not there is no fault. */
  removeAddresses(pid: number, addresses: readonly string[]): Promise<void>;
  /** All addresses but link-local ones go from eth0. */
  flushAddresses(pid: number): Promise<void>;
  /**
   * Lets no new connection into the namespace; the kernel lets them in again after `lifeMs` by
   * itself, should nobody come to do it.
   */
  quiesce(pid: number, lifeMs: number): Promise<void>;
  /** Lets new connections in again; nothing happens where they were not kept out. */
  endQuiesce(pid: number): Promise<void>;
  /** Client connections open in the namespace. */
  openConnections(pid: number): Promise<number>;
}

/** What is said and heard on the wire. */
export interface MachineWire {
  /** Asks the wire, from eth0, whether anybody but `mac` answers for one of the addresses. */
  findDuplicate(pid: number, mac: string, addresses: readonly string[]): Promise<Claim | null>;
  /** Announces the addresses now and again and again, until `silence` or until the agent ends. */
  speak(
    id: InstanceId,
    pid: number,
    mac: string,
    addresses: readonly Pick<InterfaceAddress, 'address' | 'gateway'>[],
  ): void;
  silence(id: InstanceId): void;
  /** Called when a stranger speaks in the name of an address that is spoken for from here. */
  onConflict(handler: (id: InstanceId, claim: Claim) => void): void;
  speaks(id: InstanceId): boolean;
  /** Looks at an address from this host: the MAC that answers, and the ports that open. */
  probe(address: ServiceAddress, ports: readonly number[], timeoutMs: number): Promise<ProbeResult>;
  /** Whether an address answers this host itself on a bridge; null where it has none to ask from. */
  isAnswered(bridge: string, address: string, timeoutMs: number): Promise<boolean | null>;
}

/** What a host says of itself, but for gateways: which ones matter depends on what it holds. */
export type MachineFacts = Omit<HostFacts, 'gateways'>;

/**
 * The host as the agent's state machine sees it. Each method is one effect or one reading, and
 * the agent may die between any two; every effect may be asked for twice.
 */
export interface Machine
  extends MachineFiles,
    MachineContainers,
    MachineHaproxy,
    MachinePeers,
    MachineNetwork,
    MachineWire {
  readFacts(): Promise<MachineFacts>;
}
