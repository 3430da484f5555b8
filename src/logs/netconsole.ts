import { type RecordHeader, recordHeader } from './kernel-record.ts';
import { decodeText } from './message.ts';

/** Bounds of what is held, and for how long. */
export const netconsoleLimits = {
  senders: 2_000,
  /** For pieces that are missing, and for records that others have overtaken. */
  waitMs: 250,
  /** Records that wait for one before them; of one sender. */
  held: 32,
  /** Records that wait for pieces; of one sender. */
  inPieces: 8,
  pieces: 64,
  /** CONSOLE_EXT_LOG_MAX in kernel/printk/internal.h is 8,192, and userdata comes on top. */
  recordBytes: 16_384,
  /** Of all senders. */
  bytes: 4 * 1024 * 1024,
  /** Numbers of lost records that are remembered, in case they are only late; of one sender. */
  missing: 64,
  /** How often a sender's losses are told. */
  tellMs: 10_000,
} as const;

/** Records of one boot are stamped in the order of their numbers, but for what CPUs' clocks differ. */
const bootSkewUs = 2_000_000;
export const lateMark = '… (late)';

/** What came of datagrams: a record or a line, or what is said of those that never came. */
export interface Heard {
  readonly kind: 'text' | 'loss';
  readonly address: string;
  readonly text: string;
}

interface Item {
  readonly header: RecordHeader;
  /** Header, text and fields, a character for each byte. */
  readonly text: string;
  readonly atMs: number;
}

interface InPieces {
  readonly header: RecordHeader;
  /** The header without the field that says which piece it is. */
  readonly lead: string;
  readonly pieces: { readonly offset: number; readonly text: string }[];
  readonly atMs: number;
}

interface Sender {
  /** Number of the record whose turn it is; null until it is clear which was the first of its boot. */
  next: number | null;
  newestUs: number;
  firstOfBoot: number;
  /** By number. */
  readonly held: Item[];
  readonly inPieces: Map<number, InPieces>;
  missing: number[];
  lost: { count: number; from: number; to: number };
  toldMs: number;
  /** Of plain netconsole: a line whose end is still to come. */
  tail: { text: string; atMs: number } | null;
}

/**
 * Puts together what kernels send by netconsole, plain and extended: pieces to records (`ncfrag`),
 * datagrams to lines, records in the order of their numbers. Nothing is thrown away: what stays in
 * pieces is given with the holes named, what comes after its turn is marked, and what never comes
 * is counted for its sender. Only a record that comes twice is given once. Time is handed in.
 */
export class Netconsole {
  readonly #senders = new Map<string, Sender>();
  #bytes = 0;

  /** Takes a datagram. @returns what is whole and has its turn with it, in order */
  push(bytes: Uint8Array, address: string, nowMs: number): readonly Heard[] {
    const out: Heard[] = [];
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const sender = this.#senderOf(address, nowMs, out);
    const give = giver(address, out);
    const first = recordHeader(text);
    const total = first?.piece?.total ?? Infinity;
    if (first !== null && total <= netconsoleLimits.recordBytes) {
      this.#endTail(sender, give);
      this.#takePiece(sender, first, text, nowMs, give);
    } else if (first === null) this.#takePlain(sender, text, nowMs, give);
    else {
      this.#endTail(sender, give);
      for (const record of recordsIn(text)) {
        const header = recordHeader(record);
        if (header !== null) this.#takeRecord(sender, { header, text: record, atMs: nowMs }, give);
      }
    }
    // Whoever is over the bound waits for nothing more, so that it holds whatever comes.
    if (this.#bytes > netconsoleLimits.bytes) this.#release(sender, give);
    return out;
  }

  /** What has waited for long enough, and the losses to be told; to be called a few times a second. */
  due(nowMs: number): readonly Heard[] {
    const out: Heard[] = [];
    const since = nowMs - netconsoleLimits.waitMs;
    for (const [address, sender] of this.#senders) {
      const give = giver(address, out);
      if (sender.tail !== null && sender.tail.atMs <= since) this.#endTail(sender, give);
      for (const [number, record] of sender.inPieces) {
        if (record.atMs <= since) this.#endPieces(sender, number, give);
      }
      while (sender.held.some(({ atMs }) => atMs <= since)) this.#skip(sender, give);
      if (sender.lost.count > 0 && nowMs - sender.toldMs >= netconsoleLimits.tellMs) {
        sender.toldMs = nowMs;
        out.push(lossOf(address, sender));
      }
    }
    return out;
  }

  /** Everything that is held, at the end. */
  flush(): readonly Heard[] {
    const out: Heard[] = [];
    for (const [address, sender] of this.#senders) this.#end(address, sender, out);
    this.#senders.clear();
    return out;
  }

  /** Bytes that are held now; never more than `netconsoleLimits.bytes`. */
  get heldBytes(): number {
    return this.#bytes;
  }

  #senderOf(address: string, nowMs: number, out: Heard[]): Sender {
    const known = this.#senders.get(address);
    if (known !== undefined) return known;
    const [oldest] = this.#senders;
    if (oldest !== undefined && this.#senders.size >= netconsoleLimits.senders) {
      this.#end(...oldest, out);
      this.#senders.delete(oldest[0]);
    }
    const sender: Sender = {
      ...{ next: null, newestUs: 0, firstOfBoot: 0, held: [], inPieces: new Map(), missing: [] },
      ...{
        lost: { count: 0, from: 0, to: 0 },
        toldMs: nowMs - netconsoleLimits.tellMs,
        tail: null,
      },
    };
    this.#senders.set(address, sender);
    return sender;
  }

  #end(address: string, sender: Sender, out: Heard[]): void {
    this.#release(sender, giver(address, out));
    if (sender.lost.count > 0) out.push(lossOf(address, sender));
  }

