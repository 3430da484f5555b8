// The words of the system as plain data. Everything here is frozen by type: a change is a new value.

import type { Epoch, HostName, InstanceId, InstanceName, PoolName } from './ids.ts';

/** IPv4 is 4, IPv6 is 6. */
export type Family = 4 | 6;

/** 0 is saved first, 3 is shed first. */
export type Tier = 0 | 1 | 2 | 3;

/** What a host told us of itself. Sizes in MiB, durations in seconds. */
export interface HostFacts {
  readonly agentVersion: string;
  readonly kernel: string;
  readonly docker: string;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly bootId: string;
  readonly uptimeS: number;
  /** The NICs enslaved to the host's bridges, with their drivers. */
  readonly nics: readonly { readonly name: string; readonly driver: string }[];
  readonly bridges: readonly {
    readonly name: string;
    readonly addresses: readonly string[];
    readonly vlanAware: boolean;
  }[];
  /** HAProxy images that the host's Docker Engine holds. `haproxy` is the version inside. */
  readonly images: readonly { readonly reference: string; readonly haproxy: string }[];
  readonly gateways: readonly GatewayFact[];
}

/** A gateway of addresses that a host answers for or may have to, and whether it answers the host. */
export interface GatewayFact {
  readonly bridge: string;
  readonly address: string;
  readonly answers: boolean;
}

/** What a host may carry. Taken from the spec, or derived from its facts where that is silent. */
export interface Capacity {
  readonly instances: number;
  readonly memoryMib: number;
  readonly cpus: number;
}

/**
 * `joining`: known, its agent was never connected. `ready`: connected. `suspect`: its agent was
 * connected and is silent now. `dead`: proven to answer for nothing; its instances were given to
 * others, and it holds nothing before it has shown that it let go of them. `cordoned` is not a state but an operator's wish beside it.
 */
export type HostState = 'joining' | 'ready' | 'suspect' | 'dead';

export interface Host {
  readonly name: HostName;
  readonly zone: string;
  readonly rack: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: Capacity | null;
  /** Why nothing new may be placed here; null where it may. */
  readonly cordonReason: string | null;
  readonly state: HostState;
  readonly facts: HostFacts | null;
  readonly lastSeenMs: number | null;
}

export interface Pool {
  readonly name: PoolName;
  /** Network in canonical form, such as `198.18.10.0/24`. */
  readonly cidr: string;
  /** First and last address that may be handed out, inclusive; null for all of the network. */
  readonly range: { readonly from: string; readonly to: string } | null;
  /**
   * Prefix length that the address gets on the instance's interface: the on-link network, which
   * may be wider than the pool.
   */
  readonly prefix: number;
  readonly gateway: string | null;
  readonly bridge: string;
  readonly vlan: number | null;
}

/** Limits of an instance's container. */
export interface Resources {
  readonly memoryMib: number;
  readonly cpus: number;
  readonly maxConnections: number;
}

/** Where an instance may run. Empty lists and records allow everything. */
export interface PlacementRules {
  readonly zones: readonly string[];
  readonly racks: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Names of instances that must not share a host with this one. */
  readonly avoid: readonly string[];
}

/** A file that an instance's configuration refers to, without what is in it. */
export interface Attachment {
  /** Of the file in the container too: one plain name, no folder. */
  readonly name: string;
  /** SHA-256 of what is in it, hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** What the configuration may call it beside its name, such as `/etc/haproxy/hosts.map`. */
  readonly path: string | null;
  /**
   * Of one that the configuration names as a list of certificates: the fleet's certificates in it;
   * left out where there are none.
   */
  readonly certificates?: readonly string[];
}

