import type { SchedulerFrame } from '../protocol/frames.ts';
import type { Links, Peer } from './links.ts';
import type { SchedulerLink } from './stream.ts';

/**
 * A stream to every scheduler all the time, so that the death of one costs no time: the others are
 * connected already. Each keeps its own back-off, heartbeats and patience.
 */
export class SchedulerLinks implements Links {
  readonly #links: readonly SchedulerLink[];

  constructor(links: readonly SchedulerLink[]) {
    this.#links = links;
  }

  get peers(): readonly Peer[] {
    return this.#links;
  }

  /** Begins to connect to all of them. Once only; a second call does nothing. */
  start(): void {
    for (const link of this.#links) link.start();
  }

  /** For good. */
  stop(): void {
    for (const link of this.#links) link.stop();
  }

  onOpen(handler: (peer: Peer) => void): void {
    for (const link of this.#links) link.onOpen(() => handler(link));
  }

  onFrame(handler: (frame: SchedulerFrame, peer: Peer) => void): void {
    for (const link of this.#links) link.onFrame((frame) => handler(frame, link));
  }
}
