import type { Clock } from '../src/domain/clock.ts';
import { Random } from './random.ts';

interface Event {
  readonly atMs: number;
  /** Breaks ties: what was scheduled first comes first. */
  readonly order: number;
  readonly run: () => void;
  /** Nothing follows from it that would have to be waited for. */
  readonly isAlone: boolean;
}

/** How many lines of a run's story are kept for the report of a failure. */
const storyMax = 400;

/**
 * Virtual time: a queue of events, run one after the other, each with everything that follows from
 * it without waiting. Nothing in it asks the machine for time or randomness, so that one seed is
 * one run.
 */
export class World {
  readonly random: Random;
  #nowMs = 0;
  #order = 0;
  #heap: Event[] = [];
  #events = 0;
  readonly #story: string[] = [];
  readonly #counts = new Map<string, number>();

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  /** Milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events run so far. */
  get events(): number {
    return this.#events;
  }

  /** What happened last, oldest first, for people. */
  get story(): readonly string[] {
    return this.#story;
  }

  /** How often each kind of fault was injected. */
  get faults(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /**
   * Runs `run` after a while.
   *
   * @param isAlone it settles no promise: a run of many small events is much faster so
   */
  after(delayMs: number, run: () => void, isAlone = false): void {
    this.#order += 1;
    const atMs = this.#nowMs + Math.max(0, delayMs);
    this.#push({ atMs, order: this.#order, run, isAlone });
  }

  tell(line: string): void {
    this.#story.push(`${(this.#nowMs / 1_000).toFixed(3).padStart(8)}  ${line}`);
    if (this.#story.length > storyMax) this.#story.shift();
  }

  /** Notes that a fault was injected. */
  fault(kind: string, what: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    this.tell(`FAULT ${kind}: ${what}`);
  }

  /**
   * Runs events until `endMs`, or until there are none.
   *
   * @param check called after each event with all that followed from it; throws to end the run
   */
  async runUntil(endMs: number, check: () => void): Promise<void> {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#pop();
      this.#nowMs = next.atMs;
      this.#events += 1;
      next.run();
      if (!next.isAlone) await everythingThatFollows();
      check();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = left;
      const [one, other] = [heap[left], heap[right]];
      if (one === undefined) break;
      if (other !== undefined && isBefore(other, one)) least = right;
      const child = heap[least];
      if (child === undefined || !isBefore(child, last)) break;
      heap[at] = child;
      at = least;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

// A check phase of Node's loop comes only after every promise that could be settled has been.
function everythingThatFollows(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** What a process runs on: it may be killed or stopped at every await. */
export class Process {
  readonly name: string;
  readonly world: World;
  #isAlive = true;
  #pausedUntilMs = 0;
  /** Awaits until it dies; null where nobody has it in for it. */
  #diesIn: number | null = null;
  /** How far its wall clock is off, milliseconds. */
  #wallOffMs = 0;
  readonly #onDeath = new Set<() => void>();

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#pausedUntilMs > this.world.nowMs;
  }

  /** @returns takes the handler back */
  onDeath(handler: () => void): () => void {
    this.#onDeath.add(handler);
    return () => this.#onDeath.delete(handler);
  }

  /** Ends it at once: nothing that it has begun goes on, and nobody tells it. */
  kill(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.world.tell(`${this.name} is killed`);
    for (const handler of this.#onDeath) handler();
  }

  /** Has it die at its `awaits`-th await from now. */
  killSoon(awaits: number): void {
    this.#diesIn = awaits;
  }

  /** Nobody has it in for it any more. */
  spare(): void {
    this.#diesIn = null;
  }

  /** Stops it as SIGSTOP does: what it waits for comes later, all at once. */
  pause(durationMs: number): void {
    this.#pausedUntilMs = this.world.nowMs + durationMs;
  }

  jumpWallClock(byMs: number): void {
    this.#wallOffMs += byMs;
  }

  /**
   * An await of this process: resolves after `delayMs`, or never, where it has died meanwhile.
   * Without a delay what follows runs within the same event.
   */
  pass(delayMs = 0): Promise<void> {
    if (this.#diesIn !== null) {
      this.#diesIn -= 1;
      if (this.#diesIn <= 0) this.kill();
    }
    if (!this.#isAlive) return never;
    if (delayMs === 0 && !this.isPaused) return now;
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Runs `run` after a while, later where it is stopped then, never where it has died. */
  after(delayMs: number, run: () => void, isAlone = false): void {
    const turn = () => {
      if (!this.#isAlive) return;
      if (this.isPaused) this.after(this.#pausedUntilMs - this.world.nowMs, run, isAlone);
      else run();
    };
    this.world.after(delayMs, turn, isAlone);
  }

  /** The clock that its code is given. */
  readonly clock: Clock = {
    wallMs: () => 1_700_000_000_000 + this.world.nowMs + this.#wallOffMs,
    monotonicMs: () => this.world.nowMs,
    sleep: (durationMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason as Error);
          return;
        }
        const give = () => reject(signal?.reason as Error);
        signal?.addEventListener('abort', give, { once: true });
        this.after(durationMs, () => {
          signal?.removeEventListener('abort', give);
          resolve();
        });
      }),
    every: (periodMs, task) => {
      let isStopped = false;
      const tick = () =>
        this.after(periodMs, () => {
          if (isStopped) return;
          tick();
          task();
        });
      tick();
      return () => {
        isStopped = true;
      };
    },
  };
}

const now = Promise.resolve();
const never = new Promise<void>(() => undefined);
