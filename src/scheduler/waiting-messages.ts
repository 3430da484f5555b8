import { isOfKernel } from '../logs/message.ts';
import type { UnstoredMessage } from '../store/log-store.ts';

/** Passed-over places in a list before it is copied: so that taking one away costs the same always. */
const compactAt = 4_096;

interface Waiting {
  readonly message: UnstoredMessage;
  /** Grows in the order in which messages came. */
  readonly order: number;
}

/**
 * Messages on their way into the store, at most `most` with those of the batch that is being stored.
 * Those of kernels leave first, and the others make room for them.
 */
export class WaitingMessages {
  readonly #most: number;
  readonly #kernels = new Line();
  readonly #others = new Line();
  #batch: readonly Waiting[] = [];
  #order = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#kernels.size + this.#others.size + this.#batch.length;
  }

  /** Whether there is no room but what a message of a kernel could take from another. */
  get isFull(): boolean {
    return this.size >= this.#most;
  }

  /** @returns whom there is no room for: the message itself, an older one, or nobody (null) */
  add(message: UnstoredMessage): UnstoredMessage | null {
    const isKernel = isOfKernel(message);
    let victim: UnstoredMessage | null = null;
    if (this.isFull) {
      victim = (isKernel ? this.#others.shift()?.message : null) ?? message;
      if (victim === message) return victim;
    }
    this.#order += 1;
    (isKernel ? this.#kernels : this.#others).push({ message, order: this.#order });
    return victim;
  }

  /** The next to be stored, in the order in which they came; they wait on until told of. */
  take(count: number): readonly UnstoredMessage[] {
    const kernels = this.#kernels.take(count);
    const others = this.#others.take(count - kernels.length);
    this.#batch = [...kernels, ...others].toSorted((a, b) => a.order - b.order);
    return this.#batch.map(({ message }) => message);
  }

  /** What was taken is stored. */
  stored(): void {
    this.#batch = [];
  }

  /** What was taken is not stored, and is the next again. */
  notStored(): void {
    const isKernel = ({ message }: Waiting) => isOfKernel(message);
    this.#kernels.putBack(this.#batch.filter(isKernel));
    this.#others.putBack(this.#batch.filter((one) => !isKernel(one)));
    this.#batch = [];
  }
}

/** First in, first out. */
class Line {
  #items: Waiting[] = [];
  #from = 0;

  get size(): number {
    return this.#items.length - this.#from;
  }

  push(one: Waiting): void {
    this.#items.push(one);
  }

  shift(): Waiting | undefined {
    return this.take(1)[0];
  }

  take(count: number): readonly Waiting[] {
    const taken = this.#items.slice(this.#from, this.#from + count);
    this.#from += taken.length;
    if (this.#from >= compactAt) {
      this.#items = this.#items.slice(this.#from);
      this.#from = 0;
    }
    return taken;
  }

  putBack(items: readonly Waiting[]): void {
    this.#items = [...items, ...this.#items.slice(this.#from)];
    this.#from = 0;
  }
}
