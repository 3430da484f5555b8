import type { AgentFrame, SchedulerFrame } from '../protocol/frames.ts';

/** One scheduler that this agent is told of, connected or not. */
export interface Peer {
  /** For people, such as `198.18.0.2:7441`. */
  readonly name: string;
  /** @returns false where it is not connected or takes nothing: the frame is not kept */
  send(frame: AgentFrame): boolean;
  /** What was sent and is not on its way yet, bytes. */
  readonly waitingBytes: number;
}

/** The agent's streams to its schedulers, as its state machine uses them. */
export interface Links {
  /** All there are, in the order they were given. */
  readonly peers: readonly Peer[];
  /** Called each time that a stream has opened. */
  onOpen(handler: (peer: Peer) => void): void;
  onFrame(handler: (frame: SchedulerFrame, peer: Peer) => void): void;
}
