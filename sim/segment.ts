import { wireMostMs } from './timings.ts';
import type { World } from './world.ts';

/** How bad the wire between the hosts is. */
export interface SegmentTraits {
  /** Of a datagram, each way. */
  readonly loss: number;
  readonly doubled: number;
  /** The longest that one takes, milliseconds; below {@link wireMostMs}. */
  readonly mostMs: number;
}

/** What is on a host's wire and up, whatever its processes do. */
export interface Node {
  readonly name: string;
  readonly address: string;
  readonly isPowered: boolean;
  /** Its kernel gets an ICMP echo request. @returns whether it answers */
  echo(probe: Buffer): boolean;
  /** A heartbeat arrives for its agent. @param answer sends one back */
  ask(bytes: Buffer, answer: (bytes: Buffer) => void): void;
}

/** The segment on which hosts hear each other: datagrams that are lost, late, twice, out of order. */
export class Segment {
  readonly #world: World;
  readonly #traits: SegmentTraits;
  readonly #reaches: (from: string, to: string) => boolean;
  readonly #nodes = new Map<string, Node>();

  constructor(world: World, traits: SegmentTraits, reaches: (from: string, to: string) => boolean) {
    if (traits.mostMs > wireMostMs) throw new Error('the wire is slower than the margin allows');
    this.#world = world;
    this.#traits = traits;
    this.#reaches = reaches;
  }

  add(node: Node): void {
    this.#nodes.set(node.address, node);
  }

  /** Sends an echo request. @param answered when its answer arrives, while the sender is up */
  probe(from: Node, to: string, bytes: Buffer, answered: () => void): void {
    this.#carry(from, to, (target) => {
      if (target.echo(bytes)) this.#carry(target, from.address, answered);
    });
  }

  /** Asks an agent. @param answered with each answer that arrives */
  ask(from: Node, to: string, bytes: Buffer, answered: (bytes: Buffer) => void): void {
    this.#carry(from, to, (target) => {
      target.ask(bytes, (answer) => this.#carry(target, from.address, () => answered(answer)));
    });
  }

  // What goes on in kernels: nothing of a process runs in it, and nothing follows later from it.
  #carry(from: Node, to: string, arrive: (target: Node) => void): void {
    const target = this.#nodes.get(to);
    if (target === undefined || !from.isPowered) return;
    const { random } = this.#world;
    const { loss, doubled, mostMs } = this.#traits;
    const copies = random.chance(doubled) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (random.chance(loss)) continue;
      this.#world.after(
        random.between(1, mostMs),
        () => {
          if (target.isPowered && this.#reaches(from.name, target.name)) arrive(target);
        },
        true,
      );
    }
  }
}
