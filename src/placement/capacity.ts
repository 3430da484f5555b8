import type { Capacity, Host, Resources } from '../domain/model.ts';

/**
 * Share of a host's memory that instances may claim. The rest is for the kernel (socket buffers
 * of loaded proxies live outside the containers' limits), the Docker Engine and the agent.
 */
const memoryShare = 0.8;

/**
 * Claimed CPUs for each CPU of the host. A proxy is bursty: its limit is sized for its peak, it
 * idles most of the time, and peaks of different services seldom meet.
 */
const cpuOvercommit = 4;

/** Instances a host may carry where the spec is silent; about as many as a bridge has ports (1,024). */
const instancesMax = 1_000;

/** What the instances on a host claim together, or what one of them claims. */
export interface Claim {
  readonly instances: number;
  readonly memoryMib: number;
  /** Thousandths of a CPU: whole numbers, so that a sum does not depend on its order. */
  readonly milliCpus: number;
}

/** The first thing that would run out. */
export type Shortage = 'instances' | 'memory' | 'cpus';

/** What the host may carry: what its spec says, else derived from its facts; null without both. */
export function capacityOf(host: Pick<Host, 'capacity' | 'facts'>): Capacity | null {
  if (host.capacity !== null) return host.capacity;
  if (host.facts === null) return null;
  return {
    instances: instancesMax,
    memoryMib: Math.floor(host.facts.memoryMib * memoryShare),
    cpus: host.facts.cpus * cpuOvercommit,
  };
}

/** What an instance claims of a host that does not carry it yet. */
export function claimOf(resources: Resources): Claim {
  return {
    instances: 1,
    memoryMib: resources.memoryMib,
    milliCpus: Math.round(resources.cpus * 1_000),
  };
}

/** What would run out if `claim` came on top of `used`; null where all of it fits. */
export function shortageOf(capacity: Capacity, used: Claim, claim: Claim): Shortage | null {
  if (used.instances + claim.instances > capacity.instances) return 'instances';
  if (used.memoryMib + claim.memoryMib > capacity.memoryMib) return 'memory';
  if (used.milliCpus + claim.milliCpus > capacity.cpus * 1_000) return 'cpus';
  return null;
}
