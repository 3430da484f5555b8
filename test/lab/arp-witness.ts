// A witness at the lab's client: whether an address was ever answered for by two at once.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { namespacePath } from '../../src/lab/namespaces.ts';
import type { ArpSummary } from './arp-tally.ts';
import type { ArpWitnessPlan } from './arp-witness-program.ts';

/** Between two questions: an owner has to hold on for so long to be seen for sure. */
const periodMs = 10;
/** A witness that is forgotten ends by itself. */
const durationMsMax = 60 * 60_000;
const requestsMax = durationMsMax / periodMs;

const said = z.union([
  z.object({ listening: z.literal(true) }),
  z.object({ summary: z.custom<ArpSummary>((value) => typeof value === 'object') }),
]);

/** Asks the segment for one IPv4 address every ten milliseconds until it is stopped. */
export class ArpWitness implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #ended: Promise<number | null>;
  #summary: ArpSummary | null = null;

  private constructor(plan: ArpWitnessPlan) {
    const program = join(import.meta.dirname, 'arp-witness-program.ts');
    this.#child = spawn(process.execPath, [program, JSON.stringify(plan)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', resolve);
    });
  }

  /** A witness that has begun to ask, from the client of the lab of that name. */
  static async start(labName: string, address: string): Promise<ArpWitness> {
    const namespace = namespacePath(`bh-${labName}-client`);
    const limits = { periodMs, durationMsMax, requestsMax };
    const witness = new ArpWitness({ namespace, name: 'eth0', address, ...limits });
    await witness.#listening();
    return witness;
  }

  #listening(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#lines.on('line', (line) => {
        const words = said.parse(JSON.parse(line));
        if ('summary' in words) this.#summary = words.summary;
        else resolve();
      });
      this.#ended.then(() => reject(new Error('the ARP witness ended before it began')), reject);
    });
  }

  /** Ends it. @returns what it has seen @throws Error where it had broken down */
  async stop(): Promise<ArpSummary> {
    this.#child.stdin.end();
    const code = await this.#ended;
    if (this.#summary === null) throw new Error(`the ARP witness ended with ${code}, and no word`);
    return this.#summary;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }
}
