import type { HostName } from '../domain/ids.ts';
import type { AgentFrame, SchedulerFrame } from '../protocol/frames.ts';

/** One agent's stream as the scheduler uses it; the listener and tests provide it. */
export interface AgentStream {
  readonly host: HostName;
  /** @throws BridgeheadError NO_CAPACITY for a frame that is larger than an agent takes */
  send(frame: SchedulerFrame): void;
  close(reason: string): void;
  onFrame(handler: (frame: AgentFrame) => void): void;
  onClose(handler: (reason: string) => void): void;
}
