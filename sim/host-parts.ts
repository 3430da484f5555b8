import type { Container } from '../src/agent/machine.ts';
import type { InstanceId, InstanceName } from '../src/domain/ids.ts';
import type { SimHost } from './host.ts';

/** A container as the Engine has it. */
export interface SimContainer {
  readonly engineId: string;
  readonly id: InstanceId;
  readonly name: InstanceName;
  readonly fingerprint: string;
  memoryMib: number;
  cpus: number;
  /** 0 while it does not run. */
  pid: number;
  loaded: string | null;
}

/** An instance's veth pair: its port here, its eth0 inside. */
export interface SimPort {
  readonly instance: InstanceId;
  up: boolean;
  bridge: string | null;
  readonly pid: number;
  readonly mac: string;
  readonly addresses: Set<string>;
}

/** An address that is on the wire, and for whom it is. */
export interface WireClaim {
  readonly address: string;
  readonly instance: InstanceId;
  readonly mac: string;
}

/** The wire between the hosts, as an address sees it. */
export interface Wire {
  /** Who answers for the address, and on which host. */
  claimsOn(address: string): readonly (WireClaim & { readonly host: SimHost })[];
  reaches(from: string, to: string): boolean;
}

/** A container as the agent is shown it. */
export function seen(container: SimContainer): Container {
  const { engineId, id: instance, pid, fingerprint, memoryMib, cpus } = container;
  return { engineId, instance, running: pid !== 0, pid, fingerprint, memoryMib, cpus };
}
