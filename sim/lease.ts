// The kernel's part in a host's lease: what src/agent/pulse/lease-rules.ts has nftables do.

import { pairKeys } from '../src/agent/pulse/pair-keys.ts';
import { grantWord, longGrantWord } from '../src/agent/pulse/probe-format.ts';
import type { PulseFrame } from '../src/protocol/pulse-frames.ts';

/** Where the kernel's rules find a probe's kind and its token: after 8 bytes of ICMP header. */
const wordAt = 8;
const tokenAt = 12;
const tokenBytes = 16;

type Rules = Pick<PulseFrame, 'witnesses' | 'quorum' | 'timings'>;

/** Sets with a timeout, one a witness, and the rule that asks for a quorum of them. */
export class KernelLease {
  /** When each witness's element runs out. A set that goes takes its element along. */
  #endsMs = new Map<string, number>();
  /** Witnesses by the token of their probes, as text. */
  #witnesses = new Map<string, string>();
  #quorum = 0;
  #leaseMs = 0;
  #longLeaseMs = 0;

  #isThere = false;

  /** Lets nothing through until there are rules, unless some are there already. */
  close(): void {
    if (!this.#isThere) this.#quorum = 1;
    this.#isThere = true;
  }

  /** The rules in one transaction: elements of sets that stay go on as they were. */
  apply({ witnesses, quorum, timings }: Rules): void {
    this.#witnesses = new Map(
      witnesses.map(({ host, secret }) => [pairKeys(secret).token.toString('hex'), host]),
    );
    const names = new Set<string>(witnesses.map(({ host }) => host));
    this.#endsMs = new Map([...this.#endsMs].filter(([host]) => names.has(host)));
    this.#quorum = quorum;
    this.#isThere = true;
    this.#leaseMs = timings.leaseMs;
    this.#longLeaseMs = timings.awayMs;
  }

  /** A probe arrives: it renews where it grants. */
  receive(probe: Buffer, nowMs: number): void {
    const word = probe.readUInt32BE(wordAt);
    if (word !== grantWord && word !== longGrantWord) return;
    const token = probe.toString('hex', tokenAt, tokenAt + tokenBytes);
    const witness = this.#witnesses.get(token);
    if (witness === undefined) return;
    this.#endsMs.set(witness, nowMs + (word === grantWord ? this.#leaseMs : this.#longLeaseMs));
  }

  /** Whether frames of instances pass the bridge now. */
  isOpen(nowMs: number): boolean {
    if (this.#quorum === 0) return true;
    let held = 0;
    for (const endMs of this.#endsMs.values()) if (endMs > nowMs) held += 1;
    return held >= this.#quorum;
  }
}