/** What an instance's owner asked for, business record included. */
export interface InstanceSpec {
  readonly name: InstanceName;
  readonly owner: string;
  readonly service: string;
  readonly tier: Tier;
  /** How many warm copies are kept on other hosts, ready to take over. */
  readonly standbys: number;
  readonly contact: string;
  readonly notes: string;
  readonly image: string;
  readonly resources: Resources;
  readonly placement: PlacementRules;
  /** `address` is null where any free one of the pool will do. */
  readonly addresses: readonly { readonly pool: PoolName; readonly address: string | null }[];
  /** HAProxy configuration as its owner wrote it, with the fragments that belong to it behind it. */
  readonly config: string;
  /** In the order of their names; left out for none. */
  readonly attachments?: readonly Attachment[] | undefined;
}

/** An address that an instance holds, with what its interface needs to know. */
export interface ServiceAddress {
  readonly address: string;
  readonly family: Family;
  readonly pool: PoolName;
  readonly prefix: number;
  readonly gateway: string | null;
  readonly bridge: string;
  readonly vlan: number | null;
}

export interface Instance {
  readonly id: InstanceId;
  readonly spec: InstanceSpec;
  readonly addresses: readonly ServiceAddress[];
  /** Configuration with the managed parts filled in: what HAProxy reads. */
  readonly rendered: string;
  /** SHA-256 of `rendered` without its description line, which carries it; hexadecimal. */
  readonly configHash: string;
}

/**
 * Where an instance belongs. While `granted` is false nobody may answer for its addresses: its
 * last holder is `host`, and is letting go.
 */
export interface Assignment {
  readonly instanceId: InstanceId;
  readonly host: HostName;
  readonly epoch: Epoch;
  readonly granted: boolean;
}

/**
 * An address that an apply took off an instance. Nobody else may have it until the instance's host
 * has shown, under `epoch` or a later one, that it does not answer for it any more.
 */
export interface LeavingAddress {
  readonly instanceId: InstanceId;
  /** In canonical form. */
  readonly address: string;
  readonly epoch: Epoch;
}

/** A copy of an instance on a host that does not answer for its addresses: link down. */
export interface Standby {
  readonly instanceId: InstanceId;
  readonly host: HostName;
}

/**
 * An instance that was taken off its host so that a more important one has room. It stays desired,
 * and comes back when there is room again.
 */
export interface Shed {
  readonly instanceId: InstanceId;
  /** Where it was. */
  readonly host: HostName;
  /** Whom it gave way to. */
  readonly forInstance: InstanceName;
  readonly forTier: Tier;
  readonly atMs: number;
}

/**
 * What an agent saw of one instance on its host. `serving`: the addresses are on the wire.
 * `standby`: container up with the configuration loaded, link down, no address. `preparing`: on
 * its way to what is desired. `failed`: stuck, see `problem`; the agent keeps trying.
 */
export interface ObservedInstance {
  readonly id: InstanceId;
  readonly name: InstanceName;
  readonly phase: 'preparing' | 'standby' | 'serving' | 'failed';
  /** Epoch of the newest grant this host was given for the instance. */
  readonly epoch: Epoch;
  readonly containerRunning: boolean;
  /** True where the instance's port is up and on the bridge. */
  readonly linkUp: boolean;
  readonly mac: string;
  readonly addresses: readonly string[];
  /** Hash of the configuration that the running HAProxy has loaded, as it says itself. */
  readonly configHash: string | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
  /**
   * Processes of configurations before, which live until their connections have ended: how many, and
   * since when (wall clock) the oldest is one. Left out for none.
   */
  readonly oldWorkers?: { readonly count: number; readonly sinceMs: number } | undefined;
}

/** Why a host is held for dead. */
export interface Fence {
  readonly host: HostName;
  readonly atMs: number;
  /** What its witnesses said, one line each. */
  readonly reasons: readonly string[];
}

/** Something that happened, for people. */
export interface FleetEvent {
  readonly id: number;
  readonly atMs: number;
  /** Dotted and stable, such as `instance.migrated`. */
  readonly kind: string;
  /** Such as `instance/shop-web` or `host/host-1`. */
  readonly object: string;
  readonly message: string;
}
