// For tests: schedulers that say what they are told to, and remember what they heard.

import type { DesiredInstance } from '../domain/desired.ts';
import type { AgentFrame, AgentRequest, SchedulerFrame } from '../protocol/frames.ts';
import type { Links, Peer } from './links.ts';

export class ModelPeer implements Peer {
  readonly name: string;
  readonly heard: AgentFrame[] = [];
  isOpen = false;
  waitingBytes = 0;

  constructor(name: string) {
    this.name = name;
  }

  send(frame: AgentFrame): boolean {
    if (this.isOpen) this.heard.push(frame);
    return this.isOpen;
  }

  /** The frames of one type that it heard. */
  all<Type extends AgentFrame['type']>(type: Type): readonly Extract<AgentFrame, { type: Type }>[] {
    return this.heard.filter(
      (frame): frame is Extract<AgentFrame, { type: Type }> => frame.type === type,
    );
  }
}

export class ModelLinks implements Links {
  readonly peers: readonly ModelPeer[];
  #onOpen: (peer: Peer) => void = () => undefined;
  #onFrame: (frame: SchedulerFrame, peer: Peer) => void = () => undefined;
  #nextRequest = 1;

  constructor(names: readonly string[]) {
    this.peers = names.map((name) => new ModelPeer(name));
  }

  onOpen(handler: (peer: Peer) => void): void {
    this.#onOpen = handler;
  }

  onFrame(handler: (frame: SchedulerFrame, peer: Peer) => void): void {
    this.#onFrame = handler;
  }

  open(peer: ModelPeer): void {
    peer.isOpen = true;
    this.#onOpen(peer);
  }

  tell(peer: ModelPeer, revision: number, instances: readonly DesiredInstance[]): void {
    const digest = `of ${revision}`;
    this.#onFrame({ type: 'desired', revision, digest, instances }, peer);
  }

  /** @returns the id that the answer will carry */
  ask(peer: ModelPeer, body: AgentRequest): number {
    const id = this.#nextRequest;
    this.#nextRequest += 1;
    this.#onFrame({ type: 'request', id, timeoutMs: 1_000, body }, peer);
    return id;
  }
}