  #release(sender: Sender, give: (text: string) => void): void {
    this.#endTail(sender, give);
    for (const number of [...sender.inPieces.keys()]) this.#endPieces(sender, number, give);
    while (sender.held.length > 0) this.#skip(sender, give);
  }

  // A console's line may come in several datagrams, and several lines in one.
  #takePlain(sender: Sender, text: string, nowMs: number, give: (text: string) => void): void {
    const isNewLine = /^(?:<\d{1,3}>)?\[ *\d{1,10}\.\d{6}\]/.test(text);
    if (isNewLine || (sender.tail?.text.length ?? 0) > netconsoleLimits.recordBytes) {
      this.#endTail(sender, give);
    }
    const lines = ((sender.tail?.text ?? '') + text).split(/[\n\0]/);
    const rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') give(line);
    this.#bytes += rest.length - (sender.tail?.text.length ?? 0);
    sender.tail = rest === '' ? null : { text: rest, atMs: sender.tail?.atMs ?? nowMs };
  }

  #endTail(sender: Sender, give: (text: string) => void): void {
    if (sender.tail === null) return;
    this.#bytes -= sender.tail.text.length;
    give(sender.tail.text);
    sender.tail = null;
  }

  #takePiece(
    sender: Sender,
    header: RecordHeader,
    text: string,
    nowMs: number,
    give: (text: string) => void,
  ): void {
    const { sequence, piece } = header;
    if (piece === null) return;
    const begun = sender.inPieces.get(sequence);
    // The same number with another stamp or length is of another boot.
    const isOther = begun !== undefined && !isSameRecord(begun.header, header);
    if (isOther || (begun?.pieces.length ?? 0) >= netconsoleLimits.pieces) {
      this.#endPieces(sender, sequence, give);
    }
    const [eldest] = sender.inPieces.keys();
    if (eldest !== undefined && sender.inPieces.size >= netconsoleLimits.inPieces) {
      this.#endPieces(sender, eldest, give);
    }
    const record = sender.inPieces.get(sequence) ?? {
      ...{ header, pieces: [], atMs: nowMs },
      lead: text.slice(0, header.end).replace(/,ncfrag=\d+\/\d+/, ''),
    };
    sender.inPieces.set(sequence, record);
    if (record.pieces.some(({ offset }) => offset === piece.offset)) return;
    const said = text.slice(header.end, header.end + piece.total - piece.offset);
    record.pieces.push({ offset: piece.offset, text: said });
    this.#bytes += said.length;
    const had = record.pieces.reduce((sum, one) => sum + one.text.length, 0);
    if (had >= piece.total) this.#endPieces(sender, sequence, give);
  }

  #endPieces(sender: Sender, number: number, give: (text: string) => void): void {
    const record = sender.inPieces.get(number);
    if (record === undefined) return;
    sender.inPieces.delete(number);
    for (const { text } of record.pieces) this.#bytes -= text.length;
    const text = record.lead + joined(record.pieces, record.header.piece?.total ?? 0);
    this.#takeRecord(sender, { header: record.header, text, atMs: record.atMs }, give);
  }

  #takeRecord(sender: Sender, item: Item, give: (text: string) => void): void {
    const { sequence, microseconds } = item.header;
    if (isNewBoot(sender, item.header)) {
      while (sender.held.length > 0) this.#skip(sender, give);
      Object.assign(sender, { next: null, missing: [], newestUs: 0 });
    }
    sender.newestUs = Math.max(sender.newestUs, microseconds);
    if (sender.next !== null && sequence < sender.next) {
      this.#takeLate(sender, item, sender.next, give);
      return;
    }
    if (sender.held.some(({ header }) => header.sequence === sequence)) return;
    const at = sender.held.findIndex(({ header }) => header.sequence > sequence);
    sender.held.splice(at === -1 ? sender.held.length : at, 0, item);
    this.#bytes += item.text.length;
    this.#drain(sender, give);
    if (sender.held.length > netconsoleLimits.held) this.#skip(sender, give);
  }

  #takeLate(sender: Sender, item: Item, next: number, give: (text: string) => void): void {
    const { sequence } = item.header;
    const at = sender.missing.indexOf(sequence);
    const isRemembered = sequence >= next - netconsoleLimits.missing;
    if (at === -1 && isRemembered && sequence >= sender.firstOfBoot) return;
    if (at !== -1) {
      sender.missing.splice(at, 1);
      sender.lost.count = Math.max(0, sender.lost.count - 1);
    }
    const line = item.text.indexOf('\n');
    const end = line === -1 ? item.text.length : line;
    give(item.text.slice(0, end) + inBytes(lateMark) + item.text.slice(end));
  }

  #drain(sender: Sender, give: (text: string) => void): void {
    while (sender.held[0]?.header.sequence === sender.next) {
      const item = sender.held.shift();
      if (item === undefined) return;
      this.#bytes -= item.text.length;
      sender.next = item.header.sequence + 1;
      give(item.text);
    }
  }

  // What others have overtaken by too far is lost: goes on with the next that is there.
  #skip(sender: Sender, give: (text: string) => void): void {
    const [first] = sender.held;
    const { next, lost } = sender;
    if (first === undefined) return;
    const upTo = first.header.sequence;
    if (next === null) sender.firstOfBoot = upTo;
    else if (upTo > next) {
      if (lost.count === 0) lost.from = next;
      lost.count += upTo - next;
      lost.to = upTo - 1;
      const from = Math.max(next, upTo - netconsoleLimits.missing);
      for (let number = from; number < upTo; number += 1) sender.missing.push(number);
      sender.missing = sender.missing.slice(-netconsoleLimits.missing);
    }
    sender.next = upTo;
    this.#drain(sender, give);
  }
}

