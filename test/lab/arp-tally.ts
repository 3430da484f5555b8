// ARP questions that can be told apart, and the count of the answers to each. Every host gives an
// instance the same MAC, so two owners do not show as two MACs: they show as two answers to one
// question, which a broadcast carries to both.

import { etherTypeArp, resolveQuestion } from '../../src/agent/wire/frames.ts';

/** Highest number of a question: it has four octets of a MAC. */
export const questionMax = 0xffff_fffe;

/** Longest lists of single findings in a result; the counts beside them are of all. */
const listMax = 10_000;

/** In the questions' name: of the lab's segment (src/lab/topology.ts), and nobody's there. */
const askingAddress = '198.18.255.254';
/** Locally administered; the questions' numbers follow. */
const macStart = [0x02, 0xbe] as const;
const askingMac = Buffer.from([...macStart, 0xff, 0xff, 0xff, 0xff]);

const arpReply = 2;
const arpBytesMin = 42;

/** What a frame that was heard says of the address. */
export type Heard =
  | { readonly kind: 'answer'; readonly question: number; readonly mac: string }
  | { readonly kind: 'gratuitous'; readonly op: 'request' | 'reply'; readonly mac: string };

/** What a witness has seen. Times are milliseconds from its start. */
export interface ArpSummary {
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly requests: number;
  readonly answered: number;
  readonly maxRepliesToOne: number;
  /** Questions with more than one answer, the first ten thousand of them. */
  readonly doubleAnswered: readonly {
    readonly question: number;
    readonly atMs: number;
    readonly macs: readonly string[];
  }[];
  /** Longest time in which no question was sent that got an answer. */
  readonly longestSilenceMs: number;
  /** Gratuitous ARP for the address, the first ten thousand of them. */
  readonly gratuitous: readonly {
    readonly atMs: number;
    readonly op: 'request' | 'reply';
    readonly mac: string;
  }[];
}

/**
 * The question "who has this address?" with the number in it. A Linux host answers to the MAC that
 * the ARP message names as its sender (net/ipv4/arp.c, arp_process), whatever MAC the Ethernet
 * header has. So only the message carries the number: the header's is always the same, no bridge
 * learns more than one MAC of us, and an answer is flooded to every port, ours among them. The
 * sender is not 0.0.0.0, since that would be a probe, which an agent takes for a rival's; the
 * answering kernel keeps one neighbour entry for the sender, and that is nobody's.
 */
export function numberedQuestion(address: string, question: number): Uint8Array {
  const frame = resolveQuestion(address, macOfQuestion(question), askingAddress);
  frame.set(askingMac, 6);
  return frame;
}

/** What the frame says of `address`; null where that is nothing, or not ours to count. */
export function readFrame(frame: Uint8Array, address: string): Heard | null {
  const view = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.length < arpBytesMin || view.readUInt16BE(12) !== etherTypeArp) return null;
  if (addressAt(view, 28) !== address) return null;
  const mac = macAt(view, 22);
  const isReply = view.readUInt16BE(20) === arpReply;
  const target = addressAt(view, 38);
  if (target === address) return { kind: 'gratuitous', op: isReply ? 'reply' : 'request', mac };
  const isToUs = view[32] === macStart[0] && view[33] === macStart[1];
  if (!isReply || !isToUs || target !== askingAddress) return null;
  return { kind: 'answer', question: view.readUInt32BE(34), mac };
}

/** Counts what was asked and what was heard. */
export class ArpTally {
  readonly #startedMs: number;
  readonly #questions: { readonly atMs: number; readonly macs: string[] }[] = [];
  readonly #gratuitous: ArpSummary['gratuitous'][number][] = [];

  /** @param startedMs milliseconds since 1970 */
  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  /** Number of the next question. */
  get next(): number {
    return this.#questions.length;
  }

  /** The next question is being sent. */
  asked(atMs: number): void {
    this.#questions.push({ atMs, macs: [] });
  }

  heard(heard: Heard, atMs: number): void {
    if (heard.kind === 'answer') {
      this.#questions[heard.question]?.macs.push(heard.mac);
    } else if (this.#gratuitous.length < listMax) {
      this.#gratuitous.push({ atMs: Math.round(atMs), op: heard.op, mac: heard.mac });
    }
  }

  /** @param endedMs milliseconds from the start */
  summary(endedMs: number): ArpSummary {
    const answered = this.#questions.filter(({ macs }) => macs.length > 0);
    const doubled = this.#questions.flatMap(({ atMs, macs }, question) =>
      macs.length > 1 ? [{ question, atMs: Math.round(atMs), macs }] : [],
    );
    const moments = [0, ...answered.map(({ atMs }) => atMs), endedMs];
    const silences = moments.slice(1).map((atMs, index) => atMs - (moments[index] ?? 0));
    return {
      startedMs: this.#startedMs,
      requests: this.#questions.length,
      answered: answered.length,
      maxRepliesToOne: this.#questions.reduce((most, { macs }) => Math.max(most, macs.length), 0),
      doubleAnswered: doubled.slice(0, listMax),
      longestSilenceMs: Math.round(silences.reduce((most, one) => Math.max(most, one), 0)),
      gratuitous: this.#gratuitous,
    };
  }
}

function macOfQuestion(question: number): string {
  const octets = Buffer.alloc(6);
  octets.set(macStart);
  octets.writeUInt32BE(question, 2);
  return macAt(octets, 0);
}

function macAt(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 6)]
    .map((octet) => octet.toString(16).padStart(2, '0'))
    .join(':');
}

function addressAt(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 4)].join('.');
}
