import type { HostName, InstanceId } from '../domain/ids.ts';
import type { ObservedInstance } from '../domain/model.ts';
import type { AgentRequest } from '../protocol/frames.ts';

/** How operations reach the hosts, and what they know of them. The scheduler's agents are it. */
export interface Hands {
  /** Hosts whose agents are connected to this scheduler. */
  readonly connected: readonly HostName[];
  isConnected(host: HostName): boolean;
  /** What the host's agent last saw of the instance; null where it sees none or is not connected. */
  observed(host: HostName, id: InstanceId): ObservedInstance | null;
  /** @throws BridgeheadError what the agent refused with; AGENT_DISCONNECTED; AGENT_TIMEOUT */
  ask(host: HostName, body: AgentRequest, timeoutMs: number): Promise<unknown>;
  /** Waits until the condition holds. @returns false when it did not within `timeoutMs` */
  until(condition: () => boolean, timeoutMs: number): Promise<boolean>;
  /** Sends every connected host what the store now says it is to do. */
  push(): Promise<void>;
  /** Has what is without a host placed soon. */
  place(): void;
}