// One in a datagram as kernels send them; whatever relays them may gather some.
function recordsIn(text: string): readonly string[] {
  const records: string[] = [];
  for (const line of text.split('\n')) {
    if (recordHeader(line) !== null) records.push(line);
    else if (line !== '') records.push(`${records.pop() ?? ''}\n${line}`);
  }
  return records;
}

function giver(address: string, out: Heard[]): (text: string) => void {
  return (bytes) => {
    const text = decodeText(Buffer.from(bytes, 'latin1')).trimEnd();
    if (text !== '') out.push({ kind: 'text', address, text });
  };
}

function lossOf(address: string, sender: Sender): Heard {
  const { count, from, to } = sender.lost;
  sender.lost = { count: 0, from: 0, to: 0 };
  const numbers = count === 1 && from === to ? `number ${from}` : `of numbers ${from} to ${to}`;
  const what = count === 1 ? '1 message' : `${count} messages`;
  const why = 'lost on the way, or not for its console by their level';
  return {
    kind: 'loss',
    address,
    text: `${what} of this kernel did not come (${numbers}): ${why}`,
  };
}

function isSameRecord(a: RecordHeader, b: RecordHeader): boolean {
  return a.microseconds === b.microseconds && a.piece?.total === b.piece?.total;
}

// Numbers and stamps begin anew with a boot. What others have overtaken has a number between theirs.
function isNewBoot(sender: Sender, { sequence, microseconds }: RecordHeader): boolean {
  const { newestUs, next, held, missing } = sender;
  if (next === null || missing.includes(sequence)) return false;
  const newest = held.at(-1)?.header.sequence ?? next;
  if (sequence >= next && sequence <= newest) return false;
  const isBehind = microseconds < newestUs - bootSkewUs;
  return isBehind || (sequence < next && microseconds > newestUs + bootSkewUs);
}

function joined(pieces: InPieces['pieces'], total: number): string {
  let text = '';
  let at = 0;
  const hole = (length: number) => inBytes(`… (${length} bytes missing) …`);
  for (const piece of pieces.toSorted((a, b) => a.offset - b.offset)) {
    if (piece.offset > at) text += hole(piece.offset - at);
    text += piece.text.slice(Math.max(0, at - piece.offset));
    at = Math.max(at, piece.offset + piece.text.length);
  }
  return at < total ? text + hole(total - at) : text;
}

// Texts are held a character for each byte, since pieces say where they belong in bytes.
function inBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}
